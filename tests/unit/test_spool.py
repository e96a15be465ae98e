"""The spool keeps what it was given, in order, over crashes, damage and full disks."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tracking_service.spool import Spool, SpoolBusyError


def taken(spool: Spool, limit: int = 100) -> list[bytes]:
    records = []
    while chunk := spool.take(limit):
        records += chunk.records
        spool.forget(chunk)
    return records


def test_records_come_back_in_order_over_segments_and_processes(tmp_path: Path) -> None:
    records = [f"record {number}".encode() for number in range(50)]
    spool = Spool(tmp_path, segment_bytes=200)
    for start in range(0, 50, 7):
        spool.append(records[start : start + 7])
    assert len(list(tmp_path.glob("*.spool"))) > 3
    spool.close()
    again = Spool(tmp_path, segment_bytes=200)
    again.append([b"last"])
    assert taken(again, limit=4) == [*records, b"last"]
    assert list(tmp_path.glob("*.spool")) == []
    assert again.size_bytes() == 0


def test_what_is_appended_while_a_chunk_is_being_stored_stays(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append([b"a", b"b"])
    chunk = spool.take(10)
    spool.append([b"c"])
    spool.forget(chunk)
    assert taken(spool) == [b"c"]
    spool.append([b"d"])
    assert taken(spool) == [b"d"]


def test_a_chunk_that_was_not_forgotten_comes_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append([b"a", b"b", b"c"])
    assert spool.take(2).records == spool.take(2).records == [b"a", b"b"]
    spool.close()
    assert taken(Spool(tmp_path)) == [b"a", b"b", b"c"]


@pytest.mark.parametrize("tail", [b"1234", b"00000000 half a rec", b"00000000 wrong checksum\n"])
def test_a_torn_or_damaged_line_costs_only_itself(tmp_path: Path, tail: bytes) -> None:
    spool = Spool(tmp_path)
    spool.append([b"a", b"b"])
    spool.close()
    segment = next(tmp_path.glob("*.spool"))
    first, second = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(first + b"deadbeef damaged in the middle\n" + second + tail)
    again = Spool(tmp_path)
    again.append([b"c"])
    assert taken(again) == [b"a", b"b", b"c"]


def test_a_failed_write_leaves_nothing_behind_and_the_next_one_works(tmp_path: Path) -> None:
    script = """
import resource, signal, sys
from pathlib import Path
from tracking_service.spool import Spool
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
spool = Spool(Path(sys.argv[1]))
spool.append([b"kept"])
resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
try:
    spool.append([b"x" * 40, b"y" * 60])
except OSError:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    spool.append([b"later"])
"""
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, stderr=subprocess.DEVNULL)
    assert taken(Spool(tmp_path)) == [b"kept", b"later"]


def test_one_process_at_a_time(tmp_path: Path) -> None:
    first = Spool(tmp_path)
    with pytest.raises(SpoolBusyError, match="Another tracking service uses"):
        Spool(tmp_path)
    first.close()
    Spool(tmp_path).close()


def test_only_its_own_user_may_enter_it(tmp_path: Path) -> None:
    Spool(tmp_path / "spool").close()
    assert stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o700
