"""What stops mail between queue and server: pauses, the breaker, suppressions and answers; and limits shared by senders."""

import json
from datetime import timedelta
from hashlib import sha256
from threading import Thread

import pytest
from typer.testing import CliRunner

from leadgen_assets.cli.main import app
from leadgen_assets.sender.batch import send_due
from leadgen_assets.sender.claims import Claim, Claims, is_work_waiting
from leadgen_assets.settings import Settings
from leadgen_assets.storage.ledger import Connection, ledger_connection
from leadgen_assets.storage.pauses import present_pause, resume_sending
from tests.conftest import MONDAY
from tests.integration.mail_server import MailServer
from tests.integration.outreach import lead_of, pointed_at, queue_mail, row_of
from tests.ledger_rows import value
from tracking_service.clock import FileClock


@pytest.fixture
def sending(settings: Settings, mail_server: MailServer) -> Settings:
    return pointed_at(mail_server)


def an_event(ledger: Connection, outreach_id: object, kind: str) -> None:
    ledger.execute(
        "INSERT INTO email_events (id, lead_id, outreach_id, event_type, verdict, verdict_version, origin, occurred_at,"
        " stored_at) SELECT gen_random_uuid(), lead_id, id, %s, 'person', '1', 'mailbox', %s, %s FROM email_outreach"
        " WHERE id = %s",
        (kind, MONDAY, MONDAY, outreach_id),
    )


def run(*arguments: str) -> dict:
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def run_list(*arguments: str) -> list[dict]:
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_pause_holds_everything_until_it_is_resumed(
    sending: Settings, ledger: Connection, clock: FileClock, mail_server: MailServer
) -> None:
    queue_mail(ledger, sending, 1)
    assert run("pause", "--reason", "holidays")["new"] is True
    assert run("pause", "--reason", "another")["new"] is False
    assert not is_work_waiting(ledger, sending, MONDAY)
    summary = send_due(sending, clock)
    assert summary.sent == 0
    assert "holidays" in summary.waiting_for
    assert "leadgen resume" in summary.waiting_for
    assert mail_server.connections == 0
    assert run("resume")["ended"] == "holidays"
    assert run("resume")["ended"] is None
    assert send_due(sending, clock).sent == 1


def test_the_breaker_pauses_alerts_and_stays_closed_after_somebody_looked(
    sending: Settings, ledger: Connection, clock: FileClock
) -> None:
    ids = [queue_mail(ledger, sending, number) for number in range(3)]
    assert send_due(sending, clock).sent == 3
    for outreach_id in ids:
        an_event(ledger, outreach_id, "bounce")
    queue_mail(ledger, sending, 4)
    summary = send_due(sending, clock)
    assert summary.sent == 0
    assert "3 of 3 messages went to addresses that do not exist" in summary.waiting_for
    pause = present_pause(ledger)
    assert pause is not None
    assert pause.cause == "breaker"
    assert "3 of 3" in str(value(ledger, "SELECT text FROM alert_outbox WHERE kind = 'failure'"))
    clock.advance_to(MONDAY + timedelta(minutes=1))
    resume_sending(ledger, clock.now())
    assert send_due(sending, clock).sent == 1


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [(["Info+x@shop1.test"], "address"), (["shop1.test"], "domain"), (["--lead"], "address")],
)
def test_what_the_operator_suppresses_after_queueing_is_not_sent(
    sending: Settings,
    ledger: Connection,
    clock: FileClock,
    mail_server: MailServer,
    arguments: list[str],
    kind: str,
) -> None:
    outreach_id = queue_mail(ledger, sending, 1, "info@shop1.test", organisation="shop1.test")
    if arguments == ["--lead"]:
        arguments = ["--lead", str(lead_of(ledger, outreach_id)["id"])]
    assert run("suppress", *arguments)["new"] is True
    assert send_due(sending, clock).cancelled == 1
    assert row_of(ledger, outreach_id)["status_reason"] == f"suppressed ({kind}: operator)"
    assert mail_server.accepted == []


def test_a_suppressed_domain_covers_what_is_below_it_and_nothing_beside_it(
    sending: Settings, ledger: Connection, clock: FileClock, mail_server: MailServer
) -> None:
    queue_mail(ledger, sending, 1, "info@mail.shop.test")
    queue_mail(ledger, sending, 2, "info@othershop.test")
    run("suppress", "shop.test")
    send_due(sending, clock)
    assert mail_server.accepted_recipients() == ["info@othershop.test"]


@pytest.mark.parametrize("kind", ["reply", "unsubscribe", "bounce"])
def test_what_somebody_did_after_queueing_stops_their_mail(
    sending: Settings, ledger: Connection, clock: FileClock, mail_server: MailServer, kind: str
) -> None:
    outreach_id = queue_mail(ledger, sending, 1)
    an_event(ledger, outreach_id, kind)
    assert send_due(sending, clock).cancelled == 1
    assert mail_server.accepted == []


