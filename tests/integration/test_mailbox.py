"""The reply mailbox end to end: a real IMAP server, a real ledger, realistic messages."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import imap_tools
import pytest
import trustme

from leadgen_assets.clients.errors import ClientError
from leadgen_assets.clients.imap import MailboxClient
from leadgen_assets.mailbox import is_news_waiting, poll_mailbox
from leadgen_assets.rehearsal.servers.mailbox import Mailbox
from leadgen_assets.settings import Settings
from leadgen_assets.storage import inbox
from leadgen_assets.storage.ledger import Connection, ledger_connection
from leadgen_assets.storage.suppressions import Recipient, Suppressions
from tests.conftest import MONDAY
from tests.ledger_rows import a_lead, a_sent_message, value
from tests.mails import ARF, DSN, REPLY, mail
from tracking_service.clock import FileClock

Ledger = Callable[[], AbstractContextManager[Connection]]


@pytest.fixture
def mailbox(clock: FileClock) -> Iterator[Mailbox]:
    server = Mailbox(clock)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def configured(settings: Settings, mailbox: Mailbox, tmp_path: Path) -> Settings:
    with (tmp_path / "test.env").open("a") as file:
        file.writelines(f"{name}={line}\n" for name, line in mailbox.settings().items())
        file.write("IMAP_TIMEOUT_SECONDS=3\n")
    return Settings.load()


@pytest.fixture
def open_ledger(ledger_conninfo: str) -> Ledger:
    return lambda: ledger_connection(ledger_conninfo)


@pytest.fixture
def message_id(ledger: Connection) -> UUID:
    return a_sent_message(ledger, a_lead(ledger))


def answer(outreach_id: UUID, text: str = REPLY, **replaced: str) -> bytes:
    reply_to = f"replies+{outreach_id.hex}@studio.test"
    return mail(text, **{"reply_to": reply_to, "message_id": f"<{outreach_id}.1@studio.test>", **replaced})


def is_suppressed(ledger: Connection, settings: Settings, address: str) -> bool:
    return Suppressions(settings.app_secret_key).reason(ledger, Recipient(address)) is not None


def test_a_reply_turns_the_lead_replied_and_rings_both_phones_once(
    ledger: Connection, open_ledger: Ledger, configured: Settings, clock: FileClock, mailbox: Mailbox, message_id: UUID
) -> None:
    mailbox.deliver(answer(message_id))
    clock.advance_to(MONDAY + timedelta(minutes=25))
    summary = poll_mailbox(open_ledger, configured, clock)
    assert (dict(summary.stored), summary.repeated) == ({"reply": 1}, 0)
    assert value(ledger, "SELECT status FROM leads") == "replied"
    assert value(ledger, "SELECT first_replied_at FROM leads") == MONDAY  # when it came, not when it was read
    assert value(ledger, "SELECT stored_at FROM email_events") == MONDAY + timedelta(minutes=25)
    assert value(ledger, "SELECT status FROM email_outreach") == "delivered"
    rows = ledger.execute("SELECT kind, channel FROM alert_outbox ORDER BY channel").fetchall()
    assert rows == [{"kind": "replied", "channel": "telegram"}, {"kind": "replied", "channel": "whatsapp"}]
    row = ledger.execute("SELECT sender, excerpt, matched_by FROM inbox_messages").fetchone()
    assert row == {
        "sender": "info@bakery.test",
        "excerpt": "Kyllä kiitos, soittakaa huomenna!",
        "matched_by": "token",
    }


def test_polling_again_reads_nothing_again_and_leaves_messages_unseen(
    ledger: Connection, open_ledger: Ledger, configured: Settings, clock: FileClock, mailbox: Mailbox, message_id: UUID
) -> None:
    mailbox.deliver(answer(message_id))
    poll_mailbox(open_ledger, configured, clock)
    for _ in range(2):
        summary = poll_mailbox(open_ledger, configured, clock)
        assert (summary.stored.total(), summary.repeated) == (0, 0)
    box = imap_tools.MailBoxUnencrypted(configured.imap_host, configured.imap_port)
    with box.login(configured.imap_user, configured.imap_password):
        assert len(box.uids("UNSEEN", charset=None)) == 1
    assert value(ledger, "SELECT count(*) FROM email_events") == 1


def test_a_new_uidvalidity_makes_everything_be_read_again_and_nothing_be_stored_twice(
    ledger: Connection, open_ledger: Ledger, configured: Settings, clock: FileClock, mailbox: Mailbox, message_id: UUID
) -> None:
    mailbox.deliver(answer(message_id))
    mailbox.deliver(mail("From: friend@else.test\nSubject: lunch?\n\nToday?"))  # without a Message-ID
    poll_mailbox(open_ledger, configured, clock)
    before = value(ledger, "SELECT uidvalidity FROM mailbox_cursors")
    mailbox.stop()
    mailbox.start()
    mailbox.deliver(answer(message_id, text=REPLY.replace("<r1@", "<r2@")))
    summary = poll_mailbox(open_ledger, configured, clock)
    assert value(ledger, "SELECT uidvalidity FROM mailbox_cursors") != before
    assert (summary.stored["reply"], summary.repeated) == (1, 2)
    assert value(ledger, "SELECT count(*) FROM inbox_messages") == 3
    assert poll_mailbox(open_ledger, configured, clock).stored.total() == 0


def test_a_poll_that_is_interrupted_goes_on_where_it_stopped(
    ledger: Connection,
    open_ledger: Ledger,
    configured: Settings,
    clock: FileClock,
    mailbox: Mailbox,
    message_id: UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(3):
        mailbox.deliver(answer(message_id, text=REPLY.replace("<r1@", f"<r{number}@")))
    real, calls = inbox.store_event, iter((True, False, True, True))

    def interrupted(*arguments: object, **more: object) -> bool:
        stored = real(*arguments, **more)  # type: ignore[arg-type]
        if not next(calls):
            raise KeyboardInterrupt  # after the work of the second message, before its commit
        return stored

    monkeypatch.setattr(inbox, "store_event", interrupted)
    with pytest.raises(KeyboardInterrupt):
        poll_mailbox(open_ledger, configured, clock)
    assert value(ledger, "SELECT count(*) FROM email_events") == 1
    assert value(ledger, "SELECT last_uid - (SELECT min(uid) FROM inbox_messages) FROM mailbox_cursors") == 0
    assert poll_mailbox(open_ledger, configured, clock).stored["reply"] == 2
    assert value(ledger, "SELECT count(*) FROM email_events") == 3


def test_a_long_backlog_is_read_in_bounded_pieces(
    ledger: Connection, open_ledger: Ledger, configured: Settings, clock: FileClock, mailbox: Mailbox
) -> None:
    for number in range(5):
        mailbox.deliver(mail(f"From: friend@else.test\nMessage-ID: <{number}@x.test>\n\nHi"))
    sizes = [poll_mailbox(open_ledger, configured, clock, limit=2).stored.total() for _ in range(4)]
    assert sizes == [2, 2, 1, 0]


def test_mail_that_is_not_about_us_leaves_no_text_in_the_ledger(
    ledger: Connection, open_ledger: Ledger, configured: Settings, clock: FileClock, mailbox: Mailbox
) -> None:
    mailbox.deliver(mail("From: friend@else.test\nSubject: private\nMessage-ID: <p@x.test>\n\nSecret"))
    poll_mailbox(open_ledger, configured, clock)
    row = ledger.execute("SELECT classification, sender, subject, excerpt FROM inbox_messages").fetchone()
    assert row == {"classification": "unrelated", "sender": None, "subject": None, "excerpt": None}
    assert value(ledger, "SELECT count(*) FROM email_events") == 0


@pytest.mark.parametrize(
    ("status", "diagnostic", "lead_status", "suppressed"),
    [
        ("5.1.1", "550 5.1.1 User unknown", "bounced", True),
        ("5.2.2", "552 5.2.2 Mailbox full", "discovered", False),
        ("5.7.1", "550 5.7.1 Blocked due to spam content", "discovered", False),
    ],
)
def test_only_a_hard_bounce_gives_up_the_address_but_every_failure_marks_the_message(
    ledger: Connection,
    open_ledger: Ledger,
    configured: Settings,
    clock: FileClock,
    mailbox: Mailbox,
    message_id: UUID,
    status: str,
    diagnostic: str,
    lead_status: str,
    suppressed: bool,
) -> None:
    mailbox.deliver(answer(message_id, DSN, action="failed", status=status, diagnostic=diagnostic))
    poll_mailbox(open_ledger, configured, clock)
    assert value(ledger, "SELECT status FROM leads") == lead_status
    assert value(ledger, "SELECT status FROM email_outreach") == "bounced"
    assert status in str(value(ledger, "SELECT bounce_reason FROM email_outreach"))
    assert is_suppressed(ledger, configured, "info@bakery.test") is suppressed


def test_a_delayed_message_is_not_bounced(
    ledger: Connection, open_ledger: Ledger, configured: Settings, clock: FileClock, mailbox: Mailbox, message_id: UUID
) -> None:
    mailbox.deliver(answer(message_id, DSN, action="delayed", status="4.4.1", diagnostic="timed out"))
    poll_mailbox(open_ledger, configured, clock)
    assert value(ledger, "SELECT status FROM email_outreach") == "sent"


@pytest.mark.parametrize("text", [ARF, REPLY.replace("Kyllä kiitos, soittakaa huomenna!", "Unsubscribe!")])
def test_complaints_and_unsubscriptions_suppress_the_address_for_good(
    ledger: Connection,
    open_ledger: Ledger,
    configured: Settings,
    clock: FileClock,
    mailbox: Mailbox,
    message_id: UUID,
    text: str,
) -> None:
    mailbox.deliver(answer(message_id, text, relay_id=f"<{message_id}.1@studio.test>"))
    poll_mailbox(open_ledger, configured, clock)
    assert value(ledger, "SELECT status FROM leads") == "unsubscribed"
    assert is_suppressed(ledger, configured, "INFO+x@bakery.test")


def test_who_unsubscribes_from_another_address_is_suppressed_under_both(
    ledger: Connection, open_ledger: Ledger, configured: Settings, clock: FileClock, mailbox: Mailbox, message_id: UUID
) -> None:
    text = "From: Boss <boss@private.test>\nTo: {reply_to}\nSubject: unsubscribe\n\n"
    mailbox.deliver(answer(message_id, text))
    poll_mailbox(open_ledger, configured, clock)
    assert is_suppressed(ledger, configured, "boss@private.test")
    assert is_suppressed(ledger, configured, "info@bakery.test")


def test_an_answer_settles_a_message_whose_sending_was_unknown(
    ledger: Connection, open_ledger: Ledger, configured: Settings, clock: FileClock, mailbox: Mailbox
) -> None:
    outreach_id = a_sent_message(ledger, a_lead(ledger), status="unknown")
    mailbox.deliver(answer(outreach_id))
    poll_mailbox(open_ledger, configured, clock)
    assert value(ledger, "SELECT status FROM email_outreach") == "delivered"
    assert value(ledger, "SELECT sent_at FROM email_outreach") == MONDAY


def test_nothing_answers_a_queued_message_or_an_erased_lead(
    ledger: Connection, open_ledger: Ledger, configured: Settings, clock: FileClock, mailbox: Mailbox
) -> None:
    queued = a_sent_message(ledger, a_lead(ledger, "Queued"), status="queued")
    erased_lead = a_lead(ledger, "Erased")
    erased = a_sent_message(ledger, erased_lead)
    ledger.execute("SELECT erase_lead(%s, %s)", (erased_lead, MONDAY))
    mailbox.deliver(answer(queued))
    mailbox.deliver(answer(erased, text=REPLY.replace("<r1@", "<r2@")))
    assert dict(poll_mailbox(open_ledger, configured, clock).stored) == {"unrelated": 2}
    assert value(ledger, "SELECT count(*) FROM alert_outbox") == 0


def test_two_polls_at_once_store_everything_once(
    ledger: Connection, open_ledger: Ledger, configured: Settings, clock: FileClock, mailbox: Mailbox, message_id: UUID
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    for number in range(10):
        mailbox.deliver(answer(message_id, text=REPLY.replace("<r1@", f"<r{number}@")))
    with ThreadPoolExecutor(2) as pool:
        polls = [pool.submit(poll_mailbox, open_ledger, configured, clock) for _ in range(2)]
        stored = sum(poll.result().stored.total() for poll in polls)
    assert stored == 10
    assert value(ledger, "SELECT count(*) FROM inbox_messages") == 10
    assert value(ledger, "SELECT count(*) FROM email_events") == 10


def test_tls_is_trusted_only_with_the_right_authority(configured: Settings, clock: FileClock, tmp_path: Path) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    stranger.cert_pem.write_to_path(str(tmp_path / "stranger.pem"))
    server = Mailbox(clock, authority)
    server.start()
    try:
        server.deliver(mail("From: a@b.test\n\nHi"))
        port = int(server.settings()["IMAP_PORT"])
        secure = configured.model_copy(
            update={"imap_port": port, "imap_security": "tls", "ca_file": tmp_path / "ca.pem"}
        )
        assert [message.received_at for message in MailboxClient(secure).messages_after(None, 0)] == [MONDAY]
        for ca_file in (tmp_path / "stranger.pem", None):
            wrong = secure.model_copy(update={"ca_file": ca_file})
            with pytest.raises(ClientError, match="CA_FILE"):
                list(MailboxClient(wrong).messages_after(None, 0))
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"imap_password": "wrong"}, "IMAP_PASSWORD"),
        ({"imap_folder": "Nowhere"}, "IMAP_FOLDER"),
        ({"imap_port": 1}, "IMAP_HOST"),
        ({"imap_security": "tls"}, "IMAP_SECURITY"),
        ({"imap_security": "starttls"}, "IMAP_SECURITY"),
    ],
)
def test_trouble_with_the_mail_server_names_the_setting(configured: Settings, changes: dict, named: str) -> None:
    with pytest.raises(ClientError, match=named) as raised:
        list(MailboxClient(configured.model_copy(update=changes)).messages_after(None, 0))
    assert "\n" not in str(raised.value)
    assert configured.imap_password not in str(raised.value)


def test_news_is_a_message_after_the_cursor_or_an_event_since(
    ledger: Connection, open_ledger: Ledger, configured: Settings, clock: FileClock, mailbox: Mailbox, message_id: UUID
) -> None:
    later = MONDAY + timedelta(minutes=30)
    assert not is_news_waiting(open_ledger, configured, clock, since=MONDAY)
    mailbox.deliver(answer(message_id))
    assert is_news_waiting(open_ledger, configured, clock, since=later)
    poll_mailbox(open_ledger, configured, clock)
    assert is_news_waiting(open_ledger, configured, clock, since=MONDAY)  # the reply's event
    clock.advance_to(later)
    assert not is_news_waiting(open_ledger, configured, clock, since=later)
    assert value(ledger, "SELECT polled_at FROM mailbox_cursors") == later
    mailbox.stop()
    assert is_news_waiting(open_ledger, configured, clock, since=later)  # the run will say why it cannot be read
