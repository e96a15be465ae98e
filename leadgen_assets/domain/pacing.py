"""When the next message may go: a pure function of what was transmitted and of the moment.

Every message that was ever handed to the server counts, whatever became of it, because the server saw it. Gaps, hours
and days count over all messages, in the operator's zone; the hours to send in are the recipient's own. Which message
goes is decided by the sender; what is stored about it is in `storage/transmissions.py`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_SATURDAY = 5
_DAYS_AHEAD = 10


@dataclass(frozen=True, slots=True)
class Transmission:
    """One message handed to the server: when it was (aware), and the domain it went to."""

    at: datetime
    domain: str


@dataclass(frozen=True, slots=True)
class Limits:
    """How slowly messages go.

    Attributes:
        timezone: the operator's IANA zone, in which days are counted; also the recipient's, where that is not known.
        start_hour: first hour of a recipient's day in which messages go.
        end_hour: hour at which that day ends (1..24).
        on_weekends: whether Saturdays and Sundays count as days to send on.
        gap: least time between two messages.
        per_hour: most messages in any 60 minutes.
        per_day: most messages in one calendar day.
        same_domain_gap: least time between two messages to one domain.
        ramp: most messages on the first, second, ... day on which this sender sends; `per_day` alone holds after them.
    """

    timezone: str
    start_hour: int
    end_hour: int
    on_weekends: bool
    gap: timedelta
    per_hour: int
    per_day: int
    same_domain_gap: timedelta
    ramp: tuple[int, ...] = ()

    @property
    def memory(self) -> timedelta:
        """How far back transmissions can still matter: a whole calendar day, however long, and every gap."""
        return max(_DAY + 2 * _HOUR, self.gap, self.same_domain_gap)


@dataclass(frozen=True, slots=True)
class History:
    """What was transmitted before now.

    Attributes:
        sent: every transmission since `now - limits.memory`, in any order.
        first_days: the first days on which this sender sent, as many as the ramp has steps (or all, if fewer).
    """

    sent: Sequence[Transmission] = ()
    first_days: Sequence[date] = ()


def next_moment(
    now: datetime, history: History, limits: Limits, domain: str | None = None, timezone: str | None = None
) -> datetime | None:
    """The first moment from `now` on at which one more message breaks no limit; `now` itself where it may go at once.

    Args:
        now: the present moment, aware.
        history: what was transmitted.
        limits: the limits.
        domain: the recipient's domain; without one, the gap between messages to one domain is left out.
        timezone: the recipient's IANA zone; where it is not known, the operator's.

    Returns:
        None where it never may (a limit of zero, or no hour to send in).
    """
    if limits.per_hour < 1 or limits.per_day < 1 or 0 in limits.ramp:
        return None
    moments = sorted(transmission.at for transmission in history.sent)
    moment: datetime | None = now
    if moments:
        moment = max(now, moments[-1] + limits.gap)
    if domain is not None:
        rested = (one.at + limits.same_domain_gap for one in history.sent if one.domain == domain)
        moment = max([moment or now, *rested])
    while moment is not None:
        later = _after_hour_limit(moment, moments, limits.per_hour)
        later = _after_day_limit(later, moments, history.first_days, limits)
        opened = _in_window(later, limits, timezone or limits.timezone)
        if opened == moment:
            return moment.astimezone(UTC)
        moment = opened
    return None


def most_on(day: date, first_days: Sequence[date], limits: Limits) -> int:
    """How many messages may go on a day: the ramp's step while it lasts, never more than `per_day`."""
    step = sum(earlier < day for earlier in first_days)
    return min(limits.per_day, limits.ramp[step]) if step < len(limits.ramp) else limits.per_day


def resting_domains(now: datetime, sent: Iterable[Transmission], limits: Limits) -> dict[str, datetime]:
    """The domains that had a message too recently, each with the moment at which it may get the next one."""
    resting: dict[str, datetime] = {}
    for one in sent:
        until = one.at + limits.same_domain_gap
        if until > now:
            resting[one.domain] = max(until, resting.get(one.domain, until))
    return resting


def day_of(moment: datetime, timezone: str) -> date:
    """The calendar day of a moment in a zone."""
    return moment.astimezone(ZoneInfo(timezone)).date()


def bounds_of(day: date, timezone: str) -> tuple[datetime, datetime]:
    """First moment of a calendar day and of the day after it, in UTC."""
    zone = ZoneInfo(timezone)
    start, end = (datetime.combine(one, time(), tzinfo=zone).astimezone(UTC) for one in (day, day + _DAY))
    return start, end


def _after_hour_limit(moment: datetime, moments: Sequence[datetime], per_hour: int) -> datetime:
    """The first moment from this one on that has fewer than the limit in the 60 minutes before it."""
    if len(moments) < per_hour:
        return moment
    return max(moment, moments[-per_hour] + _HOUR)


def _after_day_limit(
    moment: datetime, moments: Sequence[datetime], first_days: Sequence[date], limits: Limits
) -> datetime:
    """This moment, or the first of the next day with room."""
    day = day_of(moment, limits.timezone)
    if len(moments) < most_on(day, first_days, limits):
        return moment
    days = Counter(day_of(at, limits.timezone) for at in moments)
    while days.get(day, 0) >= most_on(day, first_days, limits):
        moment = bounds_of(day, limits.timezone)[1]
        day = day_of(moment, limits.timezone)
    return moment


def _in_window(moment: datetime, limits: Limits, timezone: str) -> datetime | None:
    """This moment if it lies in the hours to send in, else the next opening; None where there is none soon."""
    for opens, closes in _windows(moment, limits, timezone):
        if moment < closes:
            return max(moment, opens)
    return None


def _windows(moment: datetime, limits: Limits, timezone: str) -> Iterator[tuple[datetime, datetime]]:
    """The windows of the moment's day and of the days after it; hours that a clock change skips make one shorter."""
    first = day_of(moment, timezone)
    for offset in range(_DAYS_AHEAD):
        day = first + offset * _DAY
        if day.weekday() >= _SATURDAY and not limits.on_weekends:
            continue
        opens, closes = _at(day, limits.start_hour, timezone), _at(day, limits.end_hour, timezone)
        if opens < closes:
            yield opens, closes


def _at(day: date, hour: int, timezone: str) -> datetime:
    """The moment at which a day's clock first shows the hour or, where a clock change skips it, what comes after."""
    if hour == 24:
        return bounds_of(day, timezone)[1]
    return datetime.combine(day, time(hour), tzinfo=ZoneInfo(timezone)).astimezone(UTC)
