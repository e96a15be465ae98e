"""Whether a domain accepts mail, as the captured answers about its mail exchangers say; and which domains to ask about.

Asking is `clients/mail_exchangers`'; which address is used is decided in `contacts`.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from leadgen_assets.domain.contact_candidates import contact_candidates
from leadgen_assets.domain.hosts import is_free_mail

MailState = Literal["accepts", "refuses", "unknown"]
Row = Mapping[str, Any]

_MISSING = frozenset({"nxdomain", "no_data"})
_MOST_DOMAINS = 4


def domains_to_ask(lead: Row, rows: Iterable[Row]) -> list[str]:
    """The domains of a lead's candidate addresses, those of its guessed ones included, the most promising first.

    Args:
        lead: a row of `leads`.
        rows: its rows of `web_captures` so far.

    Returns:
        At most four; mail providers are known to accept mail and are not asked about. None for a lead with a healthy
        site, which is not written to.
    """
    rows = list(rows)
    if any(json.loads(row["detail_json"] or "{}").get("settled_by") for row in rows if row["kind"] == "plan"):
        return []
    domains = (candidate.domain for candidate in contact_candidates(lead, rows))
    return [domain for domain in dict.fromkeys(domains) if not is_free_mail(domain)][:_MOST_DOMAINS]


def mail_states(rows: Iterable[Row]) -> dict[str, MailState]:
    """What was captured about domains, from rows of kind `mx`; a domain that is not in it was not asked about."""
    return {str(row["url"]): _state(row) for row in rows if row["kind"] == "mx"}


def mail_state(domain: str, captured: Mapping[str, MailState]) -> MailState:
    """Accepts, refuses or unknown; a mail provider accepts."""
    return "accepts" if is_free_mail(domain) else captured.get(domain, "unknown")


def _state(row: Row) -> MailState:
    """Refuses: no such name, a null MX (RFC 7505), or neither exchanger nor address (RFC 5321, 5.1)."""
    detail = json.loads(row["detail_json"] or "{}")
    if row["outcome"] == "answered":
        return "accepts" if any(name not in {"", "."} for name in detail.get("exchangers", ())) else "refuses"
    if row["outcome"] == "no_data":
        address = detail.get("address_outcome")
        return "accepts" if address == "answered" else "refuses" if address in _MISSING else "unknown"
    return "refuses" if row["outcome"] == "nxdomain" else "unknown"
