"""One batch against a real mail server and a real ledger: what goes, what does not, and what is written down."""

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise
from threading import Thread
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from leadgen_assets.sender.batch import Summary, send_due
from leadgen_assets.settings import Settings
from leadgen_assets.storage.ledger import Connection
from leadgen_assets.storage.messages import MessageFiles
from leadgen_assets.storage.quotas import used
from leadgen_assets.storage.suppressions import Suppressions
from tests.conftest import MONDAY
from tests.integration.mail_server import MailServer
from tests.integration.outreach import lead_of, pointed_at, queue_mail, row_of
from tracking_service.clock import FileClock


@pytest.fixture
def sending(settings: Settings, mail_server: MailServer) -> Settings:
    return pointed_at(mail_server)


def an_event(ledger: Connection, outreach_id: UUID, kind: str) -> None:
    ledger.execute(
        "INSERT INTO email_events (id, lead_id, outreach_id, event_type, verdict, verdict_version, origin, occurred_at, stored_at)"
        " SELECT gen_random_uuid(), lead_id, id, %s, 'person', '1', 'mailbox', %s, %s FROM email_outreach WHERE id = %s",
        (kind, MONDAY, MONDAY, outreach_id),
    )


def test_everything_due_goes_over_one_connection_as_it_was_frozen(
    sending: Settings,
    ledger: Connection,
    clock: FileClock,
    mail_server: MailServer,
) -> None:
    ids = [queue_mail(ledger, sending, number, pdf_bytes=4000) for number in range(5)]
    summary = send_due(sending, clock)
    assert summary == Summary(sent=5, waiting_for="nothing is due")
    assert mail_server.accepted_recipients() == [f"info@shop{number}.test" for number in range(5)]
    assert (mail_server.connections, mail_server.logins) == (1, 1)
    files = MessageFiles(sending.messages_folder)
    for outreach_id, mail in zip(ids, mail_server.accepted, strict=True):
        row = row_of(ledger, outreach_id)
        assert mail.content == b"Date: Mon, 02 Mar 2026 08:00:00 +0000\r\n" + files.read(row["message_sha256"])
        assert mail.envelope_sender == f"replies+{outreach_id.hex}@agency.test"
        assert mail.message["Message-ID"] == row["message_id"]
        assert (row["status"], row["attempts"], row["transmitting_at"], row["sent_at"]) == ("sent", 1, MONDAY, MONDAY)
        assert row["smtp_reply"] == "250 2.0.0 OK: queued as <20260302@relay.test>"
        assert row["provider_message_id"] == "20260302@relay.test"
        assert lead_of(ledger, outreach_id)["status"] == "email_sent"
    assert used(ledger, "email", MONDAY.date()) == 5
    assert send_due(sending, clock).sent == 0


def test_a_greylisted_message_goes_when_its_time_has_come(
    sending: Settings,
    ledger: Connection,
    clock: FileClock,
    mail_server: MailServer,
) -> None:
    outreach_id = queue_mail(ledger, sending, 1)
    mail_server.replies["rcpt"]["info@shop1.test"] = "450 4.2.0 Greylisted"
    assert send_due(sending, clock).queued_again == 1
    mail_server.replies["rcpt"].clear()
    assert send_due(sending, clock).sent == 0
    clock.advance_to(row_of(ledger, outreach_id)["not_before"])
    assert send_due(sending, clock).sent == 1
    assert row_of(ledger, outreach_id)["attempts"] == 2


def test_an_unknown_recipient_is_a_bounce_and_is_never_written_to_again(
    sending: Settings,
    ledger: Connection,
    clock: FileClock,
    mail_server: MailServer,
) -> None:
    outreach_id = queue_mail(ledger, sending, 1)
    mail_server.replies["rcpt"]["info@shop1.test"] = "550 5.1.1 No such user"
    assert send_due(sending, clock).failed == 1
    assert lead_of(ledger, outreach_id)["status"] == "bounced"
    [event] = ledger.execute("SELECT event_type, verdict, origin FROM email_events").fetchall()
    assert event == {"event_type": "bounce", "verdict": "machine", "origin": "smtp"}
    mail_server.replies["rcpt"].clear()
    second = queue_mail(ledger, sending, 2, "Info+tag@shop1.test")
    assert send_due(sending, clock).cancelled == 1
    assert row_of(ledger, second)["status_reason"] == "suppressed (address: bounced)"


