"""The rules of the score as data: which state of which check gives how many points, under a version.

`docs/scoring.md` explains the packaged ones. Applying them belongs to `scoring`.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

THRESHOLD = 50
_PACKAGED = Path(__file__).with_name("scoring_rules.toml")


class ScoringRulesError(ValueError):
    """The file holds no usable rules; one sentence."""


class Rule(BaseModel):
    """Points that a check gives in one of its states.

    Attributes:
        check: of `web_presence`.
        state: the state that gives the points.
        points: how many.
        group: `site` for what is wrong with the web presence itself, whose worst case is counted once; `lead` for the
            rest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: Literal[
        "own_site", "https", "viewport", "title_and_description", "structured_data", "up_to_date",
        "booking_or_menu", "builder", "social_page", "email_published",
        "phone_known", "rating",
    ]  # fmt: skip
    state: Literal["present", "absent"]
    points: int = Field(ge=0, le=100)
    group: Literal["site", "lead"]


class ScoringRules(BaseModel):
    """A version of the rules; checks they do not name give no points."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = Field(min_length=1, max_length=40)
    most_site_points: int = Field(gt=0, le=100)
    rules: tuple[Rule, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_sound(self) -> "ScoringRules":
        checks = [rule.check for rule in self.rules]
        if len(set(checks)) < len(checks):
            raise ValueError("a check is named twice")
        if not any(rule.check == "own_site" and rule.group == "site" for rule in self.rules):
            raise ValueError('own_site must be a rule of group "site"')
        beside = sum(rule.points for rule in self.lead_rules)
        if beside * 100 >= THRESHOLD * (self.most_site_points + beside):
            raise ValueError("a healthy site could qualify by the points of group lead alone")
        return self

    @property
    def site_rules(self) -> tuple[Rule, ...]:
        """The rules about the web presence itself."""
        return tuple(rule for rule in self.rules if rule.group == "site")

    @property
    def lead_rules(self) -> tuple[Rule, ...]:
        """The other rules."""
        return tuple(rule for rule in self.rules if rule.group == "lead")


@cache
def packaged_rules() -> ScoringRules:
    """The rules that come with the product."""
    return read_rules(_PACKAGED)


def rules_of(file: Path | None) -> ScoringRules:
    """The rules of the operator's file where there is one, else the packaged ones."""
    return read_rules(file) if file else packaged_rules()


def read_rules(path: Path) -> ScoringRules:
    """The rules of a TOML file.

    Raises:
        ScoringRulesError: if it cannot be read or its rules are not sound.
    """
    try:
        return ScoringRules.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScoringRulesError(f"The scoring rules {path} cannot be read: {error}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        what = first["msg"].removeprefix("Value error, ")
        raise ScoringRulesError(
            f"The scoring rules {path} are not usable: {f'{where}: ' if where else ''}{what}."
        ) from None
