"""The web presence of leads: one row for each check, with its evidence, from the captures of one day.

"Absent" is said only after every candidate was answered in full. Points belong to `scoring`.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from leadgen_assets.domain.candidates import website_urls
from leadgen_assets.domain.contact_candidates import public_emails, site_emails
from leadgen_assets.domain.hosts import HostKind, host_kind, registered_domain
from leadgen_assets.domain.mail_domains import MailState, mail_states
from leadgen_assets.domain.page_checks import PAGE_CHECKS, check_pages
from leadgen_assets.domain.pages import Page
from leadgen_assets.domain.public_pages import unread_hosts
from leadgen_assets.domain.registrations import check_registration
from leadgen_assets.domain.site_identity import identity_of
from leadgen_assets.domain.sites import WEB_SEARCH, Site, State, judge_sites
from leadgen_assets.domain.web_search import search_shown
from leadgen_assets.storage.schemas import frame_of

CHECKS = (
    "operational", "own_site", "registration",
    "domain_exists", "answers", "parked", "https", "viewport",
    "title_and_description", *PAGE_CHECKS, "builder", "social_page", "email_published", "phone_known", "rating",
)  # fmt: skip
GOOD_RATING = 4.0
_RATING_SOURCES = frozenset({"google"})
_NO_DOMAIN, _FAULTY = frozenset({"no_domain"}), frozenset({"not_found", "broken"})

_KIND_WORDS: dict[HostKind, str] = {
    "social": "a social network",
    "link_page": "a link page",
    "aggregator": "a directory",
    "builder": "a free site builder",
}

Finding = tuple[State, str]
Row = Mapping[str, Any]


def judge_presence(leads: pl.DataFrame, captures: pl.DataFrame, earlier: pl.DataFrame | None = None) -> pl.DataFrame:
    """Every check of every lead that was captured.

    Args:
        leads: rows of `leads`, at least those of the captured leads.
        captures: rows of `web_captures` of one day.
        earlier: rows of `web_captures` of days before, of the same leads; bodies may be missing.

    Returns:
        A frame with the columns of `web_presence`, ordered by lead. A captured lead that is not in `leads` (erased
        since) has no rows.
    """
    before = rows_by_lead(earlier) if earlier is not None else {}
    known = {row["lead_id"]: row for row in leads.iter_rows(named=True)}
    rows: list[dict[str, Any]] = []
    for lead_id, captured in sorted(rows_by_lead(captures).items()):
        if lead_id in known:
            rows += _presence_of(known[lead_id], captured, before.get(lead_id, []))
    return frame_of("web_presence", rows)


def rows_by_lead(captures: pl.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """Rows of `web_captures` by lead, each lead's in the order in which they were captured."""
    grouped: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in captures.sort("captured_at", "ordinal", maintain_order=True).iter_rows(named=True):
        grouped[row["lead_id"]].append(row)
    return grouped


def is_closed(lead: Row) -> bool:
    """True for a business that its source calls closed for good."""
    return lead.get("business_status") == "closed_permanently"


def own_site_of(sites: Iterable[Site]) -> Site | None:
    """The lead's own site, the best of them where it has several."""
    return min((site for site in sites if site.verdict == "theirs"), key=lambda site: site.faults, default=None)


def _presence_of(lead: Row, captured: Sequence[Row], earlier: Sequence[Row]) -> list[dict[str, Any]]:
    at = max(row["captured_at"] for row in captured)
    sites = judge_sites(identity_of(lead), captured, earlier)
    closed = is_closed(lead)
    findings = (
        dict.fromkeys(CHECKS, ("not_applicable", "The business is closed for good."))
        if closed
        else _findings(lead, sites, captured, at)
    )
    findings["operational"] = ("absent", "Its source calls it closed for good.") if closed else ("present", "")
    own = own_site_of(sites)
    asked = [
        {"host": site.host, "origin": site.origin, "verdict": site.verdict, "reason": site.reason} for site in sites
    ]
    if shown := search_shown(captured):
        asked.append({"host": WEB_SEARCH, "origin": "search", "verdict": "answered", "reason": shown})
    evidence = {"own_site": json.dumps({"site_url": own.url if own else None, "candidates": asked}, ensure_ascii=False)}
    return [
        {
            "lead_id": lead["lead_id"],
            "check": check,
            "state": findings[check][0],
            "detail": findings[check][1],
            "evidence_json": evidence.get(check, json.dumps({"site_url": own.url if own else None})),
            "captured_at": at,
        }
        for check in CHECKS
    ]


