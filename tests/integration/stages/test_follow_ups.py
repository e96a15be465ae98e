"""Follow-ups against a real ledger and a real mail server: who gets one, when, in which thread, and what stops them."""

from datetime import timedelta
from uuid import UUID

import pytest

from leadgen_assets.resources import Platform
from leadgen_assets.sender.batch import send_due
from leadgen_assets.settings import Settings
from leadgen_assets.stages.follow_ups import queue_follow_ups
from leadgen_assets.storage.ledger import Connection
from tests.conftest import MONDAY
from tests.integration.mail_server import MailServer
from tests.integration.outreach import lead_of, pointed_at, queue_mail, row_of
from tracking_service.clock import FileClock

DAY = timedelta(days=1)


class Sequences:
    """Days that pass: each morning follow-ups are queued, an hour later everything due is sent."""

    def __init__(self, settings: Settings, clock: FileClock) -> None:
        self.settings, self.clock = settings, clock
        self.warnings: list[str] = []

    def day(self, number: int) -> int:
        """Queue day `number`'s follow-ups (MONDAY is 0); how many."""
        at = MONDAY + number * DAY
        self.clock.advance_to(max(at, self.clock.now()))
        return queue_follow_ups(Platform(), at.date(), self.warnings.append)

    def send(self) -> None:
        send_due(self.settings, self.clock)


@pytest.fixture
def sequences(settings: Settings, clock: FileClock, mail_server: MailServer) -> Sequences:
    return Sequences(pointed_at(mail_server), clock)


def a_fact(ledger: Connection, lead_id: object, column: str) -> None:
    ledger.execute(f"UPDATE leads SET {column} = %s WHERE id = %s", (MONDAY + DAY, lead_id))


def located(ledger: Connection) -> None:
    ledger.execute("UPDATE leads SET country = 'FI', timezone = 'Europe/Helsinki'")


def test_two_short_messages_follow_in_the_same_thread_and_then_it_ends(
    sequences: Sequences, ledger: Connection, mail_server: MailServer
) -> None:
    first = queue_mail(ledger, sequences.settings, 1)
    located(ledger)
    sequences.send()
    queued = [sequences.day(number) for number in range(3)]
    assert queued == [0, 0, 0]
    assert (sequences.day(3), sequences.day(3)) == (1, 0)
    sequences.send()
    assert [sequences.day(number) for number in (4, 7)] == [0, 1]
    sequences.send()
    assert [sequences.day(number) for number in (8, 10)] == [0, 0]
    opening, second, last = (mail.message for mail in mail_server.accepted)
    assert second["Subject"] == last["Subject"] == opening["Subject"]
    assert second["In-Reply-To"] is not None
    assert opening["Message-ID"] in second["References"]
    assert {opening["Message-ID"], second["Message-ID"]} <= set(last["References"].split())
    assert last["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert second["Reply-To"] != opening["Reply-To"]
    text = second.get_body(("plain",)).get_content()
    assert "On Monday, 2 March I wrote to you" in text
    assert "my last message" in last.get_body(("plain",)).get_content()
    assert row_of(ledger, first)["status"] == "sent"
    assert sequences.warnings == []


@pytest.mark.parametrize("column", ["first_replied_at", "unsubscribed_at", "bounced_at", "converted_at"])
@pytest.mark.parametrize("queued_before", [False, True], ids=["before_queueing", "after_queueing"])
def test_an_answer_ends_the_sequence(
    sequences: Sequences, ledger: Connection, mail_server: MailServer, column: str, queued_before: bool
) -> None:
    first = queue_mail(ledger, sequences.settings, 1)
    located(ledger)
    sequences.send()
    if queued_before:
        assert sequences.day(3) == 1
    a_fact(ledger, lead_of(ledger, first)["id"], column)
    assert sequences.day(3) == 0
    sequences.send()
    assert len(mail_server.accepted) == 1
    statuses = ledger.execute("SELECT status FROM email_outreach WHERE step = 2").fetchall()
    assert [row["status"] for row in statuses] == (["cancelled"] if queued_before else [])


@pytest.mark.parametrize("queued_before", [False, True], ids=["before_queueing", "after_queueing"])
def test_an_answer_of_somebody_else_in_the_organisation_ends_it_too(
    sequences: Sequences, ledger: Connection, mail_server: MailServer, queued_before: bool
) -> None:
    queue_mail(ledger, sequences.settings, 1, organisation="bakery")
    other: UUID = queue_mail(ledger, sequences.settings, 2, organisation="bakery")
    ledger.execute("UPDATE email_outreach SET status = 'cancelled' WHERE id = %s", (other,))
    located(ledger)
    sequences.send()
    if queued_before:
        assert sequences.day(3) == 1
    a_fact(ledger, lead_of(ledger, other)["id"], "first_replied_at")
    assert sequences.day(3) == 0
    sequences.send()
    assert len(mail_server.accepted) == 1


def test_a_message_that_never_arrived_is_not_followed_up(
    sequences: Sequences, ledger: Connection, mail_server: MailServer
) -> None:
    first = queue_mail(ledger, sequences.settings, 1)
    located(ledger)
    sequences.send()
    assert sequences.day(3) == 1
    ledger.execute("UPDATE email_outreach SET status = 'bounced', bounced_at = %s WHERE id = %s", (MONDAY, first))
    sequences.send()
    assert len(mail_server.accepted) == 1
    [row] = ledger.execute("SELECT status_reason FROM email_outreach WHERE step = 2").fetchall()
    assert row["status_reason"] == "an earlier message did not arrive"


def test_none_means_none_and_an_old_thread_is_left_alone(
    sequences: Sequences, settings: Settings, ledger: Connection, clock: FileClock, mail_server: MailServer
) -> None:
    queue_mail(ledger, sequences.settings, 1)
    located(ledger)
    sequences.send()
    assert sequences.day(20) == 0
    pointed_at(mail_server, FOLLOW_UP_DAYS="none")
    assert Settings.load().follow_up_days == ()