@pytest.mark.parametrize(("where", "status"), [("body", "queued"), ("final", "unknown")])
def test_a_broken_connection_ends_the_batch_and_what_is_known_decides(
    sending: Settings,
    ledger: Connection,
    clock: FileClock,
    mail_server: MailServer,
    where: str,
    status: str,
) -> None:
    outreach_id, after = queue_mail(ledger, sending, 1, pdf_bytes=6_000_000), queue_mail(ledger, sending, 2)
    mail_server.drops["info@shop1.test"] = where
    summary = send_due(sending, clock)
    assert summary.stopped
    assert not summary.must_act
    assert row_of(ledger, outreach_id)["status"] == status
    assert row_of(ledger, after)["status"] == "queued"
    mail_server.drops.clear()
    clock.advance_to(MONDAY + timedelta(hours=1))
    send_due(sending, clock)
    assert mail_server.accepted_recipients().count("info@shop1.test") == 1
    assert row_of(ledger, after)["status"] == "sent"


def test_a_server_that_says_nothing_after_the_message_leaves_it_unknown(
    settings: Settings, ledger: Connection, clock: FileClock, mail_server: MailServer
) -> None:
    impatient = pointed_at(mail_server, SMTP_TIMEOUT_SECONDS=1)
    outreach_id = queue_mail(ledger, impatient, 1)
    mail_server.hang_seconds = 1.5
    assert send_due(impatient, clock).unknown == 1
    assert row_of(ledger, outreach_id)["status"] == "unknown"
    mail_server.hang_seconds = 0
    assert send_due(impatient, clock).sent == 0
    assert len(mail_server.accepted) == 1
    assert used(ledger, "email", MONDAY.date()) == 1


@pytest.mark.parametrize("kind", ["address", "domain", "organisation"])
def test_a_suppression_that_arrives_after_queueing_stops_the_mail(
    sending: Settings,
    ledger: Connection,
    clock: FileClock,
    mail_server: MailServer,
    kind: str,
) -> None:
    outreach_id = queue_mail(ledger, sending, 1, organisation="chain:1")
    other = queue_mail(ledger, sending, 2, organisation="chain:2")
    suppressions = Suppressions(sending.app_secret_key)
    add = {
        "address": suppressions.add_address,
        "domain": suppressions.add_domain,
        "organisation": suppressions.add_organisation,
    }
    add[kind](
        ledger, {"address": "INFO@shop1.test", "domain": "shop1.test", "organisation": "chain:1"}[kind], "asked", MONDAY
    )
    assert send_due(sending, clock) == Summary(sent=1, cancelled=1, waiting_for="nothing is due")
    row = row_of(ledger, outreach_id)
    assert (row["status"], row["status_reason"]) == ("cancelled", f"suppressed ({kind}: asked)")
    assert row_of(ledger, other)["status"] == "sent"


@pytest.mark.parametrize(
    ("kind", "reason"), [("reply", "replied"), ("unsubscribe", "unsubscribed"), ("bounce", "bounced")]
)
def test_a_fact_about_the_lead_stops_the_mail(
    sending: Settings,
    ledger: Connection,
    clock: FileClock,
    mail_server: MailServer,
    kind: str,
    reason: str,
) -> None:
    outreach_id = queue_mail(ledger, sending, 1)
    an_event(ledger, outreach_id, kind)
    assert send_due(sending, clock).cancelled == 1
    row = row_of(ledger, outreach_id)
    assert (row["status"], row["status_reason"], mail_server.connections) == ("cancelled", reason, 0)


def test_a_suppression_made_under_a_retired_secret_still_counts(
    settings: Settings,
    ledger: Connection,
    clock: FileClock,
    mail_server: MailServer,
) -> None:
    Suppressions(settings.app_secret_key).add_address(ledger, "info@shop1.test", "asked", MONDAY)
    renewed = pointed_at(
        mail_server,
        APP_SECRET_KEY="another-secret-key-of-enough-length",
        APP_SECRET_KEYS_RETIRED=settings.app_secret_key,
    )
    queue_mail(ledger, renewed, 1)
    assert send_due(renewed, clock).cancelled == 1


