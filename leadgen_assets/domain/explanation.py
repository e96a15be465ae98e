"""Why a lead was decided as it was: every point with its evidence, and what would change the decision."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from leadgen_assets.domain.scoring import score_leads
from leadgen_assets.domain.scoring_rules import ScoringRules

Row = Mapping[str, Any]
_NAMES = {
    "own_site": "a site of its own", "https": "valid https", "viewport": "a layout for telephones",
    "title_and_description": "title and description",
    "social_page": "a social page",
    "rating": "a rating of 4 or better",
    "phone_known": "a telephone number", "email_published": "an email address", "operational": "being open",
}  # fmt: skip
_OF_A_PAGE = ("https", "viewport", "title_and_description")


def explain(presence: Sequence[Row], rules: ScoringRules) -> dict[str, Any]:
    """The score of one lead, point by point.

    Args:
        presence: the lead's rows of `web_presence` of one day.
        rules: whose points to give.

    Returns:
        score (lower and upper), decision, rules_version, points (one for each check of the rules: check, state, points
        from and to, most, detail), without_points (the other checks), asked
        (what was asked, with its answer) and would_change (one sentence each).
    """
    states = {row["check"]: row["state"] for row in presence}
    details = {row["check"]: row["detail"] for row in presence}
    [now] = _scores([states], rules)
    points = json.loads(now["points_json"])
    own = next((row for row in presence if row["check"] == "own_site"), None)
    return {
        "score": [now["score_lower"], now["score_upper"]],
        "decision": now["decision"],
        "rules_version": rules.version,
        "scale": points["scale"],
        "points": [
            {
                "check": rule.check,
                "state": states.get(rule.check, "unknown"),
                "points": points[rule.check],
                "most": rule.points,
                "detail": details.get(rule.check) or "",
            }
            for rule in rules.rules
        ],
        "without_points": [
            {"check": row["check"], "state": row["state"], "detail": row["detail"] or ""}
            for row in presence
            if row["check"] not in {rule.check for rule in rules.rules}
        ],
        "asked": json.loads(own["evidence_json"]).get("candidates", []) if own else [],
        "would_change": list(_would_change(states, now["decision"], rules)),
    }


def _would_change(states: Mapping[str, str], decision: str, rules: ScoringRules) -> Iterable[str]:
    """What else the evidence could say, one check at a time, that would decide otherwise."""
    cases: list[tuple[str, dict[str, str]]] = []
    if states.get("operational") == "absent":
        yield "Its source would have to call it open again."
        return
    if states.get("own_site") != "present":
        healthy = dict.fromkeys(_OF_A_PAGE, "present")
        poor = dict.fromkeys(_OF_A_PAGE, "absent")
        cases.append(("a healthy site of its own were found", {**states, "own_site": "present", **healthy}))
        cases.append(
            ("a site of its own without https, layout and title were found", {**states, "own_site": "present", **poor})
        )
    if states.get("own_site") != "absent":
        gone = dict.fromkeys(_OF_A_PAGE, "not_applicable")
        cases.append(("no site of its own were left", {**states, "own_site": "absent", **gone}))
    for rule in rules.rules:
        if rule.check == "own_site" or states.get(rule.check) == "not_applicable":
            continue
        for state, words in (("present", "had {}"), ("absent", "had not {}")):
            if states.get(rule.check) != state:
                name = _NAMES.get(rule.check, rule.check)
                cases.append((f"it {words.format(name)}", {**states, rule.check: state}))
    for (condition, _), score in zip(cases, _scores([case for _, case in cases], rules), strict=True):
        if score["decision"] != decision:
            lower, upper = score["score_lower"], score["score_upper"]
            shown = f"{lower}" if lower == upper else f"{lower} to {upper}"
            yield f"If {condition}: {score['decision']} ({shown})."


def _scores(cases: Sequence[Mapping[str, str]], rules: ScoringRules) -> list[dict[str, Any]]:
    rows = [
        {"lead_id": f"{number:04d}", "check": check, "state": state, "detail": "", "evidence_json": "{}"}
        for number, states in enumerate(cases)
        for check, state in states.items()
    ]
    return score_leads(pl.DataFrame(rows), rules).to_dicts() if rows else []
