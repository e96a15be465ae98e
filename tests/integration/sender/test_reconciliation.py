"""What becomes of messages that are `unknown`: whoever knows settles them, nobody sends them again."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import falcon.asgi
import pytest
from typer.testing import CliRunner

from leadgen_assets.cli.main import app
from leadgen_assets.rehearsal.servers.http_server import HttpServer
from leadgen_assets.sender.batch import send_due
from leadgen_assets.sender.claims import is_work_waiting
from leadgen_assets.settings import Settings
from leadgen_assets.storage.ledger import Connection
from leadgen_assets.storage.reconciliation import settle_as_sent
from tests.conftest import MONDAY
from tests.integration.mail_server import MailServer
from tests.integration.outreach import lead_of, pointed_at, queue_mail, row_of, with_lines
from tracking_service.clock import FileClock


@pytest.fixture
def unknown(settings: Settings, ledger: Connection, clock: FileClock, mail_server: MailServer) -> UUID:
    """A message whose server took it over and then fell silent."""
    sending = pointed_at(mail_server, SMTP_TIMEOUT_SECONDS=0.5)
    outreach_id = queue_mail(ledger, sending, 1)
    mail_server.hang_seconds = 1.0
    assert send_due(sending, clock).unknown == 1
    mail_server.hang_seconds = 0
    assert lead_of(ledger, outreach_id)["email_sent_at"] is None
    return outreach_id


def an_event(ledger: Connection, outreach_id: UUID, kind: str, verdict: str = "person") -> None:
    at = MONDAY + timedelta(hours=3)
    ledger.execute(
        "INSERT INTO email_events (id, lead_id, outreach_id, event_type, verdict, verdict_version, origin, occurred_at, stored_at)"
        " SELECT gen_random_uuid(), lead_id, id, %s, %s, '1', 'mailbox', %s, %s FROM email_outreach WHERE id = %s",
        (kind, verdict, at, at, outreach_id),
    )


@pytest.mark.parametrize(
    ("kind", "verdict", "message", "lead"),
    [
        ("reply", "person", "delivered", "replied"),
        ("auto_reply", "machine", "delivered", "email_sent"),
        ("open", "machine", "delivered", "email_sent"),
        ("bounce", "machine", "bounced", "bounced"),
        ("delivered", "machine", "delivered", "email_sent"),
    ],
)
def test_whatever_comes_back_shows_that_it_left(
    ledger: Connection, unknown: UUID, kind: str, verdict: str, message: str, lead: str
) -> None:
    an_event(ledger, unknown, kind, verdict)
    row, found = row_of(ledger, unknown), lead_of(ledger, unknown)
    assert (row["status"], row["sent_at"], row["status_reason"]) == (message, MONDAY, "an answer came")
    assert (found["status"], found["email_sent_at"]) == (lead, MONDAY)


def test_an_answer_that_came_before_the_sender_was_known_to_be_dead_counts(
    settings: Settings, ledger: Connection, clock: FileClock, mail_server: MailServer
) -> None:
    sending = pointed_at(mail_server)
    outreach_id = queue_mail(ledger, sending, 1)
    ledger.execute("UPDATE email_outreach SET status = 'transmitting', transmitting_at = %s", (MONDAY,))
    an_event(ledger, outreach_id, "reply")
    summary = send_due(sending, clock)
    assert (summary.interrupted, summary.settled, summary.sent) == (1, 1, 0)
    assert row_of(ledger, outreach_id)["status"] == "sent"
    assert lead_of(ledger, outreach_id)["email_sent_at"] == MONDAY
    assert mail_server.accepted == []


def test_what_nobody_knows_is_given_up_in_the_end_and_an_answer_still_corrects_that(
    ledger: Connection, clock: FileClock, unknown: UUID
) -> None:
    sending = with_lines(UNKNOWN_MAX_AGE_DAYS=14)
    clock.advance_to(MONDAY + timedelta(days=14, seconds=-1))
    assert not is_work_waiting(ledger, sending, clock.now())
    clock.advance_to(MONDAY + timedelta(days=14))
    assert is_work_waiting(ledger, sending, clock.now())
    assert send_due(sending, clock).abandoned == 1
    assert row_of(ledger, unknown)["status"] == "abandoned"
    assert not is_work_waiting(ledger, sending, clock.now())
    an_event(ledger, unknown, "reply")
    assert lead_of(ledger, unknown)["email_sent_at"] == MONDAY


def test_settling_twice_changes_nothing(ledger: Connection, unknown: UUID) -> None:
    later = MONDAY + timedelta(hours=1)
    assert settle_as_sent(ledger, unknown, reason="seen", at=later, provider_message_id="7@relay")
    assert not settle_as_sent(ledger, unknown, reason="seen again", at=later)
    row = row_of(ledger, unknown)
    assert (row["status"], row["status_reason"], row["provider_message_id"]) == ("sent", "seen", "7@relay")


class Log:
    """Brevo's list of sent messages, as its API answers it."""

    def __init__(self) -> None:
        self.listed: list[dict] = []
        self.asked: list[dict] = []
        self.status = falcon.HTTP_200

    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        self.asked.append({"key": request.get_header("api-key"), **request.params})
        response.status = self.status
        response.media = {"count": len(self.listed), "transactionalEmails": self.listed}


