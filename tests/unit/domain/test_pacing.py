"""No limit in time is ever exceeded, in any window, whatever the clock, the history and the settings are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadgen_assets.domain.pacing import (
    History,
    Limits,
    Transmission,
    bounds_of,
    day_of,
    most_on,
    next_moment,
    resting_domains,
)

HOUR = timedelta(hours=1)
MONDAY_NOON = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)  # 12:00 in Helsinki
ZONES = ("Europe/Helsinki", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Havana", "UTC")
# Weeks with a change to summer time or back in these zones, and a plain one.
STARTS = (
    datetime(2026, 3, 2, tzinfo=UTC),
    datetime(2026, 3, 6, tzinfo=UTC),
    datetime(2026, 3, 27, tzinfo=UTC),
    datetime(2026, 4, 3, tzinfo=UTC),
    datetime(2026, 10, 23, tzinfo=UTC),
    datetime(2026, 10, 30, tzinfo=UTC),
)


def limits(**more: object) -> Limits:
    options = {
        "timezone": "Europe/Helsinki", "start_hour": 9, "end_hour": 17, "on_weekends": False, "gap": timedelta(minutes=6),
        "per_hour": 10, "per_day": 300, "same_domain_gap": timedelta(minutes=2),
    }  # fmt: skip
    return Limits(**(options | more))


@st.composite
def any_limits(draw: st.DrawFn) -> Limits:
    start = draw(st.integers(0, 23))
    return limits(
        timezone=draw(st.sampled_from(ZONES)),
        start_hour=start,
        end_hour=draw(st.integers(start + 1, 24)),
        on_weekends=draw(st.booleans()),
        gap=timedelta(seconds=draw(st.sampled_from([0, 60, 360, 5400, 100_000]))),
        per_hour=draw(st.integers(1, 5)),
        per_day=draw(st.integers(1, 8)),
        same_domain_gap=timedelta(seconds=draw(st.sampled_from([0, 120, 1800, 90_000]))),
        ramp=tuple(draw(st.lists(st.integers(1, 9), max_size=4))),
    )


@dataclass(frozen=True)
class Sent:
    """One message that went, with the zone its recipient lives in (None: not known)."""

    at: datetime
    domain: str
    zone: str | None


def assert_within(log: Sequence[Sent], given_limits: Limits) -> None:
    """The limits as a person would state them, checked one by one over the whole log."""
    zone = ZoneInfo(given_limits.timezone)
    moments = sorted(one.at for one in log)
    for earlier, later in pairwise(moments):
        assert later - earlier >= given_limits.gap
    for first, beyond in zip(moments, moments[given_limits.per_hour :], strict=False):
        assert beyond - first >= HOUR
    days = [moment.astimezone(zone).date() for moment in moments]
    for number, day in enumerate(sorted(set(days))):
        assert days.count(day) <= given_limits.per_day
        assert number >= len(given_limits.ramp) or days.count(day) <= given_limits.ramp[number]
    for one in log:
        local = one.at.astimezone(ZoneInfo(one.zone or given_limits.timezone))
        assert given_limits.start_hour <= local.hour < given_limits.end_hour
        assert given_limits.on_weekends or local.weekday() < 5
    for domain in {one.domain for one in log}:
        to_domain = sorted(one.at for one in log if one.domain == domain)
        assert all(b - a >= given_limits.same_domain_gap for a, b in pairwise(to_domain))


def history_of(log: Sequence[Sent], now: datetime, some: Limits) -> History:
    """What the ledger would answer: the recent transmissions and the sender's first days."""
    days = sorted({day_of(one.at, some.timezone) for one in log})
    recent = [Transmission(one.at, one.domain) for one in log if one.at >= now - some.memory]
    return History(recent, days[: len(some.ramp)])


@given(
    any_limits(),
    st.sampled_from(STARTS),
    st.lists(
        st.tuples(st.integers(0, 4 * 3600), st.sampled_from("abc"), st.sampled_from([None, *ZONES]), st.booleans()),
        max_size=60,
    ),
)
def test_no_limit_is_ever_exceeded(
    some: Limits, start: datetime, steps: list[tuple[int, str, str | None, bool]]
) -> None:
    now, log = start, list[Sent]()
    for seconds, domain, zone, jump in steps:
        now += timedelta(seconds=seconds)
        moment = next_moment(now, history_of(log, now, some), some, domain, zone)
        assert moment is not None
        assert moment >= now
        if moment > now and jump:  # waiting until the moment that was named is always enough
            now = moment
            assert next_moment(now, history_of(log, now, some), some, domain, zone) == now
        if next_moment(now, history_of(log, now, some), some, domain, zone) == now:
            log.append(Sent(now, domain, zone))
    assert_within(log, some)


