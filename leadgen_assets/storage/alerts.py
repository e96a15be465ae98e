"""The alert outbox: messages to the operator's phone, queued in the transaction that made them necessary.

SQL only. What an alert says belongs to `domain/alert_texts`, sending it to `reactions`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from leadgen_assets.storage.ledger import Connection

Channel = Literal["telegram", "whatsapp"]
AlertKind = Literal[
    "opened", "clicked", "replied", "unsubscribed", "bounced", "complained", "progress", "failure", "report"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClaimedAlert:
    """One alert that this process, and no other, may now send; `attempts` counts this one."""

    id: int
    channel: Channel
    kind: AlertKind
    lead_id: UUID | None
    text: str | None
    attempts: int
    created_at: datetime


def queue_alert(
    connection: Connection,
    *,
    dedupe_key: str,
    channel: Channel,
    kind: AlertKind,
    text: str,
    at: datetime,
    lead_id: UUID | None = None,
) -> bool:
    """Queue one alert in the caller's transaction and wake whoever sends alerts once it commits.

    Args:
        connection: an open ledger connection.
        dedupe_key: the same key and channel are queued once, whatever runs again.
        channel: telegram or whatsapp.
        kind: what it is about.
        text: what it says, without markup.
        at: the present moment.
        lead_id: the lead it is about, if any; erasing the lead removes the alert.

    Returns:
        False where it was already queued.
    """
    queued = connection.execute(
        "INSERT INTO alert_outbox (dedupe_key, channel, kind, lead_id, text, created_at, not_before)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (dedupe_key, channel) DO NOTHING",
        (dedupe_key, channel, kind, lead_id, text, at, at),
    )
    connection.execute("SELECT pg_notify('leadgen_alerts', '')")
    return queued.rowcount == 1


def claim_alert(connection: Connection, *, now: datetime, channels: Collection[Channel]) -> ClaimedAlert | None:
    """Turn the oldest due alert of some channels into `sending`; None where nothing is due. Commit before sending."""
    row = connection.execute(
        "UPDATE alert_outbox SET status = 'sending', attempts = attempts + 1, sending_at = %(now)s, error = NULL"
        " WHERE id = (SELECT id FROM alert_outbox WHERE status = 'pending' AND not_before <= %(now)s"
        "             AND channel = ANY(%(channels)s) ORDER BY not_before, id LIMIT 1 FOR UPDATE SKIP LOCKED)"
        " RETURNING id, channel, kind, lead_id, text, attempts, created_at",
        {"now": now, "channels": sorted(channels)},
    ).fetchone()
    return ClaimedAlert(**row) if row else None


def alert_sent(connection: Connection, alert: ClaimedAlert, *, at: datetime) -> None:
    """The other side accepted it."""
    _settle(connection, alert, "status = 'sent', sent_at = %(at)s, error = NULL", at=at)


def alert_refused(connection: Connection, alert: ClaimedAlert, *, error: str) -> None:
    """It was definitely not sent and never will be."""
    _settle(connection, alert, "status = 'failed', error = %(error)s", error=error)


def alert_delayed(connection: Connection, alert: ClaimedAlert, *, not_before: datetime, error: str) -> None:
    """It was definitely not sent; try again at `not_before`."""
    _settle(connection, alert, "status = 'pending', not_before = %(at)s, error = %(error)s", at=not_before, error=error)


def alert_unknown(connection: Connection, alert: ClaimedAlert, *, error: str) -> None:
    """It may or may not have been sent; it is counted and shown, and not sent again by itself."""
    _settle(connection, alert, "status = 'unknown', error = %(error)s", error=error)


def pause_channel(connection: Connection, channel: Channel, *, until: datetime) -> None:
    """Hold back everything that waits for a channel, as its other side asked."""
    connection.execute(
        "UPDATE alert_outbox SET not_before = %s WHERE channel = %s AND status = 'pending' AND not_before < %s",
        (until, channel, until),
    )


def give_up_interrupted(connection: Connection, *, now: datetime, after: timedelta) -> int:
    """Turn alerts whose sender died between claim and outcome into `unknown`; how many there were."""
    return connection.execute(
        "UPDATE alert_outbox SET status = 'unknown', error = 'Whatever was sending it stopped before the answer.'"
        " WHERE status = 'sending' AND sending_at < %s",
        (now - after,),
    ).rowcount


def expire_alerts(connection: Connection, *, now: datetime, max_age: timedelta) -> int:
    """Give up alerts that waited too long to be news; how many there were."""
    return connection.execute(
        "UPDATE alert_outbox SET status = 'expired', error = coalesce(error, 'It was too old to be news.')"
        " WHERE status = 'pending' AND created_at < %s",
        (now - max_age,),
    ).rowcount


def alerts_between(connection: Connection, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Alerts created in [since, until], as rows of asset `alerts`, ordered by id."""
    return connection.execute(
        "SELECT id AS alert_id, kind, channel, status, lead_id::text AS lead_id, created_at, sent_at, attempts"
        " FROM alert_outbox WHERE created_at >= %s AND created_at <= %s ORDER BY id",
        (since, until),
    ).fetchall()


def lead_facts(connection: Connection, alert: ClaimedAlert) -> dict[str, Any] | None:
    """What the text of an alert about a lead may need, or None where the lead is gone.

    Keys: business_name, city, category, phone, qualification_score, occurred_at (of the fact the alert is about),
    url_clicked (of the person's first click), sender (of the first reply).
    """
    return connection.execute(
        "SELECT l.business_name, l.city, l.category, l.phone, l.qualification_score,"
        " CASE %(kind)s WHEN 'opened' THEN l.first_opened_at WHEN 'clicked' THEN l.first_clicked_at"
        "   WHEN 'replied' THEN l.first_replied_at WHEN 'bounced' THEN l.bounced_at"
        "   ELSE l.unsubscribed_at END AS occurred_at,"
        " (SELECT e.url_clicked FROM email_events e WHERE e.lead_id = l.id AND e.event_type = 'click'"
        "   AND e.verdict = 'person' ORDER BY e.occurred_at, e.id LIMIT 1) AS url_clicked,"
        " (SELECT m.sender FROM inbox_messages m WHERE m.lead_id = l.id AND m.classification = 'reply'"
        "   ORDER BY m.received_at, m.uid LIMIT 1) AS sender"
        " FROM leads l WHERE l.id = %(lead)s AND l.erased_at IS NULL",
        {"kind": alert.kind, "lead": alert.lead_id},
    ).fetchone()


def _settle(connection: Connection, alert: ClaimedAlert, change: str, **values: Any) -> None:
    # Only the claim that took it may settle it; a late answer still corrects one that was given up as unknown.
    connection.execute(
        f"UPDATE alert_outbox SET {change}"
        " WHERE id = %(id)s AND attempts = %(attempts)s AND status IN ('sending', 'unknown')",
        {"id": alert.id, "attempts": alert.attempts, **values},
    )