def _findings(lead: Row, sites: Sequence[Site], captured: Sequence[Row], at: datetime) -> dict[str, Finding]:
    state, sentence = _own_site(lead, sites, captured)
    own = own_site_of(sites) if state == "present" else None
    # the listed address is spoken of where there is no own site behind it
    listed = own or next((site for site in sites if site.origin == "record"), None)
    pages = own.pages if own else ()
    return {
        "own_site": (state, sentence),
        "domain_exists": _of_listed(listed, _NO_DOMAIN, {"unanswered"}),
        "answers": _of_listed(listed, _FAULTY, {"unanswered", "no_domain"}),
        "parked": _parked(listed),
        "registration": check_registration(captured),
        **_of_page(own),
        **check_pages(pages, at),
        "builder": _builder(lead, sites),
        "social_page": _social_page(lead, state, sites, pages),
        "email_published": _email_published(lead, state, own, captured),
        "phone_known": ("present", "") if lead.get("phone") else ("absent", "No telephone number is known."),
        "rating": _rating(lead),
    }


def _own_site(lead: Row, sites: Sequence[Site], captured: Sequence[Row]) -> Finding:
    """Whether there is an own site that shows a page, and the one sentence for people about it."""
    own = own_site_of(sites)
    open_questions = [site for site in sites if site.verdict == "unanswered"]
    if own is not None and (own.is_healthy or not open_questions):
        return "present", _sentence_about(own)
    if open_questions:
        first = open_questions[0]
        return "unknown", f"Not known yet: {first.host} {first.reason}."
    pages = [url for url in website_urls(lead.get("website")) if host_kind(_host(url))]
    pages += [url for url in (lead.get("facebook"), lead.get("instagram")) if url]
    if not sites and not pages:
        return "unknown", "Not known: neither the record nor the name gives an address that could be asked."
    return "absent", _sentence_without(sites, pages, mail_states(captured))


def _sentence_about(own: Site) -> str:
    page = own.pages[0]
    missing = [
        text
        for text, is_missing in (
            ("no https", own.https == "absent"),
            ("no mobile layout", not page.has_viewport),
            ("no title", not page.title),
            ("no description", not page.description),
        )
        if is_missing
    ]
    return (
        f"Its own website {own.host} works, with {_listed(missing)}."
        if missing
        else f"Its own website {own.host} is in order."
    )


def _sentence_without(sites: Sequence[Site], pages: Sequence[str], mail: Mapping[str, MailState]) -> str:
    listed = next((site for site in sites if site.origin == "record"), None)
    if listed is not None:
        takes_mail = listed.verdict == "no_domain" and mail.get(registered_domain(listed.host)) == "accepts"
        what = {
            "no_domain": "has no web address (its domain takes mail)" if takes_mail else listed.reason,
            "elsewhere": "leads to a social network or a directory, not to a site of its own",
        }.get(listed.verdict, listed.reason)
        return f"The listed address {listed.host} {what}."
    if pages:
        host = _host(pages[0])
        return f"No website of its own; it has a page on {host}, {_KIND_WORDS[host_kind(host) or 'aggregator']}."
    return f"No website found: none of {len(sites)} likely addresses leads to a site of its own."


