"""What a killed process left behind is ended, and nothing else; a home has one user at a time."""

import json
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from leadgen_assets.runtime.leftovers import ProcessRecords
from leadgen_assets.runtime.processes import Processes, StartError, record_folder
from leadgen_assets.runtime.sole_use import sole_use
from leadgen_assets.storage.embedded_postgres import EmbeddedPostgres

SLEEP = ["-c", "import time; time.sleep(60)"]
PARENT = ["-c", "import subprocess, sys; subprocess.run([sys.executable, *sys.argv[1:]])", *SLEEP]


@pytest.fixture
def sleeper():
    process = subprocess.Popen([sys.executable, *SLEEP])
    yield process
    process.kill()
    process.wait()


def test_a_recorded_process_and_its_descendants_are_ended(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, *PARENT], start_new_session=True)
    records = ProcessRecords(tmp_path)
    records.write("tracking_service", parent.pid)
    family = _family_once_grown(parent.pid)
    assert records.end_all() == ["tracking_service"]
    parent.wait()
    assert not any(member.is_running() and member.status() != psutil.STATUS_ZOMBIE for member in family)
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_only_has_the_recorded_id_is_left_alone(tmp_path: Path, sleeper: subprocess.Popen) -> None:
    records = ProcessRecords(tmp_path)
    records.write("daemon", sleeper.pid)
    record = json.loads((tmp_path / "daemon.json").read_text())
    (tmp_path / "daemon.json").write_text(json.dumps(record | {"started": record["started"] - 3600}))
    assert records.end_all() == []
    assert sleeper.poll() is None


@pytest.mark.parametrize("content", ["", "{", '{"pid": "x", "started": 1}', "[]", '{"pid": 999999999, "started": 1}'])
def test_a_damaged_record_ends_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "daemon.json").write_text(content)
    assert ProcessRecords(tmp_path).end_all() == []


def test_the_next_holder_of_a_home_ends_what_the_one_before_left(tmp_path: Path, sleeper: subprocess.Popen) -> None:
    home = tmp_path / "home"
    ProcessRecords(record_folder(home)).write("code_server", sleeper.pid)
    with sole_use(home):
        assert not psutil.pid_exists(sleeper.pid)


def test_the_next_holder_of_a_home_stops_the_database_that_the_one_before_left(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "home" / "postgres")
    server.start()
    postmaster = psutil.Process(server.postmaster_pid)
    with sole_use(tmp_path / "home"):
        assert not postmaster.is_running() or postmaster.status() == psutil.STATUS_ZOMBIE


def test_a_home_in_use_is_refused_naming_its_holder(tmp_path: Path) -> None:
    with (
        sole_use(tmp_path / "home"),
        pytest.raises(StartError, match=rf"in use by the process {psutil.Process().pid}: end that one"),
        sole_use(tmp_path / "home"),
    ):
        pytest.fail("two holders")


def test_a_child_that_ends_is_started_again_and_its_last_words_are_kept(tmp_path: Path) -> None:
    with Processes(tmp_path, {}) as processes:
        processes.start("service", ["-c", "print('bad luck')"])
        with pytest.raises(StartError, match="bad luck"):
            processes.await_line("service", "ready", 10)
        assert processes.revive() == ["service"]
        assert "bad luck" in processes.log("service.before").read_text()


def test_once_asked_to_end_nothing_is_started_any_more(tmp_path: Path) -> None:
    with Processes(tmp_path, {}) as processes:
        processes.start("service", SLEEP)
        processes.ask_to_end()
        processes.start("another", SLEEP)
        assert processes.revive() == []
    assert list(record_folder(tmp_path).iterdir()) == []
    assert not (tmp_path / "logs" / "another.log").exists()


def _family_once_grown(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    while not process.children():
        time.sleep(0.01)
    return [process, *process.children(recursive=True)]
