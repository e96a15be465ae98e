"""Who is left out of the leads because no small company builds their website: the rules, as data, and the reason.

Chains, banks, public bodies, museums, places of worship, unattended amenities. It is decided by what the listings say,
before anybody's site is looked at; who needs a site is not asked here. `docs/sources.md` explains it.
"""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

CHAIN = "a chain"


def reason_to_leave_out(records: Iterable[Mapping[str, Any]], *, include_chains: bool = False) -> str | None:
    """Why the business of these place records is no lead, in a few words; None where it may be one.

    Args:
        records: rows of `places` that are one business; one that says so is enough.
        include_chains: let businesses with a brand in.
    """
    by_category, by_ending = _rules()
    for record in records:
        value = (record["category"] or "").rpartition("=")[2].strip().casefold().replace(" ", "_")
        if reason := by_category.get(value):
            return reason
        name = (record["name"] or "").casefold()
        if reason := next((why for ending, why in by_ending.items() if name.endswith(ending)), None):
            return reason
        if record["brand"] and not include_chains:
            return CHAIN
    return None


@cache
def _rules() -> tuple[dict[str, str], dict[str, str]]:
    tables = tomllib.loads((Path(__file__).parent / "left_out.toml").read_text("utf-8")).values()
    by_category = {value: table["reason"] for table in tables for value in table["categories"]}
    return by_category, {ending: table["reason"] for table in tables for ending in table.get("name_endings", [])}
