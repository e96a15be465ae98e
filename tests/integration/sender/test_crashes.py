"""kill -9 of the sender's process at each boundary: the server gets each mail at most once, and none is lost."""

import json
import os
import signal
import subprocess
import sys
import time
from uuid import UUID

import pytest

from leadgen_assets.sender.batch import Summary, send_due
from leadgen_assets.sender.process import SenderDiedError, run_sender
from leadgen_assets.settings import Settings
from leadgen_assets.storage.ledger import Connection, ledger_connection
from tests.conftest import MONDAY
from tests.integration.mail_server import MailServer
from tests.integration.outreach import lead_of, pointed_at, queue_mail, row_of
from tracking_service.clock import FileClock
from tracking_service.settings import env_file

COMMAND = [sys.executable, "-m", "leadgen_assets.sender"]


@pytest.fixture
def sending(settings: Settings, mail_server: MailServer) -> Settings:
    return pointed_at(mail_server)


def started() -> subprocess.Popen[str]:
    return subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True, cwd=os.getcwd())


def killed_when(hook: str, server: MailServer) -> int:
    """Run a sender that the mail server kills at one of its own steps; returns the exit code."""
    processes: list[subprocess.Popen[str]] = []

    def kill(_recipient: str) -> None:
        while not processes:
            time.sleep(0.001)
        processes[0].kill()
        processes[0].wait()

    setattr(server, hook, kill)
    processes.append(started())
    processes[0].communicate()
    setattr(server, hook, lambda _: None)
    return processes[0].returncode


def next_batch(settings: Settings, clock: FileClock) -> Summary:
    """The next sender's batch, once PostgreSQL has noticed that the one before is dead."""
    for _ in range(200):
        summary = send_due(settings, clock)
        if not summary.busy:
            return summary
        time.sleep(0.02)
    raise AssertionError("the dead sender's lock was not let go")


def test_a_run_prints_one_line_of_json(sending: Settings, ledger: Connection, mail_server: MailServer) -> None:
    queue_mail(ledger, sending, 1)
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=True)
    [line] = done.stdout.splitlines()
    summary = json.loads(line)
    assert (summary["sent"], summary["stopped"], summary["busy"]) == (1, "", False)


@pytest.mark.parametrize(("hook", "accepted"), [("on_rcpt", 0), ("on_data", 1)])
def test_a_sender_killed_while_transmitting_leaves_one_unknown_and_never_sends_it_again(
    sending: Settings,
    ledger: Connection,
    clock: FileClock,
    mail_server: MailServer,
    hook: str,
    accepted: int,
) -> None:
    first, second = queue_mail(ledger, sending, 1), queue_mail(ledger, sending, 2)
    assert killed_when(hook, mail_server) == -signal.SIGKILL
    assert row_of(ledger, first)["status"] == "transmitting"
    summary = next_batch(sending, clock)
    assert (summary.interrupted, summary.sent) == (1, 1)
    row = row_of(ledger, first)
    assert (row["status"], row["status_reason"]) == ("unknown", "the sender stopped before it knew the answer")
    assert row_of(ledger, second)["status"] == "sent"
    assert next_batch(sending, clock).sent == 0
    assert mail_server.accepted_recipients().count("info@shop1.test") == accepted


def test_a_sender_killed_between_the_servers_250_and_its_own_commit_does_not_send_twice(
    sending: Settings,
    ledger: Connection,
    ledger_conninfo: str,
    clock: FileClock,
    mail_server: MailServer,
) -> None:
    outreach_id = queue_mail(ledger, sending, 1)
    with ledger_connection(ledger_conninfo) as blocker:

        def hold_the_outcome_back(_recipient: str) -> None:
            blocker.execute("SELECT 1 FROM leads WHERE id = %s FOR UPDATE", (lead_id,))

        lead_id: UUID = row_of(ledger, outreach_id)["lead_id"]
        mail_server.on_data = hold_the_outcome_back
        process = started()
        while not is_waiting_for_a_lock(ledger):  # it has the 250 and is about to write it down
            time.sleep(0.01)
        process.kill()
        process.communicate()
    mail_server.on_data = lambda _: None
    assert next_batch(sending, clock).interrupted == 1
    assert row_of(ledger, outreach_id)["status"] == "unknown"
    assert lead_of(ledger, outreach_id)["email_sent_at"] is None
    assert mail_server.accepted_recipients() == ["info@shop1.test"]


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


def test_it_starts_without_dagster_and_polars() -> None:
    code = "import sys, leadgen_assets.sender.__main__ as m; print(sorted({'dagster', 'polars', 'sqlalchemy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def is_waiting_for_a_lock(ledger: Connection) -> bool:
    row = ledger.execute(
        "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    ).fetchone()
    return row["n"] > 0
