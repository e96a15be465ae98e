"""Who is left out of the leads because no small company builds their website: the rules, as data, and the reason.

Chains, banks, public bodies, museums, places of worship, unattended amenities. It is decided by what the listings say,
before anybody's site is looked at; who needs a site is not asked here. `docs/sources.md` explains it.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

CHAIN = "a chain"


def reason_to_leave_out(records: Iterable[Mapping[str, Any]], *, include_chains: bool = False) -> str | None:
    """Why the business of these place records is no lead, in a few words; None where it may be one.

    Args:
        records: rows of `places` that are one business; one that says so is enough.
        include_chains: let branches of chains in.
    """
    rules = _rules()
    for record in records:
        value = (record["category"] or "").rpartition("=")[2].strip().casefold().replace(" ", "_")
        if reason := rules.by_category.get(value):
            return reason
        name = " ".join((record["name"] or "").casefold().replace("’", "'").split())
        if reason := next((why for ending, why in rules.by_ending.items() if name.endswith(ending)), None):
            return reason
        if not include_chains and (record["brand"] or rules.chain_names.match(name)):
            return CHAIN
    return None


@dataclass(frozen=True, slots=True)
class _Rules:
    by_category: dict[str, str]
    by_ending: dict[str, str]
    chain_names: re.Pattern[str]


@cache
def _rules() -> _Rules:
    tables = tomllib.loads((Path(__file__).parent / "left_out.toml").read_text("utf-8"))
    names = "|".join(re.escape(name) for name in tables.pop("chain")["names"])
    return _Rules(
        by_category={value: table["reason"] for table in tables.values() for value in table["categories"]},
        by_ending={ending: table["reason"] for table in tables.values() for ending in table.get("name_endings", [])},
        chain_names=re.compile(rf"(?:{names})(?![\w'&-])"),
    )
