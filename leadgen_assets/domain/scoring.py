"""Points for each check, as versioned data, and the decision from an interval, because some checks are unknown.

`docs/scoring.md` explains the weights. Evidence is judged in `presence`; nothing is asked here.
"""

from dataclasses import dataclass
from typing import Literal

import polars as pl

from leadgen_assets.storage.schemas import SCHEMAS

RULES_VERSION = "2026-03"
THRESHOLD = 50


@dataclass(frozen=True, slots=True)
class Rule:
    """Points that a check gives in one of its states.

    Attributes:
        check: of `web_presence`.
        state: the state that gives the points.
        points: how many.
        group: `site` for what is wrong with the web presence itself, whose worst case is counted once; `lead` for the
            rest.
    """

    check: str
    state: Literal["present", "absent"]
    points: int
    group: Literal["site", "lead"]


RULES = (
    Rule("own_site", "absent", 75, "site"),
    Rule("https", "absent", 20, "site"),
    Rule("viewport", "absent", 20, "site"),
    Rule("title_and_description", "absent", 15, "site"),
    Rule("social_page", "absent", 10, "lead"),
    Rule("rating", "present", 10, "lead"),
    Rule("phone_known", "present", 5, "lead"),
)
_SITE_POINTS = 75  # the worst that can be said of a web presence: none at all
_CHECKS = ("operational", *dict.fromkeys(rule.check for rule in RULES))


def score_leads(presence: pl.DataFrame) -> pl.DataFrame:
    """The score of every lead of a day.

    Args:
        presence: rows of `web_presence`.

    Returns:
        A frame with the columns of `qualification_scores`, ordered by lead. The points of a check are an interval too;
        where a check does not apply because its source can never answer it, the scale ends without its points.
    """
    if presence.is_empty():
        return pl.DataFrame(schema=SCHEMAS["qualification_scores"])
    states = _states(presence)
    lead_rules = [rule for rule in RULES if rule.group == "lead"]
    scale = pl.lit(_SITE_POINTS) + pl.sum_horizontal(
        pl.when(pl.col(rule.check) == "not_applicable").then(0).otherwise(rule.points) for rule in lead_rules
    )
    pointed = states.with_columns(
        *(_lower(rule).alias(f"{rule.check}_lower") for rule in RULES),
        *(_upper(rule).alias(f"{rule.check}_upper") for rule in RULES),
        scale=scale,
    )
    scored = pointed.with_columns(
        score_lower=_total("lower"),
        score_upper=_total("upper"),
        points_json=pl.struct(
            *(pl.concat_list(f"{rule.check}_lower", f"{rule.check}_upper").alias(rule.check) for rule in RULES), "scale"
        ).struct.json_encode(),
        rules_version=pl.lit(RULES_VERSION),
    )
    return scored.with_columns(decision=_decision()).sort("lead_id").select(SCHEMAS["qualification_scores"].names())


def _states(presence: pl.DataFrame) -> pl.DataFrame:
    """One row for each lead with the state of each check as a column; a check that is missing is unknown."""

    def of(check: str, column: str) -> pl.Expr:
        return pl.col(column).filter(pl.col("check") == check).first()

    return presence.group_by("lead_id").agg(
        *(of(check, "state").fill_null("unknown").alias(check) for check in _CHECKS),
        of("own_site", "detail").alias("presence"),
        of("own_site", "evidence_json").str.json_path_match("$.site_url").alias("site_url"),
    )


def _lower(rule: Rule) -> pl.Expr:
    return pl.when(pl.col(rule.check) == rule.state).then(rule.points).otherwise(0)


def _upper(rule: Rule) -> pl.Expr:
    return pl.when(pl.col(rule.check).is_in([rule.state, "unknown"])).then(rule.points).otherwise(0)


def _total(end: str) -> pl.Expr:
    site = pl.sum_horizontal(pl.col(f"{rule.check}_{end}") for rule in RULES if rule.group == "site")
    lead = pl.sum_horizontal(pl.col(f"{rule.check}_{end}") for rule in RULES if rule.group == "lead")
    points = pl.min_horizontal(site, pl.lit(_SITE_POINTS)) + lead
    share = ((points * 100 + pl.col("scale") // 2) // pl.col("scale")).clip(0, 100)
    return pl.when(pl.col("operational") == "absent").then(0).otherwise(share).cast(pl.Int64)


def _decision() -> pl.Expr:
    return (
        pl.when(pl.col("score_lower") >= THRESHOLD)
        .then(pl.lit("qualified"))
        .when(pl.col("score_upper") < THRESHOLD)
        .then(pl.lit("disqualified"))
        .otherwise(pl.lit("unknown"))
    )
