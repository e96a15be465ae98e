"""Where events wait on disk while PostgreSQL is away: append-only segments, one checked line per record.

A line is the CRC-32 of its payload in eight hexadecimal digits, a space, the payload, a line end. What was appended
has been forced to the disk. Reading never depends on a saved position: a segment is deleted once all of it was taken,
and whoever takes records must tolerate seeing them again after a crash. Not thread-safe: one thread at a time.
"""

import fcntl
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import structlog

_SEGMENT_SUFFIX = ".spool"
_REJECTED = "rejected.lines"
_log = structlog.stdlib.get_logger(__name__)


class SpoolBusyError(Exception):
    """Another process uses the same spool folder."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The oldest records that were not taken yet; hand it to `Spool.forget` once they are stored."""

    records: list[bytes]
    segment: Path
    end: int


class Spool:
    """A queue of byte strings (without line ends) in one folder.

    Args:
        folder: created where missing, for this user alone.
        segment_bytes: size after which a new file is begun, so that taken ones can be deleted.

    Raises:
        SpoolBusyError: if another process holds the folder.
        OSError: if the folder cannot be used.
    """

    def __init__(self, folder: Path, *, segment_bytes: int = 8_000_000) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._lock = (folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise SpoolBusyError(
                f"Another tracking service uses {folder}; stop it, or give this one its own LEADGEN_HOME."
            ) from None
        self._segments = sorted(folder.glob(f"*{_SEGMENT_SUFFIX}"))
        self._next_number = int(self._segments[-1].stem) + 1 if self._segments else 1
        self._active: BinaryIO | None = None
        self._taken = 0

    def append(self, records: Sequence[bytes]) -> None:
        """Write the records behind all others and force them to the disk.

        Raises:
            OSError: if the disk did not take them; then none of them counts as written.
        """
        lines = b"".join(_line(record) for record in records)
        file = self._active or self._begin_segment()
        start = file.tell()
        try:
            _write_through(file, lines)
        except OSError:
            self._abandon(file, start)
            raise
        if file.tell() >= self._segment_bytes:
            self._finish_segment()

    def take(self, limit: int) -> Chunk | None:
        """The oldest records, at most `limit`, or None when nothing waits. They stay until `forget`."""
        while self._segments:
            chunk = self._read(self._segments[0], limit)
            if chunk.records:
                return chunk
            self.forget(chunk)
        return None

    def forget(self, chunk: Chunk) -> None:
        """Take the records of a chunk out of the spool."""
        self._taken = chunk.end
        if chunk.segment.stat().st_size > chunk.end:  # asked now: more may have been appended since it was read
            return
        if self._active and self._active.name == str(chunk.segment):
            self._finish_segment()
        chunk.segment.unlink(missing_ok=True)
        self._segments.remove(chunk.segment)
        self._taken = 0

    def reject(self, record: bytes) -> None:
        """Set aside, for a person to look at, a record that nobody will ever accept.

        Raises:
            OSError: if the disk did not take it.
        """
        with (self._folder / _REJECTED).open("ab", buffering=0) as file:
            _write_through(file, _line(record))

    def size_bytes(self) -> int:
        """What waits on disk, in bytes."""
        return sum(segment.stat().st_size for segment in self._segments if segment.exists()) - self._taken

    def close(self) -> None:
        """Let another process use the folder."""
        self._finish_segment()
        self._lock.close()

    def _begin_segment(self) -> BinaryIO:
        path = self._folder / f"{self._next_number:012d}{_SEGMENT_SUFFIX}"
        self._active = path.open("xb", buffering=0)
        self._next_number += 1
        self._segments.append(path)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)  # the file's name must survive a power cut too
        finally:
            os.close(folder)
        return self._active

    def _finish_segment(self) -> None:
        if self._active:
            self._active.close()
            self._active = None

    def _abandon(self, file: BinaryIO, start: int) -> None:
        """After a failed write nothing is known about the end of the file: cut it off and begin another one."""
        try:
            os.ftruncate(file.fileno(), start)
        except OSError:
            _log.warning("spool_tail_left", segment=Path(file.name).name)
        self._finish_segment()

    def _read(self, segment: Path, limit: int) -> Chunk:
        records: list[bytes] = []
        damaged = 0
        with segment.open("rb") as file:
            end = file.seek(self._taken)
            while len(records) < limit and (line := file.readline()):
                end = file.tell()
                record = _record(line)
                if record is None:
                    damaged += 1
                else:
                    records.append(record)
        if damaged:  # the last line of a killed process, never acknowledged; anything else is a fault of the disk
            _log.warning("spool_lines_damaged", segment=segment.name, lines=damaged)
        return Chunk(records, segment, end)


def _line(record: bytes) -> bytes:
    return b"%08x %b\n" % (zlib.crc32(record), record)


def _record(line: bytes) -> bytes | None:
    checksum, _, record = line.removesuffix(b"\n").partition(b" ")
    return record if line.endswith(b"\n") and checksum == b"%08x" % zlib.crc32(record) else None


def _write_through(file: BinaryIO, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[file.write(view) :]
    os.fsync(file.fileno())
