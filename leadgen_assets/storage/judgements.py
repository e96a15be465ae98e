"""What the warehouse holds about one lead's qualification: its latest checks and score, and its next look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from leadgen_assets.domain.rechecks import next_capture
from leadgen_assets.storage.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class Judgement:
    """The day of the latest look, its rows of `web_presence`, and the stored row of `qualification_scores` if any."""

    day: date
    presence: Sequence[Mapping[str, Any]]
    score: Mapping[str, Any] | None
    next_look: date


def judgement_of(warehouse: Warehouse, lead_id: str) -> Judgement | None:
    """The latest judgement of a lead, None where it was never looked at."""
    seen: list[tuple[date, pl.DataFrame]] = []
    for day in reversed(warehouse.days("web_presence")):
        rows = warehouse.read("web_presence", since=day, until=day).filter(pl.col("lead_id") == lead_id)
        if not rows.is_empty():
            seen.append((day, rows))
    if not seen:
        return None
    day, rows = seen[0]
    scores = warehouse.read("qualification_scores", since=day, until=day).filter(pl.col("lead_id") == lead_id)
    days = [one for one, _ in reversed(seen)]
    return Judgement(day, rows.to_dicts(), next(scores.iter_rows(named=True), None), next_capture(days))
