"""Which leads are captured on a day: new ones, ones an outage left behind, and unknown ones whose time has come."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import polars as pl

LONGEST_PAUSE_DAYS = 32


def due_for_capture(
    leads: pl.DataFrame, captured: Mapping[str, Sequence[date]], unknown: set[str], day: date, catch_up_days: int
) -> pl.DataFrame:
    """The leads to capture on a day, ordered by id.

    Args:
        leads: rows of `leads` up to and including the day.
        captured: the days on which each lead was captured.
        unknown: the leads whose latest decision is unknown.
        day: the day.
        catch_up_days: how far back a lead that was never captured is caught up.
    """
    since = day - timedelta(days=catch_up_days)
    fresh = leads.filter(pl.col("first_seen_on").is_between(since, day))["lead_id"]
    never = {lead_id for lead_id in fresh if lead_id not in captured}
    again = {lead_id for lead_id in unknown if next_capture(captured.get(lead_id, ())) <= day}
    return leads.filter(pl.col("lead_id").is_in(never | again)).unique("lead_id").sort("lead_id")


def next_capture(days: Sequence[date]) -> date:
    """When an unknown lead is captured again: 1, 2, 4, ... days after the last time, at most 32."""
    if not days:
        return date.min
    return max(days) + timedelta(days=min(2 ** (len(days) - 1), LONGEST_PAUSE_DAYS))