@given(
    any_limits(),
    st.sampled_from(STARTS),
    st.lists(st.integers(0, 200_000), max_size=12),
    st.sampled_from("ab"),
    st.sampled_from([None, *ZONES]),
)
def test_the_moment_named_is_the_first_one_possible(
    some: Limits, start: datetime, ages: list[int], domain: str, zone: str | None
) -> None:
    now = start + timedelta(days=2)
    log = [Sent(now - timedelta(seconds=age), "ab"[index % 2], None) for index, age in enumerate(ages)]
    history = history_of(log, now, some)
    moment = next_moment(now, history, some, domain, zone)
    assert moment is not None
    probes = [now + (moment - now) * share / 20 for share in range(20)]
    assert all(next_moment(probe, history, some, domain, zone) == moment for probe in probes if probe < moment)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-02T06:59:59+00:00", "2026-03-02T07:00:00+00:00"),
        ("2026-03-02T07:00:00+00:00", "2026-03-02T07:00:00+00:00"),
        ("2026-03-02T14:59:59+00:00", "2026-03-02T14:59:59+00:00"),
        ("2026-03-02T15:00:00+00:00", "2026-03-03T07:00:00+00:00"),
        ("2026-03-06T15:00:00+00:00", "2026-03-09T07:00:00+00:00"),  # Friday evening to Monday morning
        ("2026-03-27T16:00:00+00:00", "2026-03-30T06:00:00+00:00"),  # summer time begins in between
    ],
)
def test_the_window_is_a_working_day(now: str, expected: str) -> None:
    assert next_moment(datetime.fromisoformat(now), History(), limits()) == datetime.fromisoformat(expected)


def test_a_limit_of_zero_means_never() -> None:
    assert next_moment(MONDAY_NOON, History(), limits(per_hour=0)) is None
    assert next_moment(MONDAY_NOON, History(), limits(per_day=0)) is None


def test_a_full_day_waits_for_the_next_one() -> None:
    sent = [Transmission(MONDAY_NOON - timedelta(minutes=30 * n), f"{n}.test") for n in range(4)]
    expected = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
    assert next_moment(MONDAY_NOON + HOUR, History(sent), limits(per_day=4)) == expected


def test_the_hours_are_the_recipients_own() -> None:
    """At noon in Helsinki it is five in the morning in New York, and half past three in the afternoon in Kolkata."""
    assert next_moment(MONDAY_NOON, History(), limits(), timezone="Asia/Kolkata") == MONDAY_NOON
    expected = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
    assert next_moment(MONDAY_NOON, History(), limits(), timezone="America/New_York") == expected


def test_a_new_sender_sends_a_little_more_each_day_on_which_it_sends() -> None:
    ramped = limits(ramp=(5, 8), per_day=20)
    days = [MONDAY_NOON.date() + timedelta(days=offset) for offset in (0, 3, 4)]
    assert [most_on(day, days[:2], ramped) for day in days] == [5, 8, 20]
    assert most_on(days[0], [], limits(ramp=(5,), per_day=3)) == 3
    sent = [Transmission(MONDAY_NOON - timedelta(minutes=10 * n), f"{n}.test") for n in range(5)]
    tomorrow = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
    assert next_moment(MONDAY_NOON + HOUR, History(sent, days[:1]), ramped) == tomorrow


def test_a_domain_rests_while_others_may_go_on() -> None:
    wide = limits(gap=timedelta(0), same_domain_gap=timedelta(minutes=10))
    sent = [
        Transmission(MONDAY_NOON - timedelta(minutes=4), "a.test"),
        Transmission(MONDAY_NOON - timedelta(hours=1), "b.test"),
    ]
    assert next_moment(MONDAY_NOON, History(sent), wide, "a.test") == MONDAY_NOON + timedelta(minutes=6)
    assert next_moment(MONDAY_NOON, History(sent), wide, "b.test") == MONDAY_NOON
    assert resting_domains(MONDAY_NOON, sent, wide) == {"a.test": MONDAY_NOON + timedelta(minutes=6)}


@pytest.mark.parametrize("zone", ZONES)
def test_days_follow_each_other_without_a_gap(zone: str) -> None:
    for start in STARTS:
        day = day_of(start, zone)
        for offset in range(5):
            first, end = bounds_of(day + timedelta(days=offset), zone)
            assert day_of(first, zone) == day + timedelta(days=offset)
            assert bounds_of(day + timedelta(days=offset + 1), zone)[0] == end
