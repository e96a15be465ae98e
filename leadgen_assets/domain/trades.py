"""What we say to each trade, read from `templates/trades.toml`. Which trade a place is of: `industries`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

UNKNOWN_TRADE = "other"


@dataclass(frozen=True, slots=True)
class Trade:
    """Our own words for one trade; every text is general and states no fact about a real business.

    Attributes:
        label: the label of `leads.industry` that led here; `other` for all unknown ones.
        noun: completes "a ...".
        people: who comes, in the plural.
        offer: completes "a website could show ...".
        benefits: three hedged sentences without figures.
        headline: the title on the drawn telephone of the proposal.
        menu: three short entries of the drawn telephone.
        start: where the illustrative example begins.
        steps: three pairs of title and text.
        measures: three things to count afterwards.
        is_listed: the noun is what the listing of the business says, so it may be said about it.
    """

    label: str
    noun: str
    people: str
    offer: str
    benefits: tuple[str, ...]
    headline: str
    menu: tuple[str, ...]
    start: str
    steps: tuple[tuple[str, str], ...]
    measures: tuple[str, ...]
    is_listed: bool = False

    @property
    def a_noun(self) -> str:
        """The noun with its article."""
        return f"{'an' if self.noun[0] in 'aeiou' else 'a'} {self.noun}"


@cache
def trades() -> dict[str, Trade]:
    """Every trade we have words for, by label."""
    tables = tomllib.loads(files("leadgen_assets.templates").joinpath("trades.toml").read_text(encoding="utf-8"))
    return {label: _trade(label, table) for label, table in tables.items()}


def trade_of(industry: str | None) -> Trade:
    """The trade of a lead's industry label, or the general one for a label we have no words for."""
    known = trades()
    return known.get(industry or UNKNOWN_TRADE, known[UNKNOWN_TRADE])


def _trade(label: str, table: dict) -> Trade:
    steps = tuple((title, text) for title, text in table["steps"])
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}
    return Trade(label=label, **values | {"steps": steps})
