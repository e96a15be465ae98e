"""What the mail provider tells of our messages: stored once each, with what follows from it, in one transaction."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tracking_service.brevo import VERSION, ProviderEvent
from tracking_service.ledger.pool import Connection
from tracking_service.ledger.suppressions import add_suppressions

_SUPPRESSING = {"bounce": "hard bounce", "complaint": "complaint", "unsubscribe": "unsubscribed"}
_GIVEN_UP = {"soft_bounce": "soft bounce", "blocked": "blocked by the provider"}

_MESSAGES = """
SELECT o.id, o.lead_id, o.to_email, o.message_id, o.provider_message_id, l.organisation
FROM email_outreach o JOIN leads l ON l.id = o.lead_id
WHERE (o.id = ANY(%(ids)s) OR o.message_id = ANY(%(names)s) OR o.provider_message_id = ANY(%(names)s))
  AND o.status NOT IN ('queued', 'cancelled') AND l.erased_at IS NULL
ORDER BY o.lead_id, o.id FOR NO KEY UPDATE OF l
"""
# Whatever the provider tells of a message shows that it took it: an uncertain hand-over is certain then.
_SETTLE = """
WITH told AS (SELECT t.id, min(t.at) AS at FROM unnest(%(ids)s::uuid[], %(times)s::timestamptz[]) AS t (id, at)
              GROUP BY t.id),
settled AS (
    UPDATE email_outreach o SET status = 'sent', sent_at = coalesce(o.sent_at, o.transmitting_at, told.at),
        status_reason = 'the provider told of it'
    FROM told WHERE o.id = told.id AND o.status IN ('unknown', 'transmitting') RETURNING o.lead_id, o.sent_at)
UPDATE leads SET email_sent_at = coalesce(least(email_sent_at, settled.sent_at), settled.sent_at),
    updated_at = greatest(updated_at, %(now)s) FROM settled WHERE leads.id = settled.lead_id
"""
_INSERT = """
INSERT INTO email_events (id, lead_id, outreach_id, event_type, url_clicked, verdict, reasons, verdict_version, origin,
                          occurred_at, stored_at)
SELECT e.id, e.lead_id, e.outreach_id, e.event_type, e.url, e.verdict, e.reasons, %s, 'webhook', e.occurred_at, %s
FROM json_to_recordset(%s) AS e (id UUID, lead_id UUID, outreach_id UUID, event_type TEXT, url TEXT, verdict TEXT,
                                 reasons TEXT[], occurred_at TIMESTAMPTZ)
ON CONFLICT (id) DO NOTHING
"""
_REASON = """
UPDATE email_outreach SET bounce_reason = coalesce(bounce_reason, %(reason)s),
    status = CASE WHEN %(given_up)s AND status = 'sent' THEN 'bounced' ELSE status END,
    bounced_at = CASE WHEN %(given_up)s AND status = 'sent' THEN coalesce(bounced_at, %(at)s) ELSE bounced_at END
WHERE id = %(id)s
"""


async def store_provider_events(
    connection: Connection, secret: str, events: Sequence[ProviderEvent], now: datetime
) -> tuple[int, int]:
    """Store the events of messages that we know, settle and suppress.

    Returns:
        How many were new, and how many belong to no message of ours; those suppress all the same.
    """
    cursor = await connection.execute(
        _MESSAGES,
        {
            "ids": [event.outreach_id for event in events if event.outreach_id],
            "names": [name for event in events for name in event.message_ids],
        },
    )
    messages = _by_name(await cursor.fetchall())
    matched = [(event, found) for event in events if (found := _message_of(event, messages)) is not None]
    if matched:
        told = {
            "ids": [row["id"] for _, row in matched],
            "times": [event.occurred_at for event, _ in matched],
            "now": now,
        }
        await connection.execute(_SETTLE, told)
    rows = json.dumps([_row(event, row) for event, row in matched])
    stored = (await connection.execute(_INSERT, (VERSION, now, rows))).rowcount if matched else 0
    for event, row in matched:
        if event.event_type in {*_GIVEN_UP, "bounce"}:
            words = " ".join(part for part in (_GIVEN_UP.get(event.event_type, "hard bounce"), event.reason) if part)
            given_up = event.event_type in _GIVEN_UP
            parameters = {"reason": words[:300], "given_up": given_up, "at": event.occurred_at, "id": row["id"]}
            await connection.execute(_REASON, parameters)
    for kind, reason in _SUPPRESSING.items():
        pairs = _suppressed(kind, events, messages)
        if pairs:
            await add_suppressions(connection, secret, pairs, reason, now)
    return stored, len(events) - len(matched)


def _by_name(rows: Sequence[dict[str, Any]]) -> dict[UUID | str, dict[str, Any]]:
    found: dict[UUID | str, dict[str, Any]] = {}
    for row in rows:
        found |= {name: row for name in (row["message_id"], row["provider_message_id"]) if name}
    return found | {row["id"]: row for row in rows}


def _message_of(event: ProviderEvent, messages: dict[UUID | str, dict[str, Any]]) -> dict[str, Any] | None:
    """Our own mark is certain; after it the names of the message."""
    keys: list[UUID | str] = [event.outreach_id] if event.outreach_id else []
    return next((messages[key] for key in [*keys, *event.message_ids] if key in messages), None)


def _row(event: ProviderEvent, message: dict[str, Any]) -> dict[str, Any]:
    reasons = [f"the provider says {event.spelling}", *([event.reason] if event.reason else [])]
    return {
        "id": str(event.id),
        "lead_id": str(message["lead_id"]),
        "outreach_id": str(message["id"]),
        "event_type": event.event_type,
        "url": event.url,
        "verdict": event.verdict,
        "reasons": reasons,
        "occurred_at": event.occurred_at.isoformat(),
    }


def _suppressed(
    kind: str, events: Sequence[ProviderEvent], messages: dict[UUID | str, dict[str, Any]]
) -> set[tuple[str, str]]:
    """Whom the events of a kind ask to leave alone; an organisation only where a person asked."""
    pairs = set()
    for event in events:
        if event.event_type != kind:
            continue
        message = _message_of(event, messages)
        pairs |= {("address", address) for address in (event.email, message["to_email"] if message else "") if address}
        if message and message["organisation"] and kind != "bounce":
            pairs.add(("organisation", message["organisation"]))
    return pairs