def _of_listed(listed: Site | None, bad: frozenset[str], unclear: set[str]) -> Finding:
    if listed is None:
        return "not_applicable", "No address is listed."
    if listed.verdict in bad:
        return "absent", f"{listed.host} {listed.reason}."
    if listed.verdict in unclear:
        return ("not_applicable" if listed.verdict == "no_domain" else "unknown"), f"{listed.host} {listed.reason}."
    return "present", f"{listed.host} {listed.reason}."


def _parked(listed: Site | None) -> Finding:
    if listed is None or listed.verdict in {"no_domain", "not_found", "broken"}:
        return "not_applicable", "There is no page to look at."
    if listed.verdict == "unanswered":
        return "unknown", f"{listed.host} {listed.reason}."
    return ("present", f"{listed.host} {listed.reason}.") if listed.verdict == "parked" else ("absent", "")


def _of_page(own: Site | None) -> dict[str, Finding]:
    """The checks of a page; they apply to an own site only, since without one they would count the same thing again."""
    if own is None:
        return dict.fromkeys(
            ("https", "viewport", "title_and_description"), ("not_applicable", "There is no own site to look at.")
        )
    page = own.pages[0]
    # what scripts fill may hold whatever the page itself lacks
    lacking: State = "unknown" if page.is_filled_by_scripts else "absent"
    return {
        "https": (own.https, "" if own.https == "present" else f"{own.host} has no valid https."),
        "viewport": ("present", "") if page.has_viewport else (lacking, "The page names no viewport for phones."),
        "title_and_description": (
            ("present", "")
            if page.title and page.description
            else (lacking, "The page lacks its title or its description.")
        ),
    }


def _builder(lead: Row, sites: Sequence[Site]) -> Finding:
    """Whether the listed address, or where it leads, is a page of a free site builder."""
    urls = [*website_urls(lead.get("website")), *(site.url for site in sites if site.origin == "record" and site.url)]
    if not urls:
        return "not_applicable", "No address is listed."
    found = next((url for url in urls if host_kind(_host(url)) == "builder"), None)
    return ("present", f"Its listed page is on {_host(found)}, a free site builder.") if found else ("absent", "")


def _social_page(lead: Row, own_state: State, sites: Sequence[Site], pages: Sequence[Page]) -> Finding:
    known = [lead.get("facebook"), lead.get("instagram"), *website_urls(lead.get("website"))]
    known += [site.url for site in sites if site.verdict == "elsewhere" and site.origin == "record"]
    linked = [url for page in pages for url, _ in page.links if "share" not in url and "intent" not in url]
    found = next((url for url in (*known, *linked) if url and host_kind(_host(url)) in {"social", "link_page"}), None)
    if found:
        return "present", f"It has a page on {_host(found)}."
    return (
        ("unknown", "Its site is not known yet.")
        if own_state == "unknown"
        else ("absent", "No social page is listed or linked.")
    )


def _email_published(lead: Row, own_state: State, own: Site | None, captured: Sequence[Row]) -> Finding:
    if lead.get("email"):
        return "present", "The record carries an email address."
    if own and any(site_emails(own, captured, lead)):
        return "present", "Its site shows an email address."
    if any(public_emails(captured, lead.get("name") or "")):
        return "present", "Its public page shows an email address."
    if own_state == "unknown":
        return "unknown", "Its site is not known yet."
    unread = unread_hosts(lead, captured)
    if unread:
        return "unknown", f"No email address was found; its page on {unread[0]} is not read and may show one."
    return "absent", "No email address was found."


def _rating(lead: Row) -> Finding:
    rating = lead.get("rating")
    if rating is None:
        can_tell = _RATING_SOURCES.intersection(lead.get("sources") or ())
        return ("absent", "It has no rating yet.") if can_tell else ("not_applicable", "Its sources carry no ratings.")
    return ("present" if rating >= GOOD_RATING else "absent"), f"It is rated {rating:g} of 5."


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].removeprefix("www.").lower()


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
