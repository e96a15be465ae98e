"""Whether a business of some country may be written to at all: the policy table, and the bases of the operator.

The table is data with its reasons and sources (`leadgen_assets/policies/countries.toml`); where bases are kept is
`storage/country_bases`. A country that is not known is refused.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

Rule = Literal["open", "companies", "opt_in"]
_WORDS: dict[Rule, str] = {
    "open": "businesses may be written to until they refuse",
    "companies": "companies may be written to, sole traders must have agreed",
    "opt_in": "businesses must have agreed beforehand",
}


@dataclass(frozen=True, slots=True)
class CountryRule:
    """What one country's law says about unsolicited business mail, roughly.

    Attributes:
        country: ISO 3166 alpha-2.
        rule: open, companies or opt_in.
        reason: half a sentence.
        source: where that is written.
        read: how sure it is: `summary` or `knowledge`.
    """

    country: str
    rule: Rule
    reason: str
    source: str
    read: str

    @property
    def words(self) -> str:
        """The rule in words."""
        return _WORDS[self.rule]


@cache
def country_rules() -> Mapping[str, CountryRule]:
    """The packaged table by country."""
    table = tomllib.loads(files("leadgen_assets.policies").joinpath("countries.toml").read_text(encoding="utf-8"))
    return {
        code: CountryRule(code, row["rule"], row["reason"], row["source"], row["read"])
        for code, row in table.items()
        if isinstance(row, dict)
    }


def country_refusal(country: str | None, bases: Mapping[str, str]) -> str | None:
    """Why a business of this country may not be written to, as one clause; None where it may.

    Args:
        country: ISO 3166 alpha-2; None where it is not known.
        bases: the bases that the operator recorded, by country.
    """
    if country is None:
        return "its country is not known"
    rule = country_rules().get(country)
    if country in bases or (rule is not None and rule.rule == "open"):
        return None
    return f"{country}: {rule.words if rule else 'no rule is known'}, and no basis is recorded"
