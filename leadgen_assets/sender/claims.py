"""Choosing the next message in one transaction: what forbids it is looked at again here, just before it goes.

Speaking to the server and writing the outcome down belong to `batch`.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from leadgen_assets.domain.breaker import Tolerance, opened_by
from leadgen_assets.domain.countries import country_refusal
from leadgen_assets.domain.pacing import Limits, bounds_of, day_of, next_moment, resting_domains
from leadgen_assets.sender.gate import REPORT_MAILS
from leadgen_assets.sender.recipients import MailDomains
from leadgen_assets.sender.reconciliation import is_reconciliation_due
from leadgen_assets.settings import Settings
from leadgen_assets.storage.approvals import unapproved_messages
from leadgen_assets.storage.country_bases import present_bases
from leadgen_assets.storage.ledger import Connection
from leadgen_assets.storage.messages import MessageFileError, MessageFiles
from leadgen_assets.storage.outreach import (
    DueMessage,
    cancel,
    hold_due_message,
    is_anything_left_over,
    start_transmission,
    waiting_zones,
)
from leadgen_assets.storage.pauses import figures_since, pause_sending, present_pause
from leadgen_assets.storage.quotas import reserve
from leadgen_assets.storage.suppressions import Recipient, Suppressions
from leadgen_assets.storage.transmissions import history_at
from tracking_service.hashes import domain_of

QUOTA = "email"
PACING = "pacing"
_PACING_LOCK = 7_310_573
_PATIENCE = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that is `transmitting` once the transaction commits, with its frozen bytes."""

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


@dataclass(frozen=True, slots=True)
class Unchecked:
    """Before its message can go, somebody has to look up whether this domain takes mail."""

    domain: str


Decision = Claim | Wait | NotSent | Unchecked | None


@dataclass(slots=True)
class Claims:
    """The claims of one batch; `passed_over` collects messages that this run cannot send."""

    settings: Settings
    passed_over: set[UUID] = field(default_factory=set)
    domains: MailDomains = field(init=False)

    def __post_init__(self) -> None:
        self.domains = MailDomains(self.settings)

    def next(self, connection: Connection, now: datetime, *, connected: bool) -> Decision:
        """Decide about the message that has waited longest; call this inside a transaction.

        Args:
            connection: an open transaction; commit it before the first byte of the message.
            now: the present moment.
            connected: whether the mail server listens. Without, nothing is claimed.

        Returns:
            None where a message may go as soon as the mail server listens.
        """
        # Limits hold across senders only if nobody else decides at the same time.
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_PACING_LOCK,))
        held = self._held(connection, now)
        if held:
            return Wait(None, held)
        limits = limits_of(self.settings)
        message = self._due(connection, now, limits)
        if isinstance(message, Wait):
            return message
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
        if not self.domains.is_known(message.to_domain):
            return Unchecked(message.to_domain)
        if not reserve(connection, QUOTA, day_of(now, limits.timezone), 1, limits.per_day):
            return Wait(None, "the day's quota is used up")
        start_transmission(connection, message.id, now)
        return Claim(message, content)

    def _due(self, connection: Connection, now: datetime, limits: Limits) -> DueMessage | Wait:
        """The message that has waited longest among those that may go now by the limits in time, locked."""
        history = history_at(connection, now, limits, domain_of(self.settings.from_email))
        moment = next_moment(now, history, _everywhere(limits))
        if moment is None:
            return Wait(None, "EMAILS_PER_DAY or EMAILS_PER_HOUR leaves nothing to send")
        if moment > now:
            return Wait(moment, PACING)
        resting = resting_domains(now, history.sent, limits)
        approved_only = self.settings.approval == "required"
        zones = waiting_zones(connection, now, approved_only=approved_only, resting_domains=resting.keys())
        openings = {zone: next_moment(now, history, limits, timezone=zone) for zone in zones}
        if zones and now not in openings.values():
            return Wait(min(filter(None, openings.values()), default=None), PACING)
        message = hold_due_message(
            connection,
            now,
            approved_only=approved_only,
            zones=[zone for zone, opens in openings.items() if opens == now],
            resting_domains=resting.keys(),
            passed_over=self.passed_over,
        )
        if message is None and approved_only and (waiting := len(unapproved_messages(connection))):
            return Wait(None, f"{waiting} messages wait for `leadgen approve`")
        return message or Wait(min(resting.values(), default=None), "nothing is due")

    def _held(self, connection: Connection, now: datetime) -> str | None:
        """What stops all sending: a pause, or harm enough to begin one."""
        pause = present_pause(connection)
        if pause is None:
            tolerance = tolerance_of(self.settings)
            reason = opened_by(figures_since(connection, now - tolerance.window), tolerance)
            if reason is None:
                return None
            pause_sending(connection, "breaker", reason, now)
            pause = present_pause(connection)
        return str(pause)

    def _forbidden(self, connection: Connection, message: DueMessage, now: datetime) -> str | None:
        if message.expires_at <= now:
            return "expired"
        if message.stop:
            return message.stop
        refusal = country_refusal(message.country, present_bases(connection))
        refusal = refusal or self.domains.problem(message.to_domain)
        if refusal:
            return refusal
        recipient = Recipient(message.to_email, message.organisation)
        suppressed = suppressions_of(self.settings).reason(connection, recipient)
        return f"suppressed ({suppressed})" if suppressed else None


