"""One poll of the reply mailbox and of mail that came by webhook: read it, say what it is, store it one by one.

Reading over IMAP is in `clients/imap`, the rules are in `domain/replies`, the SQL is in `storage/inbox`.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.message import Message

from leadgen_assets.clients.errors import ClientError
from leadgen_assets.clients.imap import MailboxClient, MailboxMessage
from leadgen_assets.domain.inbound_parse import message_of
from leadgen_assets.domain.mail_text import header_text, message_ids_in
from leadgen_assets.domain.replies import Classification, classify
from leadgen_assets.settings import Settings
from leadgen_assets.storage.events import are_events_stored_since
from leadgen_assets.storage.inbound_mail import close_inbound, is_inbound_waiting, next_inbound
from leadgen_assets.storage.inbox import Arrival, LedgerMessages, mailbox_cursor, note_poll, store_message
from leadgen_assets.storage.ledger import Connection
from leadgen_assets.storage.suppressions import Suppressions
from tracking_service.clock import Clock
from tracking_service.hashes import content_hash, normal_address

WEBHOOK_MAILBOX = "webhook:brevo"
Ledger = Callable[[], AbstractContextManager[Connection]]


@dataclass(slots=True)
class PollSummary:
    """How many new messages a poll stored, by classification, and how many had been read before."""

    stored: Counter[Classification] = field(default_factory=Counter)
    repeated: int = 0

    def note(self, classification: Classification | None) -> None:
        """Count one message; None for one that was read before."""
        if classification is None:
            self.repeated += 1
        else:
            self.stored[classification] += 1


def poll_mailbox(ledger: Ledger, settings: Settings, clock: Clock, *, limit: int = 200) -> PollSummary:
    """Read at most `limit` new messages of the mailbox (none where no IMAP_HOST is set), after those of webhooks.

    Args:
        ledger: opens a connection whose transaction commits at the end.
        settings: the IMAP settings, the secret of suppressions and links, the operator's own addresses.
        clock: the present moment.
        limit: the rest waits for the next poll.

    Raises:
        ClientError: where the mail server cannot be read; what was stored until then stays.
    """
    summary = PollSummary()
    for _ in range(limit):
        with ledger() as connection:
            if not _classify_inbound(connection, settings, clock, summary):
                break
    if not settings.imap_host:
        return summary
    client = MailboxClient(settings)
    with ledger() as connection:
        cursor = mailbox_cursor(connection, client.name)
    after = (cursor.uidvalidity, cursor.last_uid) if cursor else (None, 0)
    for message in client.messages_after(*after, limit=limit):
        with ledger() as connection:  # one transaction a message
            classification = _store(connection, client.name, message, settings, clock)
        summary.note(classification)
    with ledger() as connection:
        note_poll(connection, client.name, at=clock.now())
    return summary


def is_news_waiting(ledger: Ledger, settings: Settings, clock: Clock, *, since: datetime) -> bool:
    """Whether a run that reads the mailbox and judges events would find anything: new mail, or events stored `since`.

    A mailbox that cannot be asked counts as news: the run says why. One that holds nothing new is noted as polled.
    """
    with ledger() as connection:
        if are_events_stored_since(connection, since) or is_inbound_waiting(connection):
            return True
        if not settings.imap_host:
            return False
        client = MailboxClient(settings)
        cursor = mailbox_cursor(connection, client.name)
    after = (cursor.uidvalidity, cursor.last_uid) if cursor else (None, 0)
    try:
        if client.has_messages_after(*after):
            return True
    except ClientError:
        return True
    with ledger() as connection:
        note_poll(connection, client.name, at=clock.now())
    return False


def _store(
    connection: Connection, mailbox: str, found: MailboxMessage, settings: Settings, clock: Clock
) -> Classification | None:
    message = message_from_bytes(found.content)
    message_id = next(iter(message_ids_in(message, "Message-ID")), f"sha256:{content_hash(found.content)}")
    arrival = Arrival(mailbox, found.uidvalidity, found.uid, message_id[:500], found.received_at)
    return _store_message(connection, arrival, message, settings, clock)


def _classify_inbound(connection: Connection, settings: Settings, clock: Clock, summary: PollSummary) -> bool:
    """Classify the oldest message that came by webhook; false where none waits."""
    found = next_inbound(connection)
    if found is None:
        return False
    message = message_of(found.item)
    message_id = next(iter(message_ids_in(message, "Message-ID")), f"webhook:{found.uid}")
    arrival = Arrival(WEBHOOK_MAILBOX, 1, found.uid, message_id[:500], found.received_at)
    summary.note(_store_message(connection, arrival, message, settings, clock))
    close_inbound(connection, found.uid, at=clock.now())
    return True


def _store_message(
    connection: Connection, arrival: Arrival, message: Message, settings: Settings, clock: Clock
) -> Classification | None:
    own = {normal_address(settings.from_email), normal_address(settings.reply_to_email)}
    reading = classify(message, LedgerMessages(connection, settings.link_signer), own)
    subject = header_text(message, "Subject")
    suppressions = Suppressions(settings.app_secret_key)
    new = store_message(connection, arrival, subject, reading, suppressions, at=clock.now())
    return reading.classification if new else None
