"""Each way in which a mail server fails, on the wire: the state that `docs/sending.md` names, and what follows from it."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from leadgen_assets.sender.batch import send_due
from leadgen_assets.settings import Settings
from leadgen_assets.storage.ledger import Connection
from leadgen_assets.storage.pauses import present_pause, resume_sending
from leadgen_assets.storage.quotas import used
from tests.conftest import MONDAY
from tests.integration.mail_server import MailServer
from tests.integration.outreach import pointed_at, queue_mail, row_of
from tracking_service.clock import FileClock

TO = "info@shop1.test"
DOCUMENT = Path(__file__).parents[3] / "docs" / "sending.md"


def fault(name: str, server: MailServer) -> dict[str, object]:
    """Make the server fail like this; returns settings that the fault needs."""
    step, _, words = name.partition(" ")
    if step in server.replies:
        server.replies[step]["*" if step == "mail" else TO] = words
    elif name == "reset in DATA":
        server.drops[TO] = "body"
    elif name == "reset after DATA":
        server.drops[TO] = "final"
    elif name == "hang after DATA":
        server.hang_seconds = 1.0
        return {"SMTP_TIMEOUT_SECONDS": 0.5}
    elif name == "wrong password":
        return {"SMTP_PASSWORD": "wrong"}
    elif name == "untrusted certificate":
        return {"CA_FILE": ""}
    elif name == "no STARTTLS":
        return {"SMTP_SECURITY": "tls"}
    return {}


# fault, status, reason, attempts counted, quota used, whether the batch ends, whether sending is paused
CASES = [
    ("rcpt 421 4.3.2 Shutting down", "queued", "refused for now", 1, 0, True, False),
    ("rcpt 450 4.2.0 Greylisted", "queued", "refused for now", 1, 0, False, False),
    ("final 451 4.3.0 Local error", "queued", "refused for now", 1, 0, False, False),
    ("rcpt 452 4.2.2 Mailbox full", "queued", "refused for now", 1, 0, False, False),
    ("mail 452 4.3.1 Insufficient storage", "queued", "server busy", 0, 0, True, False),
    ("mail 535 5.7.8 Authentication failed", "queued", "sender refused", 0, 0, True, True),
    ("mail 550 5.7.1 Sender not allowed", "queued", "sender refused", 0, 0, True, True),
    ("rcpt 550 5.1.1 No such user", "failed", "no such address", 1, 0, False, False),
    ("final 550 5.4.5 Daily sending quota exceeded", "queued", "quota of the account used up", 0, 0, True, False),
    ("rcpt 552 5.2.2 Mailbox full", "failed", "mailbox full or message too big", 1, 0, False, False),
    ("final 554 5.7.1 Looks like spam", "failed", "refused by policy", 1, 0, False, False),
    ("final 554 Transaction failed", "failed", "refused by policy", 1, 0, False, False),
    ("final 250 as you wish, squire (id?)", "sent", None, 1, 1, False, False),
    ("final 299 what now", "sent", None, 1, 1, False, False),
    ("final 354 once more", "unknown", "no answer after the message", 1, 1, True, False),
    ("reset in DATA", "queued", "connection lost", 1, 0, True, False),
    ("reset after DATA", "unknown", "no answer after the message", 1, 1, True, False),
    ("hang after DATA", "unknown", "no answer after the message", 1, 1, True, False),
    ("wrong password", "queued", None, 0, 0, True, True),
    ("untrusted certificate", "queued", None, 0, 0, True, False),
    ("no STARTTLS", "queued", None, 0, 0, True, False),
]


@pytest.mark.parametrize(("name", "status", "reason", "attempts", "quota", "ends", "pauses"), CASES)
def test_a_fault_leads_to_the_documented_state(
    settings: Settings, ledger: Connection, clock: FileClock, mail_server: MailServer,
    name: str, status: str, reason: str | None, attempts: int, quota: int, ends: bool, pauses: bool,
) -> None:  # fmt: skip
    sending = pointed_at(mail_server, **fault(name, mail_server))
    outreach_id = queue_mail(ledger, sending, 1, pdf_bytes=6_000_000 if name == "reset in DATA" else 0)
    after = queue_mail(ledger, sending, 2)
    summary = send_due(sending, clock)
    row = row_of(ledger, outreach_id)
    assert (row["status"], row["attempts"]) == (status, attempts)
    assert (row["status_reason"] or "").startswith(reason or "")
    assert row["status_reason"] is None or reason is not None
    assert used(ledger, "email", MONDAY.date()) == quota + (not ends)
    assert bool(summary.stopped) is ends
    assert row_of(ledger, after)["status"] == ("queued" if ends else "sent")
    assert len(mail_server.accepted) <= 1 + (not ends)
    pause = present_pause(ledger)
    assert (pause is not None and pause.cause == "refusal") is pauses
    alerts = ledger.execute("SELECT text FROM alert_outbox WHERE kind = 'failure'").fetchall()
    assert len(alerts) == pauses


def test_every_fault_is_documented() -> None:
    document = DOCUMENT.read_text()
    for name, status, reason, *_ in CASES:
        code = re.search(r"\b\d{3}\b", name)
        assert (code[0] if code else name) in document
        assert status in document
        assert (reason or "") in document


def test_a_refused_sender_is_not_tried_again_before_somebody_resumes(
    settings: Settings, ledger: Connection, clock: FileClock, mail_server: MailServer
) -> None:
    wrong = pointed_at(mail_server, SMTP_PASSWORD="wrong")
    outreach_id = queue_mail(ledger, wrong, 1)
    assert send_due(wrong, clock).must_act
    clock.advance_to(MONDAY + timedelta(hours=1))
    mended = pointed_at(mail_server)
    tries = mail_server.logins
    summary = send_due(mended, clock)
    assert (summary.sent, mail_server.logins) == (0, tries)
    assert "leadgen resume" in summary.waiting_for
    resume_sending(ledger, clock.now())
    assert send_due(mended, clock).sent == 1
    assert row_of(ledger, outreach_id)["status"] == "sent"


def test_temporary_refusals_end_after_the_limit_of_attempts(
    settings: Settings, ledger: Connection, clock: FileClock, mail_server: MailServer
) -> None:
    sending = pointed_at(mail_server, OUTREACH_HOUR=0, OUTREACH_END_HOUR=24, SEND_ON_WEEKENDS="true")
    outreach_id = queue_mail(ledger, sending, 1)
    mail_server.replies["rcpt"][TO] = "450 4.2.0 Greylisted"
    waits = []
    for _ in range(5):
        send_due(sending, clock)
        row = row_of(ledger, outreach_id)
        if row["status"] == "queued":
            waits.append(row["not_before"] - clock.now())
            clock.advance_to(row["not_before"])
    assert (row["status"], row["status_reason"], row["attempts"]) == ("failed", "refused for now, 5 times", 5)
    assert waits == [timedelta(minutes=minutes) for minutes in (15, 60, 180, 720)]
    assert send_due(sending, clock).sent == 0
