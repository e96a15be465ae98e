"""The sender as a process: killed at each boundary, asked to stop, started by the pipeline."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from leadgen_assets.sender.process import SenderDiedError, run_sender, senders_started_ahead
from leadgen_assets.settings import Settings
from leadgen_assets.storage.ledger import Connection
from tests.conftest import MONDAY
from tests.integration.mail_server import MailServer
from tests.integration.outreach import pointed_at, queue_mail, row_of
from tracking_service.clock import FileClock
from tracking_service.settings import env_file

KILLS = Path(__file__).parents[3] / "benchmarks" / "kill_sender.py"
COMMAND = [sys.executable, "-m", "leadgen_assets.sender"]


@pytest.fixture
def sending(settings: Settings, mail_server: MailServer) -> Settings:
    return pointed_at(mail_server)


def senders() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if child.cmdline()[1:3] == COMMAND[1:]]


def started() -> subprocess.Popen[str]:
    return subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True, cwd=os.getcwd())


def test_a_run_prints_one_line_of_json(sending: Settings, ledger: Connection, mail_server: MailServer) -> None:
    queue_mail(ledger, sending, 1)
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=True)
    [line] = done.stdout.splitlines()
    summary = json.loads(line)
    assert (summary["sent"], summary["stopped"], summary["busy"]) == (1, "", False)


def test_a_sender_killed_at_every_boundary_sends_nothing_twice_and_loses_nothing(ledger_conninfo: str) -> None:
    done = subprocess.run(
        [sys.executable, KILLS, "--kills-each", "1", "--mails", "12", "--database", ledger_conninfo, "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stdout)
    assert (found["problems"], done.returncode) == ([], 0)
    assert (found["kills"], found["unknown"], found["taken_over_twice"]) == (7, 4, 0)
    assert found["sent"] == 8
    has = {line["boundary"]: line["of_these_the_server_has"] for line in found["boundaries"] if line["unknown"]}
    assert has == {
        "after claim": 0,
        "during DATA": 0,
        "taken over, before its 250": 1,
        "after 250, before commit": 1,
    }


def test_a_sender_asked_to_stop_finishes_the_message_in_hand(
    sending: Settings,
    ledger: Connection,
    mail_server: MailServer,
) -> None:
    first, second = queue_mail(ledger, sending, 1), queue_mail(ledger, sending, 2)
    processes: list[subprocess.Popen[str]] = []

    def ask(_recipient: str) -> None:
        while not processes:
            time.sleep(0.001)
        processes[0].terminate()
        time.sleep(0.1)

    mail_server.on_data = ask
    processes.append(started())
    output, _ = processes[0].communicate()
    assert (processes[0].returncode, json.loads(output)["sent"]) == (0, 1)
    assert (row_of(ledger, first)["status"], row_of(ledger, second)["status"]) == ("sent", "queued")


def test_the_process_that_started_it_gets_the_summary(
    sending: Settings,
    ledger: Connection,
    clock: FileClock,
    mail_server: MailServer,
) -> None:
    queue_mail(ledger, sending, 1)
    pointed_at(mail_server, EMAIL_SEND_INTERVAL_SECONDS=360)
    summary = run_sender()
    assert (summary.sent, summary.must_act, summary.waiting_for) == (1, False, "pacing")
    assert summary.next_at is not None
    assert (summary.next_at - MONDAY).total_seconds() == 360


def test_the_next_sender_is_started_ahead_and_touches_nothing_before_it_is_called(
    sending: Settings, ledger: Connection, mail_server: MailServer
) -> None:
    with senders_started_ahead():
        assert run_sender().waiting_for == "nothing is due"
        [waiting] = senders()
        first = queue_mail(ledger, sending, 1)
        time.sleep(1)
        assert row_of(ledger, first)["status"] == "queued"
        assert run_sender().sent == 1
        assert not waiting.is_running()
        [waiting] = senders()
        waiting.kill()  # whatever ends it costs no message
        waiting.wait(5)
        queue_mail(ledger, sending, 2)
        assert run_sender().sent == 1
        [waiting] = senders()
    assert not waiting.is_running()
    run_sender()
    assert senders() == []


def test_a_sender_that_waits_ends_with_whoever_started_it(settings: Settings) -> None:
    waiting = subprocess.Popen([*COMMAND, "--wait"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    output, _ = waiting.communicate()
    assert (output, waiting.returncode) == ("", 0)


def test_a_broken_setting_is_one_sentence_and_exit_code_2(settings: Settings) -> None:
    env_file().write_text("OPERATOR_TIMEZONE=Mars/Olympus\n")
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=False)
    summary = json.loads(done.stdout)
    assert done.returncode == 2
    assert "OPERATOR_TIMEZONE" in summary["stopped"]
    assert done.stderr == ""


def test_a_sender_that_died_without_a_word_is_told_apart(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(SenderDiedError, match="exit code 1") as caught:
        run_sender()
    assert not caught.value.killed


def test_it_starts_without_what_is_slow_to_import() -> None:
    code = "import sys, leadgen_assets.sender.__main__ as m; print(sorted({'dagster', 'polars', 'sqlalchemy', 'rich'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
