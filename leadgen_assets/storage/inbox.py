"""The reply mailbox in the ledger: how far it was read, what each message was, and what followed from it.

Everything that one message causes is stored in the caller's one transaction, together with the cursor, so a poll that
is killed goes on where it stopped. What a message is was decided in `domain/replies`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from leadgen_assets.domain.identity import LEADGEN_NAMESPACE
from leadgen_assets.domain.replies import VERSION, KnownMessage, Reading
from leadgen_assets.storage.events import Event, store_event
from leadgen_assets.storage.ledger import Connection
from leadgen_assets.storage.reconciliation import settle_as_sent
from leadgen_assets.storage.suppressions import Suppressions
from tracking_service.links import LinkSigner

_EXCERPT_CHARACTERS = 500
_WEAK = "sender_and_subject"


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a mailbox was read."""

    uidvalidity: int
    last_uid: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where and when a message came in; `message_id` is its Message-ID, or a hash of it where it has none."""

    mailbox: str
    uidvalidity: int
    uid: int
    message_id: str
    received_at: datetime

    @property
    def event_id(self) -> UUID:
        """The id of the event it causes: reading it again stores nothing twice."""
        return uuid5(LEADGEN_NAMESPACE, f"inbox:{self.mailbox}:{self.uidvalidity}:{self.uid}")


def mailbox_cursor(connection: Connection, mailbox: str) -> Cursor | None:
    """How far this mailbox was read, or None if never."""
    row = connection.execute(
        "SELECT uidvalidity, last_uid FROM mailbox_cursors WHERE mailbox = %s", (mailbox,)
    ).fetchone()
    return Cursor(**row) if row else None


def advance_cursor(connection: Connection, arrival: Arrival, *, at: datetime) -> None:
    """Note that this message was dealt with; within one UIDVALIDITY the cursor never goes back."""
    connection.execute(
        "INSERT INTO mailbox_cursors AS c (mailbox, uidvalidity, last_uid, polled_at) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (mailbox) DO UPDATE SET uidvalidity = EXCLUDED.uidvalidity, polled_at = EXCLUDED.polled_at,"
        " last_uid = CASE WHEN c.uidvalidity = EXCLUDED.uidvalidity"
        "                 THEN greatest(c.last_uid, EXCLUDED.last_uid) ELSE EXCLUDED.last_uid END",
        (arrival.mailbox, arrival.uidvalidity, arrival.uid, at),
    )


def note_poll(connection: Connection, mailbox: str, *, at: datetime) -> None:
    """Note that the mailbox was asked at this moment, new messages or not."""
    connection.execute("UPDATE mailbox_cursors SET polled_at = %s WHERE mailbox = %s", (at, mailbox))


def was_read_before(connection: Connection, arrival: Arrival) -> bool:
    """True for one already stored, also under the numbers before UIDVALIDITY changed, or from another mailbox."""
    row = connection.execute(
        "SELECT 1 FROM inbox_messages WHERE mailbox = %(mailbox)s"
        " AND (uidvalidity = %(validity)s AND uid = %(uid)s OR uidvalidity <> %(validity)s AND message_id = %(id)s)"
        " UNION ALL SELECT 1 FROM inbox_messages WHERE message_id = %(id)s AND mailbox <> %(mailbox)s LIMIT 1",
        {
            "mailbox": arrival.mailbox,
            "validity": arrival.uidvalidity,
            "uid": arrival.uid,
            "id": arrival.message_id,
        },
    ).fetchone()
    return row is not None


def store_message(
    connection: Connection,
    arrival: Arrival,
    subject: str,
    reading: Reading,
    suppressions: Suppressions,
    *,
    at: datetime,
) -> bool:
    """Store one message, its event, its suppressions and the cursor in the caller's transaction.

    Mail that answers none of our messages leaves neither sender nor text here.

    Returns:
        False where it was read before: then only the cursor moves.
    """
    advance_cursor(connection, arrival, at=at)
    if was_read_before(connection, arrival):
        return False
    known = reading.message
    inserted = connection.execute(
        "INSERT INTO inbox_messages (mailbox, uidvalidity, uid, message_id, received_at, captured_at, sender, subject,"
        " excerpt, classification, outreach_id, lead_id, matched_by)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (
            arrival.mailbox,
            arrival.uidvalidity,
            arrival.uid,
            arrival.message_id,
            arrival.received_at,
            at,
            reading.sender if known else None,
            subject[:_EXCERPT_CHARACTERS] if known else None,
            _excerpt(reading) if known else None,
            reading.classification,
            known.outreach_id if known else None,
            known.lead_id if known else None,
            reading.matched_by,
        ),
    )
    if inserted.rowcount == 0:  # another poll stored it between the look and the insert
        return False
    if known:
        _store_consequences(connection, arrival, reading, known, at)
    _suppress(connection, reading, suppressions, at)
    return True


def messages_between(connection: Connection, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Messages received in [since, until], as rows of asset `inbox_messages`."""
    return connection.execute(
        "SELECT mailbox, uidvalidity, uid, message_id, received_at, classification, outreach_id::text AS outreach_id,"
        " lead_id::text AS lead_id, matched_by FROM inbox_messages WHERE received_at >= %s AND received_at <= %s"
        " ORDER BY received_at, mailbox, uidvalidity, uid",
        (since, until),
    ).fetchall()


