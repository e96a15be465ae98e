"""Points for each check, as versioned data, and the decision from an interval, because some checks are unknown.

`docs/scoring.md` explains the weights. Evidence is judged in `presence`; nothing is asked here.
"""

import polars as pl

from leadgen_assets.domain.scoring_rules import THRESHOLD, Rule, ScoringRules, packaged_rules
from leadgen_assets.storage.schemas import SCHEMAS

SCORED_COLUMNS = ("lead_id", "check", "state", "detail", "evidence_json")
_STATES = ("unknown", "present", "absent", "not_applicable")


def score_leads(presence: pl.DataFrame, rules: ScoringRules | None = None) -> pl.DataFrame:
    """The score of every lead of a day.

    Args:
        presence: rows of `web_presence`, at least SCORED_COLUMNS, one for each lead and check.
        rules: the packaged ones if left out.

    Returns:
        A frame with the columns of `qualification_scores`, ordered by lead. The points of a check are an interval too;
        where a check does not apply because its source can never answer it, the scale ends without its points.
    """
    if presence.is_empty():
        return pl.DataFrame(schema=SCHEMAS["qualification_scores"])
    rules = rules or packaged_rules()
    ordered = presence if presence["lead_id"].is_sorted() else presence.sort("lead_id", maintain_order=True)
    leads = _combinations(ordered, rules)
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
        _scores_of(leads["combination"].unique(), rules), on="combination", how="left", maintain_order="left"
    )
    return scored.select(SCHEMAS["qualification_scores"].names())


def _combinations(ordered: pl.DataFrame, rules: ScoringRules) -> pl.DataFrame:
    """The states of each lead's checks as one number, a digit of base 4 for each; a check that is missing is unknown.

    Few of the possible combinations occur, so a million leads are scored by scoring a few hundred numbers. Rows are
    ordered by lead.
    """
    places = {check: len(_STATES) ** place for place, check in enumerate(_checks(rules))}
    digits = {state: digit for digit, state in enumerate(_STATES)}
    place = pl.col("check").replace_strict(places, default=0, return_dtype=pl.Int64)
    digit = pl.col("state").replace_strict(digits, default=0, return_dtype=pl.Int64)
    numbered = ordered.select("lead_id", lead=pl.col("lead_id").rle_id(), combination=place * digit)
    return numbered.group_by("lead", maintain_order=True).agg(pl.first("lead_id"), pl.sum("combination")).drop("lead")


def _scores_of(combinations: pl.Series, rules: ScoringRules) -> pl.DataFrame:
    """Score, points and decision of each combination of states."""
    names = dict(enumerate(_STATES))
    states = pl.DataFrame({"combination": combinations}).with_columns(
        (pl.col("combination") // len(_STATES) ** place % len(_STATES)).replace_strict(names).alias(check)
        for place, check in enumerate(_checks(rules))
    )
    scale = pl.lit(rules.most_site_points) + pl.sum_horizontal(
        pl.when(pl.col(rule.check) == "not_applicable").then(0).otherwise(rule.points) for rule in rules.lead_rules
    )
    pointed = states.with_columns(
        *(_lower(rule).alias(f"{rule.check}_lower") for rule in rules.rules),
        *(_upper(rule).alias(f"{rule.check}_upper") for rule in rules.rules),
        scale=scale,
    )
    scored = pointed.with_columns(
        score_lower=_total("lower", rules),
        score_upper=_total("upper", rules),
        points_json=pl.struct(
            *(pl.concat_list(f"{rule.check}_lower", f"{rule.check}_upper").alias(rule.check) for rule in rules.rules),
            "scale",
        ).struct.json_encode(),
        rules_version=pl.lit(rules.version),
    )
    return scored.with_columns(decision=_decision())


def _lower(rule: Rule) -> pl.Expr:
    return pl.when(pl.col(rule.check) == rule.state).then(rule.points).otherwise(0)


def _upper(rule: Rule) -> pl.Expr:
    return pl.when(pl.col(rule.check).is_in([rule.state, "unknown"])).then(rule.points).otherwise(0)


def _checks(rules: ScoringRules) -> tuple[str, ...]:
    return ("operational", *(rule.check for rule in rules.rules))


def _total(end: str, rules: ScoringRules) -> pl.Expr:
    site = pl.sum_horizontal(pl.col(f"{rule.check}_{end}") for rule in rules.site_rules)
    lead = pl.sum_horizontal(pl.col(f"{rule.check}_{end}") for rule in rules.lead_rules)
    points = pl.min_horizontal(site, pl.lit(rules.most_site_points)) + lead
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
