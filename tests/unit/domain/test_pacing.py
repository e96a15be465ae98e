"""No limit in time is ever exceeded, in any window, whatever the clock, the history and the settings are."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadgen_assets.domain.pacing import Limits, Transmission, bounds_of, day_of, next_moment, resting_domains

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
    )


def assert_within(log: Sequence[Transmission], given_limits: Limits) -> None:
    """The limits as a person would state them, checked one by one over the whole log."""
    zone = ZoneInfo(given_limits.timezone)
    moments = sorted(one.at for one in log)
    for earlier, later in pairwise(moments):
        assert later - earlier >= given_limits.gap
    for first, beyond in zip(moments, moments[given_limits.per_hour :], strict=False):
        assert beyond - first >= HOUR
    days = [moment.astimezone(zone).date() for moment in moments]
    assert all(days.count(day) <= given_limits.per_day for day in set(days))
    for moment in moments:
        local = moment.astimezone(zone)
        assert given_limits.start_hour <= local.hour < given_limits.end_hour
        assert given_limits.on_weekends or local.weekday() < 5
    for domain in {one.domain for one in log}:
        to_domain = sorted(one.at for one in log if one.domain == domain)
        assert all(b - a >= given_limits.same_domain_gap for a, b in pairwise(to_domain))


@given(
    any_limits(),
    st.sampled_from(STARTS),
    st.lists(st.tuples(st.integers(0, 4 * 3600), st.sampled_from("abc"), st.booleans()), max_size=60),
)
def test_no_limit_is_ever_exceeded(some: Limits, start: datetime, steps: list[tuple[int, str, bool]]) -> None:
    now, log = start, list[Transmission]()
    for seconds, domain, jump in steps:
        now += timedelta(seconds=seconds)
        recent = [one for one in log if one.at >= now - some.memory]
        moment = next_moment(now, recent, some, domain)
        assert moment is not None
        assert moment >= now
        if moment > now and jump:  # waiting until the moment that was named is always enough
            now = moment
            recent = [one for one in log if one.at >= now - some.memory]
            assert next_moment(now, recent, some, domain) == now
        if next_moment(now, recent, some, domain) == now:
            log.append(Transmission(now, domain))
    assert_within(log, some)


@given(any_limits(), st.sampled_from(STARTS), st.lists(st.integers(0, 200_000), max_size=12), st.sampled_from("ab"))
def test_the_moment_named_is_the_first_one_possible(
    some: Limits, start: datetime, ages: list[int], domain: str
) -> None:
    now = start + timedelta(days=2)
    sent = [Transmission(now - timedelta(seconds=age), "ab"[index % 2]) for index, age in enumerate(ages)]
    moment = next_moment(now, sent, some, domain)
    assert moment is not None
    probes = [now + (moment - now) * share / 20 for share in range(20)]
    assert all(next_moment(probe, sent, some, domain) == moment for probe in probes if probe < moment)


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
def test_the_window_is_the_operators_working_day(now: str, expected: str) -> None:
    assert next_moment(datetime.fromisoformat(now), [], limits()) == datetime.fromisoformat(expected)


def test_a_limit_of_zero_means_never() -> None:
    assert next_moment(MONDAY_NOON, [], limits(per_hour=0)) is None
    assert next_moment(MONDAY_NOON, [], limits(per_day=0)) is None


def test_a_full_day_waits_for_the_next_one() -> None:
    sent = [Transmission(MONDAY_NOON - timedelta(minutes=30 * n), f"{n}.test") for n in range(4)]
    expected = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
    assert next_moment(MONDAY_NOON + HOUR, sent, limits(per_day=4)) == expected


def test_a_domain_rests_while_others_may_go_on() -> None:
    wide = limits(gap=timedelta(0), same_domain_gap=timedelta(minutes=10))
    sent = [
        Transmission(MONDAY_NOON - timedelta(minutes=4), "a.test"),
        Transmission(MONDAY_NOON - timedelta(hours=1), "b.test"),
    ]
    assert next_moment(MONDAY_NOON, sent, wide, "a.test") == MONDAY_NOON + timedelta(minutes=6)
    assert next_moment(MONDAY_NOON, sent, wide, "b.test") == MONDAY_NOON
    assert resting_domains(MONDAY_NOON, sent, wide) == {"a.test": MONDAY_NOON + timedelta(minutes=6)}


@pytest.mark.parametrize("zone", ZONES)
def test_days_follow_each_other_without_a_gap(zone: str) -> None:
    for start in STARTS:
        day = day_of(start, zone)
        for offset in range(5):
            first, end = bounds_of(day + timedelta(days=offset), zone)
            assert day_of(first, zone) == day + timedelta(days=offset)
            assert bounds_of(day + timedelta(days=offset + 1), zone)[0] == end