def test_recipients_in_other_zones_wait_for_their_own_morning(
    sending: Settings, ledger: Connection, clock: FileClock, mail_server: MailServer
) -> None:
    """MONDAY is ten in the morning in Helsinki and three at night in New York."""
    far, near = queue_mail(ledger, sending, 1), queue_mail(ledger, sending, 2)
    ledger.execute("UPDATE email_outreach SET timezone = 'America/New_York' WHERE id = %s", (far,))
    ledger.execute("UPDATE email_outreach SET timezone = 'Europe/Helsinki' WHERE id = %s", (near,))
    summary = send_due(sending, clock)
    assert (summary.sent, summary.next_at) == (1, MONDAY + timedelta(hours=6))
    assert mail_server.accepted_recipients() == ["info@shop2.test"]
    clock.advance_to(MONDAY + timedelta(hours=6))
    assert send_due(sending, clock).sent == 1


def test_an_attempt_counts_although_its_message_was_queued_again(
    settings: Settings, ledger: Connection, clock: FileClock, mail_server: MailServer
) -> None:
    """The row remembers its last attempt only; the journal remembers each, and limits hold over the journal."""
    hourly = pointed_at(mail_server, EMAILS_PER_HOUR=2)
    outreach_id = queue_mail(ledger, hourly, 1)
    mail_server.replies["rcpt"]["info@shop1.test"] = "450 4.2.0 Greylisted"
    for _ in range(3):
        send_due(hourly, clock)
        clock.advance_to(clock.now() + timedelta(minutes=16))
        ledger.execute("UPDATE email_outreach SET not_before = %s WHERE id = %s", (clock.now(), outreach_id))
    assert value(ledger, "SELECT count(*) FROM transmissions") == 2


def test_two_senders_at_once_exceed_no_limit(
    settings: Settings, ledger: Connection, ledger_conninfo: str, mail_server: MailServer
) -> None:
    """Each decides on a connection of its own, many times, at the same moment, without the lock of a batch."""
    limited = pointed_at(mail_server, EMAILS_PER_HOUR=7, SENDING_RAMP="9")
    for number in range(20):
        queue_mail(ledger, limited, number)
    claimed: list[object] = []

    def decide() -> None:
        claims = Claims(limited)
        with ledger_connection(ledger_conninfo) as connection:
            connection.commit()
            for _ in range(10):
                with connection.transaction():
                    decision = claims.next(connection, MONDAY, connected=True)
                if isinstance(decision, Claim):
                    claimed.append(decision.message.id)

    threads = [Thread(target=decide) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len(set(claimed)) == 7
    assert value(ledger, "SELECT count(*) FROM transmissions") == 7


def test_a_basis_that_is_taken_back_stops_what_is_queued(
    sending: Settings, ledger: Connection, clock: FileClock, mail_server: MailServer
) -> None:
    outreach_id = queue_mail(ledger, sending, 1)
    assert run("basis", "withdraw", "FI")["withdrawn"] is True
    assert send_due(sending, clock).cancelled == 1
    assert "FI: companies may be written to" in row_of(ledger, outreach_id)["status_reason"]
    run("basis", "record", "fi", "--because", "companies only, checked in the register")
    queue_mail(ledger, sending, 2)
    unknown = queue_mail(ledger, sending, 3)
    ledger.execute("UPDATE email_outreach SET country = NULL WHERE id = %s", (unknown,))
    summary = send_due(sending, clock)
    assert (summary.sent, summary.cancelled) == (1, 1)
    assert row_of(ledger, unknown)["status_reason"] == "its country is not known"
    [row] = [row for row in run_list("basis", "list") if row["country"] == "FI"]
    assert row["basis"] == "companies only, checked in the register"
    assert value(ledger, "SELECT count(*) FROM country_bases") == 2


def test_nothing_leaves_before_it_is_approved_and_then_byte_for_byte(
    settings: Settings, ledger: Connection, clock: FileClock, mail_server: MailServer
) -> None:
    asking = pointed_at(mail_server, APPROVAL="required")
    first, second, third = (queue_mail(ledger, asking, number) for number in range(3))
    summary = send_due(asking, clock)
    assert (summary.sent, summary.waiting_for) == (0, "3 messages wait for `leadgen approve`")
    assert not is_work_waiting(ledger, asking, MONDAY)
    waiting = run("approve")["waiting"]
    assert [row["id"] for row in waiting] == [str(first), str(second), str(third)]
    assert run("approve", str(second))["approved"] == 1
    assert send_due(asking, clock).sent == 1
    [mail] = mail_server.accepted  # the frozen bytes after the Date
    assert sha256(mail.content.partition(b"\r\n")[2]).hexdigest() == waiting[1]["message_sha256"]
    ledger.execute("UPDATE approvals SET message_sha256 = %s", ("0" * 64,))  # an approval of other bytes
    assert run("approve", "--all")["approved"] == 2
    ledger.execute("UPDATE approvals SET message_sha256 = %s WHERE outreach_id = %s", ("1" * 64, first))
    assert send_due(asking, clock).sent == 1
    assert [row["id"] for row in run("approve")["waiting"]] == [str(first)]
    assert run("approve", "--all")["waiting"] == []
    assert send_due(asking, clock).sent == 1
