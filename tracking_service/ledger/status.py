"""What the health of the whole installation is read from: rows that the processes and the work itself leave behind."""

from datetime import date
from typing import Any

from tracking_service.ledger.pool import Connection

SCHEMA_REVISION = "0001"
"""The migration that this code was written for."""

# Nothing is written to know when an outside system last answered: the work itself says so.
_CONTACTS = """
SELECT 'smtp' AS system, max(sent_at) AS at FROM email_outreach
UNION ALL SELECT 'imap', max(polled_at) FROM mailbox_cursors
UNION ALL SELECT channel, max(sent_at) FROM alert_outbox GROUP BY channel
UNION ALL SELECT 'webhooks', max(stored_at) FROM email_events WHERE origin = 'webhook'
UNION ALL (SELECT 'places', max(captured_at) FROM captures WHERE asset = 'places' AND partition_date =
           (SELECT max(partition_date) FROM captures WHERE asset = 'places'))
UNION ALL (SELECT 'web', max(captured_at) FROM captures WHERE asset = 'web_captures' AND partition_date =
           (SELECT max(partition_date) FROM captures WHERE asset = 'web_captures'))
UNION ALL (SELECT 'model', max(captured_at) FROM captures WHERE asset = 'draft_completions' AND partition_date =
           (SELECT max(partition_date) FROM captures WHERE asset = 'draft_completions'))
"""
SYSTEMS = ("smtp", "imap", "telegram", "whatsapp", "webhooks", "places", "web", "model")


async def schema_revision(connection: Connection) -> str | None:
    """The migration that the database is at."""
    row = await (await connection.execute("SELECT version_num FROM alembic_version")).fetchone()
    return row["version_num"] if row else None


async def quotas(connection: Connection, today: date) -> list[dict[str, Any]]:
    """What is used of each allowance today and this month."""
    cursor = await connection.execute(
        "SELECT service, period_start, used FROM quota_usage WHERE period_start IN (%s, %s)"
        " ORDER BY service, period_start",
        (today, today.replace(day=1)),
    )
    return await cursor.fetchall()


async def pause(connection: Connection) -> dict[str, Any] | None:
    """The pause of all sending that goes on; None while mails may leave."""
    cursor = await connection.execute("SELECT cause, reason, paused_at FROM sending_pauses WHERE resumed_at IS NULL")
    return await cursor.fetchone()


async def heartbeats(connection: Connection) -> list[dict[str, Any]]:
    """When each process last said that it lives, and what it said."""
    cursor = await connection.execute("SELECT name, beat_at, detail FROM heartbeats ORDER BY name")
    return await cursor.fetchall()


async def last_contacts(connection: Connection) -> dict[str, Any]:
    """When each outside system last answered; None for never."""
    found = {row["system"]: row["at"] for row in await (await connection.execute(_CONTACTS)).fetchall()}
    return {system: found.get(system) for system in SYSTEMS}


async def waiting(connection: Connection) -> dict[str, int]:
    """How much waits or needs a person, by name."""
    cursor = await connection.execute(
        "SELECT (SELECT count(*) FROM email_outreach WHERE status = 'queued') AS queued_messages,"
        " (SELECT count(*) FROM email_outreach WHERE status = 'unknown') AS unknown_messages,"
        " (SELECT count(*) FROM alert_outbox WHERE status = 'pending') AS pending_alerts,"
        " (SELECT count(*) FROM pipeline_requests WHERE status = 'pending') AS pending_requests,"
        " (SELECT count(*) FROM erasure_requests WHERE status <> 'done') AS pending_erasures"
    )
    return await cursor.fetchone() or {}
