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
SCORED_COLUMNS = ("lead_id", "check", "state", "detail", "evidence_json")
_SITE_POINTS = 75  # the worst that can be said of a web presence: none at all
_STATES = ("unknown", "present", "absent", "not_applicable")
_CHECKS = ("operational", *dict.fromkeys(rule.check for rule in RULES))


def score_leads(presence: pl.DataFrame) -> pl.DataFrame:
    """The score of every lead of a day.

    Args:
        presence: rows of `web_presence`, at least SCORED_COLUMNS, one for each lead and check.

    Returns:
        A frame with the columns of `qualification_scores`, ordered by lead. The points of a check are an interval too;
        where a check does not apply because its source can never answer it, the scale ends without its points.
    """
    if presence.is_empty():
        return pl.DataFrame(schema=SCHEMAS["qualification_scores"])
    ordered = presence if presence["lead_id"].is_sorted() else presence.sort("lead_id", maintain_order=True)
    leads = _combinations(ordered)
    own = ordered.filter(pl.col("check") == "own_site").select(
        "lead_id",
        presence=pl.col("detail"),
        site_url=pl.col("evidence_json").str.json_path_match("$.site_url"),
    )
    described = (
        leads.hstack(own.drop("lead_id"))
        if own["lead_id"].equals(leads["lead_id"])
        else leads.join(own, on="lead_id", how="left", maintain_order="left")
    )
    scored = described.join(
        _scores_of(leads["combination"].unique()), on="combination", how="left", maintain_order="left"
    )
    return scored.select(SCHEMAS["qualification_scores"].names())


def _combinations(ordered: pl.DataFrame) -> pl.DataFrame:
    """The states of each lead's checks as one number, a digit of base 4 for each; a check that is missing is unknown.

    Few of the possible combinations occur, so a million leads are scored by scoring a few hundred numbers. Rows are
    ordered by lead.
    """
    places = {check: len(_STATES) ** place for place, check in enumerate(_CHECKS)}
    digits = {state: digit for digit, state in enumerate(_STATES)}
    place = pl.col("check").replace_strict(places, default=0, return_dtype=pl.Int64)
    digit = pl.col("state").replace_strict(digits, default=0, return_dtype=pl.Int64)
    numbered = ordered.select("lead_id", lead=pl.col("lead_id").rle_id(), combination=place * digit)
    return numbered.group_by("lead", maintain_order=True).agg(pl.first("lead_id"), pl.sum("combination")).drop("lead")


def _scores_of(combinations: pl.Series) -> pl.DataFrame:
    """Score, points and decision of each combination of states."""
    names = dict(enumerate(_STATES))
    states = pl.DataFrame({"combination": combinations}).with_columns(
        (pl.col("combination") // len(_STATES) ** place % len(_STATES)).replace_strict(names).alias(check)
        for place, check in enumerate(_CHECKS)
    )
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
    return scored.with_columns(decision=_decision())


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
