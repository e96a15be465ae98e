"""Who is erased, by every name that data may hold; and cleaning texts and partitions of them. Files are elsewhere."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import polars as pl

ERASED = "erased"
_LEAST_CHARACTERS = 5  # a shorter name would be found in words that have nothing to do with it
# What the ledger keeps a row of stays in the partitions that read it back, without what names anybody.
_BLANKED: dict[str, tuple[str, ...]] = {
    "lead_register": (),
    "outreach_queue": (),
    "email_sends": ("smtp_reply",),
    "inbox_messages": ("message_id",),
    "engagement": (),
    "alerts": (),
}


@dataclass(frozen=True, slots=True)
class Erased:
    """The subjects of one erasure.

    Attributes:
        lead_ids: as text.
        place_keys: of every record that was merged into them.
        words: names, addresses and numbers that texts may hold.
    """

    lead_ids: frozenset[str]
    place_keys: frozenset[str]
    words: frozenset[str]

    @classmethod
    def of(cls, lead_ids: Collection[str], place_keys: Collection[str], words: Collection[str | None]) -> "Erased":
        """The subjects, with the words that are long enough to be looked for."""
        known = {word.strip() for word in words if word and len(word.strip()) >= _LEAST_CHARACTERS}
        return cls(frozenset(lead_ids), frozenset(place_keys), frozenset(known | set(place_keys)))


def without_rows(asset: str, frame: pl.DataFrame, who: Erased) -> tuple[pl.DataFrame, int]:
    """The partition without what names them, and how many rows that concerned.

    Rows that the ledger still has are kept with the naming columns empty; all others go.
    """
    matches = [
        pl.col(column).is_in(list(names)).fill_null(False)
        for column, names in (("lead_id", who.lead_ids), ("place_key", who.place_keys))
        if column in frame.columns
    ]
    if not matches:
        return frame, 0
    theirs = pl.any_horizontal(matches)
    if asset not in _BLANKED:
        kept = frame.filter(~theirs)
        return kept, frame.height - kept.height
    columns = _BLANKED[asset]
    named = frame.filter(theirs & pl.any_horizontal([pl.col(c).is_not_null() for c in columns])) if columns else None
    if named is None or named.is_empty():
        return frame, 0
    return frame.with_columns(pl.when(~theirs).then(pl.col(c)).alias(c) for c in columns), named.height


def cleaned_json(text: str, words: Collection[str]) -> str:
    """A JSON text whose strings no longer hold the words; members' names and class names stay as they are."""
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in sorted(words, key=len, reverse=True)))
    return json.dumps(_cleaned(json.loads(text), pattern))


def _cleaned(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(ERASED, value)
    if isinstance(value, list):
        return [_cleaned(one, pattern) for one in value]
    if isinstance(value, dict):
        return {key: one if key == "__class__" else _cleaned(one, pattern) for key, one in value.items()}
    return value