class LedgerMessages:
    """Look-ups among the ledger's messages for `domain/replies`; queued messages and erased leads are not found."""

    _QUERY = (
        "SELECT o.id AS outreach_id, o.lead_id, o.to_email, o.subject, l.organisation"
        " FROM email_outreach o JOIN leads l ON l.id = o.lead_id"
        " WHERE o.status NOT IN ('queued', 'cancelled') AND l.erased_at IS NULL AND "
    )

    def __init__(self, connection: Connection, signer: LinkSigner) -> None:
        self._connection = connection
        self._signer = signer

    def by_outreach_id(self, outreach_id: UUID) -> KnownMessage | None:
        """The message with this id."""
        return self._one("o.id = %s", (outreach_id,))

    def by_message_id(self, message_id: str) -> KnownMessage | None:
        """The message with this Message-ID, ours or the one that a relay gave it."""
        both = [message_id, f"<{message_id}>"]
        return self._one("(o.message_id = ANY(%s) OR o.provider_message_id = ANY(%s))", (both, both))

    def by_link_token(self, token: str) -> KnownMessage | None:
        """The message whose signed link this is."""
        link = self._signer.read(token)
        return self.by_outreach_id(link.outreach_id) if link else None

    def to_address(self, address: str) -> list[KnownMessage]:
        """The messages sent to this address, newest first."""
        rows = self._connection.execute(
            self._QUERY + "lower(o.to_email) = %s ORDER BY o.transmitting_at DESC NULLS LAST, o.id LIMIT 20", (address,)
        )
        return [KnownMessage(**row) for row in rows]

    def _one(self, condition: str, values: tuple[Any, ...]) -> KnownMessage | None:
        row = self._connection.execute(f"{self._QUERY}{condition} ORDER BY o.id LIMIT 1", values).fetchone()
        return KnownMessage(**row) if row else None


def _excerpt(reading: Reading) -> str:
    return (reading.report.diagnostic if reading.report else reading.words)[:_EXCERPT_CHARACTERS]


def _store_consequences(
    connection: Connection, arrival: Arrival, reading: Reading, known: KnownMessage, at: datetime
) -> None:
    if reading.matched_by != _WEAK and reading.classification != "unrelated":
        # Whatever comes back shows that an uncertain hand-over did happen.
        settle_as_sent(connection, known.outreach_id, reason="an answer came", at=at)
    if reading.event_type:
        event = Event(
            id=arrival.event_id,
            lead_id=known.lead_id,
            outreach_id=known.outreach_id,
            event_type=reading.event_type,
            verdict=reading.verdict,
            reasons=reading.reasons,
            verdict_version=VERSION,
            origin="mailbox",
            occurred_at=arrival.received_at,
        )
        store_event(connection, event, at=at)
    report = reading.report
    if report and report.action == "failed":
        # Also a full mailbox means that this message never arrives; the lead itself is only given up for a bad address.
        connection.execute(
            "UPDATE email_outreach SET status = 'bounced', bounced_at = coalesce(bounced_at, %s), bounce_reason = %s"
            " WHERE id = %s AND status IN ('sent', 'delivered', 'bounced')",
            (arrival.received_at, " ".join([*reading.reasons, report.diagnostic])[:300], known.outreach_id),
        )


def _suppress(connection: Connection, reading: Reading, suppressions: Suppressions, at: datetime) -> None:
    reasons = {"bounce": "hard bounce", "complaint": "complaint", "unsubscribe": "unsubscribed by mail"}
    reason = reasons.get(reading.classification)
    if reason is None or (reading.classification == "bounce" and reading.event_type != "bounce"):
        return
    # A report about somebody else's mail says nothing about whom we write to.
    wrote = {reading.message.to_email} if reading.message else set()
    asked = set(reading.concerns) if reading.classification in {"unsubscribe", "complaint"} else set()
    for address in sorted(wrote | asked):
        suppressions.add_address(connection, address, reason, at)
    if reading.message and reading.message.organisation and reading.classification != "bounce":
        suppressions.add_organisation(connection, reading.message.organisation, reason, at)