def test_an_old_message_is_cancelled_instead_of_sent(
    sending: Settings,
    ledger: Connection,
    clock: FileClock,
    mail_server: MailServer,
) -> None:
    outreach_id = queue_mail(ledger, sending, 1)
    clock.advance_to(MONDAY + timedelta(days=5, seconds=1))
    assert send_due(sending, clock).cancelled == 1
    assert row_of(ledger, outreach_id)["status_reason"] == "expired"


def test_a_changed_file_is_not_sent_and_the_others_go(
    sending: Settings,
    ledger: Connection,
    clock: FileClock,
    mail_server: MailServer,
) -> None:
    outreach_id, other = queue_mail(ledger, sending, 1), queue_mail(ledger, sending, 2)
    path = MessageFiles(sending.messages_folder).path(row_of(ledger, outreach_id)["message_sha256"])
    path.write_bytes(path.read_bytes() + b"PS: one more thing\r\n")
    summary = send_due(sending, clock)
    assert (summary.sent, summary.must_act) == (1, True)
    assert path.name in summary.stopped
    assert row_of(ledger, outreach_id)["status"] == "queued"
    assert row_of(ledger, other)["status"] == "sent"


def test_limits_in_time_let_one_message_go_and_name_the_next_moment(
    settings: Settings,
    ledger: Connection,
    clock: FileClock,
    mail_server: MailServer,
) -> None:
    paced = pointed_at(mail_server, EMAIL_SEND_INTERVAL_SECONDS=360)
    for number in range(3):
        queue_mail(ledger, paced, number)
    summary = send_due(paced, clock)
    assert (summary.sent, summary.next_at) == (1, MONDAY + timedelta(seconds=360))
    clock.advance_to(MONDAY + timedelta(seconds=359))
    assert send_due(paced, clock).sent == 0
    clock.advance_to(MONDAY + timedelta(seconds=360))
    assert send_due(paced, clock).sent == 1


def test_the_next_batch_never_meets_the_lock_of_the_one_before(
    sending: Settings, ledger: Connection, clock: FileClock
) -> None:
    for _ in range(20):
        assert not send_due(sending, clock).busy
        held = ledger.execute("SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND granted").fetchone()
        assert held == {"n": 0}


