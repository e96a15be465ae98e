"""A scorer as it would be written row by row: the specification's own rules over checks read one after the other.

The baseline of `benchmarks/scoring.py`. It keeps the rules' faults (one fact counted twice, points beyond 100).
"""

from collections.abc import Iterable, Mapping
from typing import Any

THRESHOLD = 50


def score(business: Mapping[str, Any]) -> tuple[bool, int]:
    """Whether a business qualifies, and its points.

    Args:
        business: website_url, domain, dns_resolves, responds, has_meta, has_social, rating, phone.
    """
    points = 0
    if not business["website_url"]:
        points += 40
    if not (business["domain"] and business["dns_resolves"]):
        points += 30
    elif not business["responds"]:
        points += 25
    if not business["has_meta"]:
        points += 15
    if not business["has_social"]:
        points += 10
    if (business["rating"] or 0) >= 4.0:
        points += 10
    if business["phone"]:
        points += 5
    return points >= THRESHOLD, points


def score_rows(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The score of each lead from its rows of `web_presence`, read one by one."""
    leads: dict[str, dict[str, Any]] = {}
    for row in rows:
        checks = leads.setdefault(row["lead_id"], {})
        checks[row["check"]] = row["state"]
    scored = []
    for lead_id, checks in leads.items():
        has_site = checks.get("own_site") == "present"
        qualified, points = score(
            {
                "website_url": has_site or None,
                "domain": checks.get("domain_exists") == "present" or None,
                "dns_resolves": checks.get("domain_exists") == "present",
                "responds": checks.get("answers") == "present",
                "has_meta": checks.get("title_and_description") == "present",
                "has_social": checks.get("social_page") == "present",
                "rating": 4.5 if checks.get("rating") == "present" else None,
                "phone": checks.get("phone_known") == "present",
            }
        )
        scored.append({"lead_id": lead_id, "points": points, "qualified": qualified})
    return scored
