"""Sending what waits in the alert outbox, at most once each; the body of the reactions sensor and of asset `alerts`.

An alert is claimed in its own commit before the first byte leaves, and its outcome is a second commit. A definite
refusal is tried again; a crash or a time-out in between leaves `unknown`, which is shown and never sent by itself.
"""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

import psycopg

from leadgen_assets.clients.deliveries import Delivery
from leadgen_assets.clients.telegram import TelegramClient
from leadgen_assets.clients.whatsapp import CallMeBotClient
from leadgen_assets.domain.alert_texts import Style, lead_alert, plain_alert
from leadgen_assets.settings import Settings
from leadgen_assets.storage.alerts import (
    Channel,
    ClaimedAlert,
    alert_delayed,
    alert_refused,
    alert_sent,
    alert_unknown,
    claim_alert,
    expire_alerts,
    give_up_interrupted,
    lead_facts,
    pause_channel,
)
from leadgen_assets.storage.ledger import Connection
from tracking_service.clock import Clock

Ledger = Callable[[], AbstractContextManager[Connection]]
ATTEMPTS_LIMIT = 5
FIRST_RETRY_SECONDS = 30.0
ROUND_SECONDS = 20.0  # a sensor's tick must end well before its daemon loses patience
INTERRUPTED_AFTER = timedelta(minutes=2)
_STYLES: dict[Channel, Style] = {"telegram": "html", "whatsapp": "plain"}


class Messenger(Protocol):
    """What both channels can do."""

    def missing_setting(self) -> str | None:
        """The name of a setting without which nothing can be sent, or None."""
        ...

    def send(self, text: str, /) -> Delivery:
        """Try once to deliver a text."""
        ...


@dataclass(slots=True)
class ReactionSummary:
    """How many alerts of one round came to which outcome (sent, delayed, failed, unknown, expired)."""

    outcomes: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        """The counts in words."""
        return ", ".join(f"{count} {name}" for name, count in sorted(self.outcomes.items())) or "no alerts were due"


def react_once(ledger: Ledger, settings: Settings, clock: Clock, limit: int = 20) -> ReactionSummary:
    """Send at most `limit` alerts that are due; a channel that does not work is left alone for the rest of the round.

    Args:
        ledger: opens a connection; this function commits on it as it goes.
        settings: bot, number, time-outs and the age from which an alert is no news.
        clock: the present moment.
        limit: the rest stays due.
    """
    summary = ReactionSummary()
    messengers: dict[Channel, Messenger] = {"telegram": TelegramClient(settings), "whatsapp": CallMeBotClient(settings)}
    working, deadline = set(messengers), time.monotonic() + ROUND_SECONDS
    with ledger() as connection:
        now = clock.now()
        summary.outcomes["unknown"] += give_up_interrupted(connection, now=now, after=INTERRUPTED_AFTER)
        max_age = timedelta(hours=settings.alert_max_age_hours)
        summary.outcomes["expired"] += expire_alerts(connection, now=now, max_age=max_age)
        connection.commit()
        for _ in range(limit):
            alert = claim_alert(connection, now=clock.now(), channels=working)
            connection.commit()
            if alert is None:
                break
            delivery = _deliver(connection, alert, messengers[alert.channel], settings)
            summary.outcomes[_settle(connection, alert, delivery, clock)] += 1
            connection.commit()
            if delivery.outcome in {"delayed", "unknown"}:
                working.discard(alert.channel)
            if not working or time.monotonic() > deadline:
                break
    summary.outcomes = +summary.outcomes
    return summary


def wait_for_alerts(conninfo: str, seconds: float, clock: Clock) -> bool:
    """Sleep until an alert is queued or due, at most `seconds`; true if one was, at once if one was never tried yet.

    Args:
        conninfo: the ledger; a connection of its own is opened, because a listening one cannot do anything else.
        seconds: the longest sleep.
        clock: tells whether one that waits is due.

    Raises:
        psycopg.OperationalError: if the ledger cannot be reached.
    """
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("LISTEN leadgen_alerts")  # before looking, or an alert in between would be slept over
        due = "SELECT min(not_before) FROM alert_outbox WHERE status = 'pending' AND attempts = 0"
        first = (connection.execute(due).fetchone() or (None,))[0]
        first_seconds = (first - clock.now()).total_seconds() if first else float("inf")
        if first_seconds <= 0:
            return True
        heard = list(connection.notifies(timeout=min(seconds, first_seconds), stop_after=1))
        return bool(heard) or first_seconds <= seconds


def _deliver(connection: Connection, alert: ClaimedAlert, messenger: Messenger, settings: Settings) -> Delivery:
    missing = messenger.missing_setting()
    if missing:
        return Delivery("refused", f"{missing} is not set")
    style = _STYLES[alert.channel]
    if alert.text is not None:
        return messenger.send(plain_alert(alert.text, style))
    lead = lead_facts(connection, alert)
    connection.commit()  # nothing stays open in the database while the other side thinks
    if lead is None:
        return Delivery("refused", "The lead it was about is gone.")
    return messenger.send(lead_alert(alert.kind, lead, settings.operator_timezone, style))


def _settle(connection: Connection, alert: ClaimedAlert, delivery: Delivery, clock: Clock) -> str:
    error, now = delivery.error or "", clock.now()
    if delivery.outcome == "sent":
        alert_sent(connection, alert, at=now)
        return "sent"
    if delivery.outcome == "unknown":
        alert_unknown(connection, alert, error=error)
        return "unknown"
    asked_to_wait = delivery.retry_after_seconds is not None
    if delivery.outcome == "refused" or (alert.attempts >= ATTEMPTS_LIMIT and not asked_to_wait):
        alert_refused(connection, alert, error=error)
        return "failed"
    pause = delivery.retry_after_seconds or FIRST_RETRY_SECONDS * 2 ** (alert.attempts - 1)
    alert_delayed(connection, alert, not_before=now + timedelta(seconds=pause), error=error)
    if asked_to_wait:
        pause_channel(connection, alert.channel, until=now + timedelta(seconds=pause))
    return "delayed"
