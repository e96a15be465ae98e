"""Pauses of all sending: by the operator, by the circuit breaker, or because the mail server refuses the sender.

SQL only. When the breaker opens is decided in `domain/breaker`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from leadgen_assets.domain.breaker import Figures
from leadgen_assets.storage.alerts import queue_alert
from leadgen_assets.storage.ledger import Connection

Cause = Literal["operator", "breaker", "refusal"]


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause that goes on: who caused it, why, and since when."""

    cause: Cause
    reason: str
    paused_at: datetime

    def __str__(self) -> str:
        """One clause for people, with what ends the pause."""
        return f"sending is paused since {self.paused_at:%Y-%m-%d %H:%M} UTC ({self.reason}); `leadgen resume` ends it"


def present_pause(connection: Connection) -> Pause | None:
    """The pause that goes on now, or None."""
    row = connection.execute(
        "SELECT cause, reason, paused_at AT TIME ZONE 'UTC' AS paused_at FROM sending_pauses WHERE resumed_at IS NULL"
    ).fetchone()
    return Pause(**row) if row else None


def pause_sending(connection: Connection, cause: Cause, reason: str, at: datetime) -> bool:
    """Stop all sending until somebody resumes it; the first reason stands. A pause that nobody asked for alerts.

    Returns:
        False where sending was paused already.
    """
    stored = connection.execute(
        "INSERT INTO sending_pauses (cause, reason, paused_at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (cause, reason, at),
    )
    if stored.rowcount == 1 and cause != "operator":
        text = f"⛔ Sending is paused: {reason}. Look into it, then run `leadgen resume`."
        queue_alert(
            connection, dedupe_key=f"paused:{at.isoformat()}", channel="telegram", kind="failure", text=text, at=at
        )
    return stored.rowcount == 1


def resume_sending(connection: Connection, at: datetime) -> Pause | None:
    """End the pause; the one that ended, or None where there was none."""
    pause = present_pause(connection)
    connection.execute("UPDATE sending_pauses SET resumed_at = greatest(paused_at, %s) WHERE resumed_at IS NULL", (at,))
    return pause


def figures_since(connection: Connection, since: datetime) -> Figures:
    """What the breaker looks at: hand-overs and harm since a moment, or since the last pause ended."""
    row = connection.execute(
        "WITH start AS (SELECT greatest(%s::timestamptz, max(resumed_at)) AS at FROM sending_pauses)"
        " SELECT (SELECT count(DISTINCT outreach_id) FROM email_events, start"
        "         WHERE event_type = 'bounce' AND occurred_at > start.at) AS bounced,"
        " (SELECT count(DISTINCT outreach_id) FROM email_events, start"
        "  WHERE event_type = 'complaint' AND occurred_at > start.at) AS complained,"
        " (SELECT count(*) FROM email_outreach, start WHERE status = 'failed'"
        "  AND status_reason = 'refused by policy' AND transmitting_at > start.at) AS refused_by_policy,"
        " (SELECT count(*) FROM transmissions, start WHERE transmissions.at > start.at) AS handed_over",
        (since,),
    ).fetchone()
    return Figures(**(row or {}))
