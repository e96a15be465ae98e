"""The best lawful route to each qualified lead: a published email address, else the telephone, else a visit.

Addresses are taken from the place record and from the lead's own pages as people read them; none is ever guessed.
Whether a message may go out is decided by the ledger.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from leadgen_assets.domain.candidates import slug_words, without_legal_forms
from leadgen_assets.domain.email_extraction import extract_emails, plain_address
from leadgen_assets.domain.hosts import is_decoy, is_free_mail, registered_domain
from leadgen_assets.domain.presence import rows_by_lead
from leadgen_assets.domain.site_identity import identity_of
from leadgen_assets.domain.sites import judge_sites
from leadgen_assets.storage.schemas import frame_of

EmailClass = Literal["role", "free_mail", "person"]
EmailOrigin = Literal["record", "site"]
Row = Mapping[str, Any]

_CLASS_ORDER: tuple[EmailClass, ...] = ("role", "free_mail", "person")
_ROLES = frozenset({
    "info", "contact", "contacts", "hello", "hei", "hi", "moi", "mail", "email", "post", "office", "toimisto",
    "sales", "myynti", "service", "asiakaspalvelu", "palvelu", "support", "booking", "bookings", "varaus",
    "varaukset", "reservations", "reservation", "reception", "vastaanotto", "order", "orders", "tilaukset", "shop",
    "store", "kauppa", "kontakt", "bonjour", "hola", "ciao", "team", "studio", "salon", "kahvila", "ravintola",
    "restaurant", "cafe", "bar", "hotel", "enquiries", "inquiries", "welcome", "admin", "feedback", "palaute",
    "catering", "events", "press", "marketing", "billing", "laskutus", "anfrage", "empfang",
})  # fmt: skip
_NEVER = frozenset({
    "noreply", "no-reply", "donotreply", "postmaster", "mailer-daemon", "abuse", "webmaster", "hostmaster", "privacy",
})  # fmt: skip
_OWN = frozenset({"theirs", "not_found", "broken"})  # of the last two, pages that were found to be the lead's own


@dataclass(frozen=True, slots=True)
class EmailCandidate:
    """An address of a lead: how it reads and where it was published."""

    address: str
    email_class: EmailClass
    origin: EmailOrigin


def choose_contacts(leads: pl.DataFrame, scores: pl.DataFrame, captures: pl.DataFrame) -> pl.DataFrame:
    """The route to every lead that is qualified.

    Args:
        leads: rows of `leads`, at least those of the scored leads.
        scores: rows of `qualification_scores` of one day.
        captures: rows of `web_captures` of that day.

    Returns:
        A frame with the columns of `contacts`. Leads that share an address are one organisation: only the first of them
        (by the day it was seen, then by id) is written to.
    """
    qualified = set(scores.filter(pl.col("decision") == "qualified")["lead_id"])
    chosen = leads.filter(pl.col("lead_id").is_in(qualified)).unique("lead_id").sort("first_seen_on", "lead_id")
    captured = rows_by_lead(captures.filter(pl.col("lead_id").is_in(qualified)))
    owners: dict[str, str] = {}
    rows = []
    for lead in chosen.iter_rows(named=True):
        found = email_candidates(lead, captured.get(lead["lead_id"], []))
        rows.append(_route(lead, found, owners))
    return frame_of("contacts", rows)


def email_candidates(lead: Row, captured: Iterable[Row]) -> list[EmailCandidate]:
    """The usable addresses of a lead, the best first: roles, free mail, persons; the record before the site."""
    found: dict[str, EmailOrigin] = {}
    record = _valid(lead.get("email") or "")
    if record:
        found[record] = "record"
    captured = list(captured)
    bodies = {row["final_url"] or row["url"]: row["body"] for row in captured if row["body"]}
    for site in judge_sites(identity_of(lead), captured):
        if site.verdict not in _OWN:
            continue
        own = {registered_domain(host) for host in (site.host, (record or "").rpartition("@")[2]) if host}
        for page in site.pages:
            for email in extract_emails(bodies.get(page.url, ""), page.url, lead.get("name") or ""):
                address = _valid(email.address)
                if address and (email.nearness != "other" or registered_domain(address.rpartition("@")[2]) in own):
                    found.setdefault(address, "site")
    candidates = [
        EmailCandidate(address, email_class_of(address, lead.get("name") or ""), origin)
        for address, origin in found.items()
    ]
    return sorted(candidates, key=lambda candidate: _CLASS_ORDER.index(candidate.email_class))


def email_class_of(address: str, name: str) -> EmailClass:
    """Whether an address is a role's, a free-mail account or a person's."""
    local, _, domain = address.partition("@")
    if is_free_mail(domain):
        return "free_mail"
    words = slug_words(local.partition("+")[0])
    joined = "".join(words)
    business = set(without_legal_forms(slug_words(name)))
    if joined in _ROLES or any(word in _ROLES for word in words) or (words and set(words) <= business):
        return "role"
    label = registered_domain(domain).partition(".")[0].replace("-", "")
    return (
        "role" if joined and (joined in "".join(slug_words(name)) or joined == label) and len(joined) > 3 else "person"
    )


def _route(lead: Row, found: Sequence[EmailCandidate], owners: dict[str, str]) -> dict[str, Any]:
    row: dict[str, Any] = {"lead_id": lead["lead_id"], "phone": lead.get("phone")}
    best = found[0] if found else None
    without_email = "phone" if lead.get("phone") else "visit"
    if best is None:
        known = "a telephone number is known" if lead.get("phone") else "no telephone number is known either"
        return row | {"route": without_email, "reason": f"No email address is published; {known}."}
    row |= {"organisation": best.address}
    if owners.setdefault(best.address, lead["lead_id"]) != lead["lead_id"]:
        return row | {
            "route": without_email,
            "reason": "Its email address is that of another lead, the same organisation, which is written to once.",
        }
    where = "its place record" if best.origin == "record" else "its own site"
    what = {"role": "a role address", "free_mail": "a free-mail address", "person": "a person's address"}[
        best.email_class
    ]
    return row | {
        "route": "email",
        "email": best.address,
        "email_class": best.email_class,
        "email_origin": best.origin,
        "reason": f"It publishes {what} in {where}." if best.origin == "record" else f"It publishes {what} on {where}.",
    }


def _valid(text: str) -> str | None:
    """The address in lower case if it is well-formed and reaches somebody who reads it."""
    address = plain_address(text)
    if address is None:
        return None
    local, _, domain = address.rpartition("@")
    return None if local in _NEVER or is_decoy(domain) else address