def is_work_waiting(connection: Connection, settings: Settings, now: datetime) -> bool:
    """Whether a batch started now would find anything to do: cheap enough to ask every few minutes."""
    if is_anything_left_over(connection, now) or is_reconciliation_due(connection, settings, now):
        return True
    return next_send(connection, settings, now) is not None


def next_send(connection: Connection, settings: Settings, now: datetime) -> datetime | None:
    """`now`, or the moment within the patience of a batch, at which some queued message may go; else None."""
    if present_pause(connection):
        return None
    limits, latest = limits_of(settings), now + patience_of(settings)
    history = history_at(connection, now, limits, domain_of(settings.from_email))
    resting = resting_domains(latest, history.sent, limits).keys()
    approved_only = settings.approval == "required"
    zones = waiting_zones(connection, latest, approved_only=approved_only, resting_domains=resting)
    moments = [next_moment(now, history, limits, timezone=zone) for zone in zones]
    soon = [moment for moment in moments if moment is not None and moment <= latest]
    return min(soon, default=None)


def is_done_for_today(connection: Connection, settings: Settings, now: datetime) -> bool:
    """Whether nothing more can go on the operator's day: nothing waits, or a pause or the limits put it off."""
    if present_pause(connection):
        return True
    limits = limits_of(settings)
    history = history_at(connection, now, limits, domain_of(settings.from_email))
    ends = bounds_of(day_of(now, limits.timezone), limits.timezone)[1]
    zones = waiting_zones(connection, ends, approved_only=settings.approval == "required")
    moments = [next_moment(now, history, limits, timezone=zone) for zone in zones]
    return not any(moment is not None and moment < ends for moment in moments)


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
        per_day=max(0, settings.emails_per_day - REPORT_MAILS),
        same_domain_gap=timedelta(seconds=settings.same_domain_gap_seconds),
        ramp=settings.sending_ramp,
    )


def tolerance_of(settings: Settings) -> Tolerance:
    """How much harm the settings bear."""
    return Tolerance(
        window=timedelta(days=settings.breaker_window_days),
        bounce_percent=settings.breaker_bounce_percent,
        complaint_percent=settings.breaker_complaint_percent,
    )


def suppressions_of(settings: Settings) -> Suppressions:
    """The suppressions under the installation's secrets."""
    return Suppressions(settings.app_secret_key, *settings.app_secret_keys_retired)


def _everywhere(limits: Limits) -> Limits:
    """The limits without the hours to send in, which depend on the recipient."""
    return replace(limits, start_hour=0, end_hour=24, on_weekends=True)