@pytest.fixture
def brevo() -> Iterator[tuple[Log, str]]:
    app, log = falcon.asgi.App(), Log()
    app.add_route("/v3/smtp/emails", log)
    server = HttpServer(app)
    server.start()
    yield log, server.url
    server.stop()


@pytest.mark.parametrize(("field", "settled"), [("messageId", 1), ("subject", 1), ("date", 0), ("nothing", 0)])
def test_brevos_log_settles_what_it_shows_and_nothing_else(
    ledger: Connection, clock: FileClock, unknown: UUID, brevo: tuple[Log, str], field: str, settled: int
) -> None:
    log, url = brevo
    row = row_of(ledger, unknown)
    shown = {"email": row["to_email"], "date": (MONDAY + timedelta(seconds=2)).isoformat().replace("+00:00", "Z")}
    log.listed = {
        "messageId": [shown | {"messageId": row["message_id"], "subject": "another"}],
        "subject": [shown | {"messageId": "<202603020800.1@relay>", "subject": row["subject"]}],
        "date": [shown | {"subject": row["subject"], "date": "2026-02-20T08:00:00.000Z"}],
        "nothing": [],
    }[field]
    sending = with_lines(BREVO_API_KEY="key", BREVO_API_BASE_URL=url)
    assert is_work_waiting(ledger, sending, clock.now())
    assert send_due(sending, clock).settled == settled
    assert log.asked == [{"key": "key", "email": "info@shop1.test", "sort": "desc", "limit": "50"}]
    assert row_of(ledger, unknown)["status"] == ("sent" if settled else "unknown")
    assert (lead_of(ledger, unknown)["email_sent_at"] == MONDAY) is bool(settled)
    send_due(sending, clock)
    assert len(log.asked) == 1  # it is asked again half an hour later
    clock.advance_to(MONDAY + timedelta(minutes=31))
    send_due(sending, clock)
    assert len(log.asked) == (1 if settled else 2)


def test_a_log_that_cannot_be_asked_keeps_nothing_from_being_sent(
    ledger: Connection, clock: FileClock, unknown: UUID, brevo: tuple[Log, str], mail_server: MailServer
) -> None:
    log, url = brevo
    log.status = falcon.HTTP_401
    sending = with_lines(BREVO_API_KEY="key", BREVO_API_BASE_URL=url)
    queue_mail(ledger, sending, 2)
    time.sleep(0.6)  # the server's silence ends
    assert send_due(sending, clock).sent == 1
    assert row_of(ledger, unknown)["status"] == "unknown"


def test_a_person_says_what_became_of_it(ledger: Connection, unknown: UUID) -> None:
    def approve(*arguments: str) -> dict:
        result = CliRunner().invoke(app, ["approve", "--unknown", *arguments, "--json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    [listed] = approve()["unknown"]
    assert (listed["id"], listed["to_email"]) == (str(unknown), "info@shop1.test")
    assert approve(str(unknown), "--sent") == {"settled": 1, "unknown": []}
    assert lead_of(ledger, unknown)["email_sent_at"] == MONDAY
    assert approve(str(unknown), "--give-up")["settled"] == 0
    assert row_of(ledger, unknown)["status"] == "sent"
    assert CliRunner().invoke(app, ["approve", "--sent"]).exit_code == 2
    assert CliRunner().invoke(app, ["approve", "--unknown", "--sent"]).exit_code == 2
