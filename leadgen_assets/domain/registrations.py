"""Whether the domain of a lead's listed address is registered and since when: which one is asked, what it means."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from leadgen_assets.domain.hosts import registered_domain
from leadgen_assets.domain.sites import State

Row = Mapping[str, Any]
_LISTED = ("record", "email_domain")


def domain_to_ask(rows: Sequence[Row]) -> str | None:
    """The registered domain of the listed address or the email's, from the plan of a lead's capture."""
    plan: dict[str, Any] = next((json.loads(row["detail_json"]) for row in rows if row["kind"] == "plan"), {})
    listed = (one["host"] for one in plan.get("candidates", ()) if one["origin"] in _LISTED)
    return next((registered_domain(host) for host in listed), None)


def check_registration(rows: Sequence[Row]) -> tuple[State, str]:
    """The check `registration` from a lead's rows: RDAP's word where it was asked, else that of the name servers."""
    row = next((row for row in rows if row["kind"] == "registration"), None)
    if row is None:
        return "not_applicable", "No domain is listed."
    detail, domain = json.loads(row["detail_json"]), row["url"]
    if row["outcome"] == "answered":
        return "present", f"{domain} is registered{_since(detail.get('registered_at'), row['captured_at'])}."
    if row["outcome"] == "not_found":
        return "absent", f"{domain} is not registered, says the registry."
    if detail.get("name_servers"):
        return "present", f"{domain} is registered: it has name servers."
    if row["outcome"] == "not_asked" and detail.get("name_servers_outcome") == "nxdomain":
        return "absent", f"{domain} does not exist."
    return "unknown", f"Whether {domain} is registered is not known."


def _since(text: str | None, captured_at: datetime) -> str:
    try:
        since = datetime.fromisoformat((text or "").replace("Z", "+00:00")).date()
    except ValueError:
        return ""
    years = int((captured_at.date() - since).days // 365.25)
    return f" since {since}, for {years} years" if years > 1 else f" since {since}"