class RunningClock:
    """The wall's pace from a fixed moment on."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def now(self) -> datetime:
        return MONDAY + timedelta(seconds=time.monotonic() - self._start)

    def today(self, timezone: str) -> date:
        return self.now().astimezone(ZoneInfo(timezone)).date()


def test_a_run_that_comes_a_moment_too_early_waits_for_it(
    settings: Settings, ledger: Connection, mail_server: MailServer
) -> None:
    live_pace = pointed_at(mail_server, EMAIL_SEND_INTERVAL_SECONDS=1).model_copy(update={"clock_file": None})
    ids = [queue_mail(ledger, live_pace, number) for number in range(3)]
    summary = send_due(live_pace, RunningClock())
    assert summary.sent == 3
    moments = [row_of(ledger, outreach_id)["transmitting_at"] for outreach_id in ids]
    assert all(later - earlier >= timedelta(seconds=1) for earlier, later in pairwise(moments))
    hurried = live_pace.model_copy(update={"email_send_interval_seconds": 360})
    queue_mail(ledger, hurried, 4)
    assert send_due(hurried, RunningClock()).sent == 0


@pytest.mark.parametrize("lines", [{"EMAILS_PER_DAY": 3}, {"EMAILS_PER_HOUR": 2}, {"SENDING_RAMP": "2,9"}])
def test_no_cap_is_exceeded(
    settings: Settings,
    ledger: Connection,
    clock: FileClock,
    mail_server: MailServer,
    lines: dict,
) -> None:
    capped = pointed_at(mail_server, **lines)
    for number in range(4):
        queue_mail(ledger, capped, number)
    assert send_due(capped, clock).sent == 2  # one mail of a day is left for its report
    assert len(mail_server.accepted) == 2


def test_the_days_quota_is_shared_with_other_mail(
    sending: Settings,
    ledger: Connection,
    clock: FileClock,
    mail_server: MailServer,
) -> None:
    capped = pointed_at(mail_server, EMAILS_PER_DAY=4)
    ledger.execute("INSERT INTO quota_usage VALUES ('email', %s, 2)", (MONDAY.date(),))
    for number in range(3):
        queue_mail(ledger, capped, number)
    summary = send_due(capped, clock)
    assert (summary.sent, summary.waiting_for) == (1, "the day's quota is used up")


def test_nothing_goes_at_night_or_on_sundays(
    sending: Settings,
    ledger: Connection,
    clock: FileClock,
    mail_server: MailServer,
) -> None:
    queue_mail(ledger, sending, 1)
    for later in (timedelta(hours=12), timedelta(days=5) - timedelta(minutes=1)):
        clock.advance_to(MONDAY + later)
        if later > timedelta(days=4):
            ledger.execute("UPDATE email_outreach SET expires_at = %s", (MONDAY + timedelta(days=30),))
        assert send_due(sending, clock).sent == 0
    assert mail_server.connections == 0


def test_without_a_mail_server_nothing_is_claimed(settings: Settings, ledger: Connection, clock: FileClock) -> None:
    outreach_id = queue_mail(ledger, settings, 1)
    summary = send_due(settings, clock)
    assert "SMTP_HOST" in summary.stopped
    assert summary.must_act
    assert row_of(ledger, outreach_id)["status"] == "queued"


def test_a_server_that_is_away_costs_no_attempt(
    settings: Settings,
    ledger: Connection,
    clock: FileClock,
    mail_server: MailServer,
) -> None:
    away = pointed_at(mail_server, SMTP_PORT=9)
    outreach_id = queue_mail(ledger, away, 1)
    summary = send_due(away, clock)
    assert "cannot be reached" in summary.stopped
    assert not summary.must_act
    row = row_of(ledger, outreach_id)
    assert (row["status"], row["attempts"], used(ledger, "email", MONDAY.date())) == ("queued", 0, 0)


def test_live_mode_sends_nothing_without_a_postal_address(
    settings: Settings,
    ledger: Connection,
    clock: FileClock,
    mail_server: MailServer,
) -> None:
    rehearsed = pointed_at(mail_server)
    outreach_id = queue_mail(ledger, rehearsed, 1)
    live = rehearsed.model_copy(update={"leadgen_mode": "live", "postal_address": "  "})
    summary = send_due(live, clock)
    assert "POSTAL_ADDRESS" in summary.stopped
    assert summary.must_act
    assert row_of(ledger, outreach_id)["status"] == "queued"
    assert mail_server.connections == 0


def test_two_senders_at_once_send_nothing_twice(
    sending: Settings,
    ledger: Connection,
    clock: FileClock,
    mail_server: MailServer,
) -> None:
    ids = [queue_mail(ledger, sending, number) for number in range(12)]
    summaries: list[Summary] = []
    threads = [Thread(target=lambda: summaries.append(send_due(sending, clock))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(summary.sent for summary in summaries) == 12
    assert sorted(mail_server.accepted_recipients()) == sorted(f"info@shop{number}.test" for number in range(12))
    assert {row_of(ledger, outreach_id)["status"] for outreach_id in ids} == {"sent"}


def test_a_second_sender_does_not_disturb_a_message_in_hand(
    sending: Settings,
    ledger: Connection,
    clock: FileClock,
    mail_server: MailServer,
) -> None:
    outreach_id = queue_mail(ledger, sending, 1)
    seen: list[tuple[Summary, str]] = []
    mail_server.on_data = lambda _: seen.append((send_due(sending, clock), row_of(ledger, outreach_id)["status"]))
    assert send_due(sending, clock).sent == 1
    assert seen == [(Summary(busy=True), "transmitting")]


def test_the_outcome_survives_a_restart_of_the_database(
    sending: Settings,
    ledger: Connection,
    clock: FileClock,
    mail_server: MailServer,
) -> None:
    outreach_id, after = queue_mail(ledger, sending, 1), queue_mail(ledger, sending, 2)
    cut: Callable[[str], None] = lambda _: ledger.execute(  # noqa: E731
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    mail_server.on_data = cut
    summary = send_due(sending, clock)
    assert summary.sent == 1
    assert "database" in summary.stopped
    assert row_of(ledger, outreach_id)["status"] == "sent"
    mail_server.on_data = lambda _: None
    assert send_due(sending, clock).sent == 1
    assert row_of(ledger, after)["status"] == "sent"
    assert len(mail_server.accepted) == 2
