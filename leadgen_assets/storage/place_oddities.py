"""What is odd in a file of places, row by row, in words for whoever made the file.

What is done about it (a value dropped, a row left out) is `place_files`' business; here it is only said.
"""

from collections.abc import Iterator

import polars as pl

_SHOWN_CHARACTERS = 40
_LOST = {
    "lat": "is not a number of degrees between -90 and 90",
    "lon": "is not a number of degrees between -180 and 180",
    "country": "is not a country's code of two letters such as DE",
    "phone": "is not a telephone number",
    "email": "is not an email address",
    "city": "is not a city's name",
}


def odd_rows(raw: pl.DataFrame, cleaned: pl.DataFrame, kept: pl.DataFrame, *, first: int) -> Iterator[str]:
    """One sentence for each value that is dropped and each row that is left out, in the order of the file.

    Args:
        raw: what the file says, all text, in file order, with its row number in `row`.
        cleaned: the same rows with every unusable value null.
        kept: the rows that are used.
        first: the line of the first row.
    """
    used = set(kept["row"].to_list())
    seen: dict[tuple[str, str], int] = {}
    for before, after in zip(raw.iter_rows(named=True), cleaned.iter_rows(named=True), strict=True):
        line = before["row"] + first
        key = (after["source"], after["source_id"])
        if before["row"] not in used:
            missing = [name for name in ("source_id", "name") if not after[name]]
            why = (
                f"it has no {' and no '.join(missing)}"
                if missing
                else f"line {seen[key]} has the source_id {_shown(after['source_id'])} already"
            )
            yield f"line {line} is left out: {why}."
            continue
        seen[key] = line
        for name, words in _LOST.items():
            value = (before[name] or "").strip()
            if not value or after[name] is not None or value.lower() in _NO_VALUE:
                continue
            if name not in _LIMITS or not _is_within(value, _LIMITS[name]):
                yield f"line {line}: {name} {_shown(value)} {words}; the row is used without it."


_LIMITS = {"lat": 90, "lon": 180}  # of these, one goes with the other
_NO_VALUE = frozenset({"null", "none", "nan", "n/a", "na", "-", "--", "?", "unknown"})


def _is_within(value: str, limit: float) -> bool:
    try:
        return abs(float(value.replace(",", "."))) <= limit
    except ValueError:
        return False


def _shown(value: str) -> str:
    short = value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…"
    return repr(short)
