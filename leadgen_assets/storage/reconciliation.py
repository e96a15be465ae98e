"""Messages of which nobody knows whether the mail server has them: finding, settling and giving them up in the ledger.

SQL only. Where they are looked for is decided in `sender/reconciliation`. None of this ever queues a message again.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from leadgen_assets.storage.ledger import Connection


@dataclass(frozen=True, slots=True)
class UnknownMessage:
    """One message whose outcome is unknown; `handed_over_at` is when its first byte may have left."""

    id: UUID
    to_email: str
    subject: str
    message_id: str
    reason: str
    handed_over_at: datetime


def unknown_messages(connection: Connection, *, not_looked_for_since: datetime | None = None) -> list[UnknownMessage]:
    """The messages that are unknown, oldest first; with a moment, only those nobody looked for since then."""
    rows = connection.execute(
        "SELECT id, to_email, subject, message_id, coalesce(status_reason, '') AS reason,"
        " transmitting_at AS handed_over_at FROM email_outreach WHERE is_uncertain AND status = 'unknown'"
        " AND (%(since)s::timestamptz IS NULL OR looked_for_at IS NULL"
        " OR looked_for_at <= %(since)s) ORDER BY transmitting_at, id",
        {"since": not_looked_for_since},
    )
    return [UnknownMessage(**row) for row in rows]


def settle_as_sent(
    connection: Connection, outreach_id: UUID, *, reason: str, at: datetime, provider_message_id: str | None = None
) -> bool:
    """It left after all: the message is sent since it was handed over, and its lead was written to.

    Returns:
        False where the message was not unknown (or given up).
    """
    row = connection.execute("SELECT settle_as_sent(%s, %s, %s) AS settled", ([outreach_id], reason, at)).fetchone()
    if provider_message_id:
        connection.execute(
            "UPDATE email_outreach SET provider_message_id = coalesce(provider_message_id, %s) WHERE id = %s",
            (provider_message_id, outreach_id),
        )
    return bool(row and row["settled"])


def settle_answered(connection: Connection, at: datetime) -> int:
    """Settle what was answered before it was known to be unknown; how many there were."""
    row = connection.execute(
        "SELECT coalesce(settle_as_sent(array_agg(o.id), 'an answer came', %s), 0) AS settled FROM email_outreach o"
        " WHERE o.is_uncertain AND o.status = 'unknown' AND ("
        " EXISTS (SELECT 1 FROM email_events e WHERE e.lead_id = o.lead_id AND e.outreach_id = o.id)"
        " OR EXISTS (SELECT 1 FROM inbox_messages m WHERE m.outreach_id = o.id AND m.classification <> 'unrelated'"
        "            AND m.matched_by <> 'sender_and_subject'))",
        (at,),
    ).fetchone()
    return row["settled"] if row else 0


def give_up(connection: Connection, outreach_ids: Collection[UUID], *, reason: str) -> int:
    """Nobody will ever know: these are abandoned, and stay counted as handed over; how many were unknown."""
    return connection.execute(
        "UPDATE email_outreach SET status = 'abandoned', status_reason = %s WHERE id = ANY(%s) AND status = 'unknown'",
        (reason, list(outreach_ids)),
    ).rowcount


def note_look(connection: Connection, outreach_ids: Collection[UUID], at: datetime) -> None:
    """These were looked for now."""
    connection.execute("UPDATE email_outreach SET looked_for_at = %s WHERE id = ANY(%s)", (at, list(outreach_ids)))


def is_anything_to_look_for(
    connection: Connection, *, not_looked_for_since: datetime | None, handed_over_before: datetime
) -> bool:
    """Whether an unknown message was not looked for since a moment (None: never mind that), or is so old."""
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM email_outreach WHERE is_uncertain AND status = 'unknown'"
        " AND (coalesce(looked_for_at, '-infinity') <= %s::timestamptz OR transmitting_at <= %s)) AS found",
        (not_looked_for_since, handed_over_before),
    ).fetchone()
    return bool(row and row["found"])
