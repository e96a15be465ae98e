"""Choosing the next message in one transaction: what forbids it is looked at again here, just before it goes.

Speaking to the server and writing the outcome down belong to `batch`.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from leadgen_assets.domain.pacing import Limits, day_of, next_moment, resting_domains
from leadgen_assets.settings import Settings
from leadgen_assets.storage.ledger import Connection
from leadgen_assets.storage.messages import MessageFileError, MessageFiles
from leadgen_assets.storage.outreach import (
    DueMessage,
    cancel,
    hold_due_message,
    is_anything_left_over,
    is_anything_queued,
    start_transmission,
    transmissions_since,
)
from leadgen_assets.storage.quotas import reserve
from leadgen_assets.storage.suppressions import Recipient, Suppressions

QUOTA = "email"
PACING = "pacing"
_PACING_LOCK = 7_310_573
_PATIENCE = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that is `transmitting` once the transaction commits, with its bytes."""

    message: DueMessage
    content: bytes


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing may go now: when that changes, where it is known, and why."""

    until: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class NotSent:
    """One message was cancelled (`reason`), or passed over in this run (`trouble`, one sentence)."""

    message: DueMessage
    reason: str = ""
    trouble: str = ""


@dataclass(slots=True)
class Claims:
    """The claims of one batch; `passed_over` collects messages that this run cannot send."""

    settings: Settings
    passed_over: set[UUID] = field(default_factory=set)

    def next(self, connection: Connection, now: datetime, *, connected: bool) -> Claim | Wait | NotSent | None:
        """Decide about the message that has waited longest; call this inside a transaction.

        Args:
            connection: an open transaction; commit it before the first byte of the message.
            now: the present moment.
            connected: whether the mail server listens. Without, nothing is claimed.

        Returns:
            None where a message may go as soon as the mail server listens.
        """
        # Limits hold across senders only if nobody else decides at the same time.
        limits = limits_of(self.settings)
        with connection.pipeline():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_PACING_LOCK,))
            sent = transmissions_since(connection, now - limits.memory)
        moment = next_moment(now, sent, limits)
        if moment is None or moment > now:
            return Wait(moment, PACING)
        resting = resting_domains(now, sent, limits)
        message = hold_due_message(connection, now, resting_domains=resting.keys(), passed_over=self.passed_over)
        if message is None:
            return Wait(min(resting.values(), default=None), "nothing is due")
        reason = self._forbidden(connection, message, now)
        if reason:
            cancel(connection, message.id, reason)
            return NotSent(message, reason=reason)
        try:
            content = MessageFiles(self.settings.messages_folder).read(message.message_sha256)
        except MessageFileError as error:
            self.passed_over.add(message.id)
            return NotSent(message, trouble=str(error))
        if not connected:
            return None
        if not reserve(connection, QUOTA, day_of(now, limits.timezone), 1, limits.per_day):
            return Wait(None, "the day's quota is used up")
        start_transmission(connection, message.id, now)
        return Claim(message, content)

    def _forbidden(self, connection: Connection, message: DueMessage, now: datetime) -> str | None:
        if message.expires_at <= now:
            return "expired"
        if message.stop:
            return message.stop
        recipient = Recipient(message.to_email, message.organisation)
        suppressed = suppressions_of(self.settings).reason(connection, recipient)
        return f"suppressed ({suppressed})" if suppressed else None


def is_work_waiting(connection: Connection, settings: Settings, now: datetime) -> bool:
    """Whether a batch started now would find anything to do: cheap enough to ask every few minutes."""
    if is_anything_left_over(connection, now):
        return True
    limits = limits_of(settings)
    sent = transmissions_since(connection, now - limits.memory)
    moment = next_moment(now, sent, limits)
    if moment is None or moment > now + patience_of(settings):
        return False
    return is_anything_queued(connection, moment, resting_domains=resting_domains(moment, sent, limits).keys())


def patience_of(settings: Settings) -> timedelta:
    """How long a batch waits for a moment that is almost there.

    Runs start a few seconds early or late; without this, every other one would come just before its message may go. A
    virtual clock stands still while somebody waits.
    """
    return timedelta() if settings.clock_file else _PATIENCE


def limits_of(settings: Settings) -> Limits:
    """The limits that the settings ask for."""
    return Limits(
        timezone=settings.operator_timezone,
        start_hour=settings.outreach_hour,
        end_hour=settings.outreach_end_hour,
        on_weekends=settings.send_on_weekends,
        gap=timedelta(seconds=settings.email_send_interval_seconds),
        per_hour=settings.emails_per_hour,
        per_day=settings.emails_per_day,
        same_domain_gap=timedelta(seconds=settings.same_domain_gap_seconds),
    )


def suppressions_of(settings: Settings) -> Suppressions:
    """The suppressions under the installation's secrets."""
    return Suppressions(settings.app_secret_key, *settings.app_secret_keys_retired)
