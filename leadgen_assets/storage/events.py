"""Events of our messages (`email_events`): storing those that the pipeline learns of, and reading a day's.

The database turns events into lead facts, message statuses and alerts by triggers, whoever inserts. Hits of the
tracking service are stored by that service.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from leadgen_assets.storage.ledger import Connection


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `id` is stable, so that storing it again changes nothing."""

    id: UUID
    lead_id: UUID | None
    outreach_id: UUID | None
    event_type: Literal["open", "click", "reply", "auto_reply", "bounce", "complaint", "unsubscribe", "delivered"]
    verdict: Literal["person", "machine", "unsure"]
    reasons: tuple[str, ...]
    verdict_version: str
    origin: Literal["mailbox", "webhook", "operator"]
    occurred_at: datetime


def store_event(connection: Connection, event: Event, *, at: datetime) -> bool:
    """Store one event at the present moment `at`; false where it was stored before."""
    stored = connection.execute(
        "INSERT INTO email_events (id, lead_id, outreach_id, event_type, verdict, reasons, verdict_version, origin,"
        " occurred_at, stored_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING",
        (
            event.id,
            event.lead_id,
            event.outreach_id,
            event.event_type,
            event.verdict,
            list(event.reasons),
            event.verdict_version,
            event.origin,
            event.occurred_at,
            at,
        ),
    )
    return stored.rowcount == 1


def are_events_stored_since(connection: Connection, moment: datetime) -> bool:
    """Whether any event was stored at or after this moment."""
    row = connection.execute("SELECT 1 FROM email_events WHERE stored_at >= %s LIMIT 1", (moment,)).fetchone()
    return row is not None


def events_between(connection: Connection, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Events that occurred in [since, until] with their raw signals and their message's times, ordered by id.

    Columns: those of `email_events`, and `transmitting_at` and `sent_at` of the message.
    """
    return connection.execute(
        "SELECT e.*, o.transmitting_at, o.sent_at FROM email_events e"
        " LEFT JOIN email_outreach o ON o.id = e.outreach_id"
        " WHERE e.occurred_at >= %s AND e.occurred_at <= %s ORDER BY e.id",
        (since, until),
    ).fetchall()


def count_events_by_day(
    connection: Connection, since: datetime | None, until: datetime, timezone: str
) -> dict[date, int]:
    """How many events were stored in (since, until], by the day of the named zone on which they occurred, in order."""
    rows = connection.execute(
        "SELECT (occurred_at AT TIME ZONE %(zone)s)::date AS day, count(*) AS events FROM email_events"
        " WHERE stored_at <= %(until)s AND stored_at > coalesce(%(since)s::timestamptz, '-infinity')"
        " GROUP BY 1 ORDER BY 1",
        {"zone": timezone, "since": since, "until": until},
    )
    return {row["day"]: row["events"] for row in rows}
