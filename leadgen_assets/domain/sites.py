"""Whose site a candidate is, and whether it works: one verdict for one candidate, from its rows of `web_captures`.

A failure that may pass is never taken for an answer. Putting the verdicts of all candidates together belongs to
`presence`.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import urlsplit

from leadgen_assets.domain.candidates import bare_host
from leadgen_assets.domain.hosts import host_kind
from leadgen_assets.domain.pages import Page, contact_urls, guessed_contact_urls, is_challenge, parse_page
from leadgen_assets.domain.site_failures import GONE, Row, Verdict, broken_for_long, failure, open_question
from leadgen_assets.domain.site_identity import BusinessIdentity, Likeness, in_other_script, likeness
from leadgen_assets.domain.web_search import search_doubt

State = Literal["present", "absent", "unknown", "not_applicable"]

WEB_SEARCH = "the web search"  # in the place of a host
_FEWEST_CHARACTERS = 40
_ABOUT_SITES = frozenset({"dns", "http", "robots"})
_NO_TELLING = frozenset({"timeout", "servfail", "blocked", "disallowed", "robots_unknown", "over_budget"})
_REFUSALS = frozenset({401, 403, 429, 451, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Site:
    """One candidate, judged.

    Attributes:
        host: the candidate's host without `www.`.
        origin: record, email_domain, social, name or search.
        verdict: see `Verdict`.
        reason: one clause for people.
        url: where its page was found, None without a page.
        pages: what it shows, its home page first; of a site whose home page fails, a contact page that still stands.
        https: whether the page is served over valid https.
        seen: what the pages carry of the business.
        broken: it failed on this capture in a way that counts once it lasts.
    """

    host: str
    origin: str
    verdict: Verdict
    reason: str
    url: str | None = None
    pages: tuple[Page, ...] = ()
    https: State = "not_applicable"
    seen: Likeness | None = None
    broken: bool = False

    @property
    def is_healthy(self) -> bool:
        """The lead's own, over https, made for phones, with title and description."""
        return self.verdict == "theirs" and self.faults == 0

    @property
    def faults(self) -> int:
        """How many of the things are wrong that `presence` checks of a page; unknown ones count half."""
        page = self.pages[0] if self.pages else None
        if page is None:
            return 4
        https = {"present": 0, "unknown": 1}.get(self.https, 2)
        return https + 2 * (not page.has_viewport) + 2 * (not (page.title and page.description))


def candidate_of(row: Row) -> str:
    """The candidate host that a row belongs to."""
    return detail_of(row).get("candidate") or bare_host(str(row["url"]))


def judge_sites(business: BusinessIdentity, rows: Iterable[Row], earlier: Iterable[Row] = ()) -> list[Site]:
    """The candidates of one lead in the order in which they were asked; a web search without an answer is the last.

    Args:
        business: whose sites they may be.
        rows: the lead's rows of `web_captures` of one capture.
        earlier: rows of its captures before, which may lack bodies.
    """
    rows = list(rows)
    before: dict[str, list[Row]] = defaultdict(list)
    for row in earlier:
        before[candidate_of(row)].append(row)
    groups: dict[str, list[Row]] = defaultdict(list)
    unasked: dict[str, str] = {}
    for row in rows:
        if row["kind"] == "plan":
            unasked = _planned(row)
        elif row["kind"] in _ABOUT_SITES:
            groups[candidate_of(row)].append(row)
    sites = [judge_site(business, host, group, before[host]) for host, group in groups.items()]
    missing = ((host, origin) for host, origin in unasked.items() if host not in groups)
    sites += [Site(host, origin, "unanswered", "was not asked") for host, origin in missing]
    doubt = search_doubt(rows)
    return [*sites, Site(WEB_SEARCH, "search", "unanswered", doubt)] if doubt else sites


def judge_site(business: BusinessIdentity, host: str, rows: Sequence[Row], earlier: Sequence[Row] = ()) -> Site:
    """One candidate, from its rows: the best that any of its addresses (https, http, with and without `www.`) shows."""
    origin = str(rows[0]["origin"])
    good = [row for row in rows if row["kind"] == "http" and row["status"] is not None and row["status"] < 400]
    ways = [row for row in good if not detail_of(row).get("followed")]
    if not ways:
        return _failed_site(business, host, origin, rows, good, earlier)
    followed = [row for row in good if detail_of(row).get("followed")]
    landed = {row["final_url"] or row["url"]: row for row in reversed(ways)}
    sites = [_judge_page(business, host, origin, row, rows, followed) for row in reversed(landed.values())]
    theirs = [site for site in sites if site.verdict == "theirs"]
    if theirs:
        return min(theirs, key=lambda site: site.faults)
    # a page behind a bad certificate is what a shared server shows to everybody: it says nothing about others' sites
    sites = [site for site, row in zip(sites, reversed(landed.values()), strict=True) if not _bad_certificate(row)]
    doubt = next((site for site in sites if site.verdict == "unanswered"), None)
    if doubt is not None:
        return doubt
    if not sites:
        return Site(host, origin, "unanswered", "has no valid certificate")
    reason = open_question(rows)
    return Site(host, origin, "unanswered", reason, sites[0].url) if reason else sites[0]


def _judge_page(
    business: BusinessIdentity, host: str, origin: str, main: Row, rows: Sequence[Row], followed: Sequence[Row]
) -> Site:
    """What one of the candidate's addresses shows."""
    url = main["final_url"] or main["url"]
    final_host = urlsplit(url).hostname or ""
    if host_kind(final_host):
        return Site(host, origin, "elsewhere", f"leads to {final_host}", url)
    if is_challenge(main["body"]):
        return Site(host, origin, "unanswered", "asks whether we are human", url)
    if main["body"] is None or not _is_html(main):
        return Site(
            host, origin, "unanswered", f"shows no web page but {main['content_type'] or 'something else'}", url
        )
    pages = _pages([main, *followed])
    seen = likeness(business, host, pages)
    verdict, reason = _whose(business, origin, pages, seen, bool(detail_of(main).get("truncated")))
    return Site(host, origin, verdict, reason, url, pages, _https(main, rows), seen)


def pages_to_follow(site: Site, rows: Sequence[Row]) -> list[str]:
    """Further pages of a candidate that are worth asking: the contact page of a site that may be the lead's own.

    A healthy site that is confirmed as the lead's own is left alone.
    """
    if not site.pages:
        gone = next((row for row in rows if row["status"] in GONE), None)
        return guessed_contact_urls(gone["final_url"] or gone["url"]) if gone and site.origin == "record" else []
    if site.is_healthy or site.verdict in {"parked", "elsewhere"} or site.seen is None:
        return []
    worth = site.origin == "record" or site.verdict == "theirs" or site.seen.name or site.seen.part_of_name
    return contact_urls(site.pages[0]) if worth else []


def _failed_site(
    business: BusinessIdentity, host: str, origin: str, rows: Sequence[Row], good: Sequence[Row], earlier: Sequence[Row]
) -> Site:
    """A candidate whose home page does not answer; a contact page that still stands is kept if it is the lead's own."""
    verdict, reason = failure([row for row in rows if not detail_of(row).get("followed")])
    if verdict == "broken" and not broken_for_long(rows, earlier):
        return Site(host, origin, "unanswered", f"{reason}, seen once so far", broken=True)
    pages = _pages(good)
    if not pages or _whose(business, origin, pages, likeness(business, host, pages), False)[0] != "theirs":
        pages = ()
    return Site(host, origin, verdict, reason, pages=pages, broken=verdict == "broken")


def _pages(good: Sequence[Row]) -> tuple[Page, ...]:
    return tuple(
        parse_page(row["body"], row["final_url"] or row["url"]) for row in good if row["body"] and _is_html(row)
    )


def _whose(
    business: BusinessIdentity, origin: str, pages: Sequence[Page], seen: Likeness, truncated: bool
) -> tuple[Verdict, str]:
    home = pages[0] if pages else None
    if seen.phone:
        return "theirs", "carries its telephone number"
    if home is None or home.is_filled_by_scripts:
        return "unanswered", "is filled by scripts only"
    if (home.is_passing_error and not seen.name) or (home.is_error and seen.name):
        return "unanswered", "shows an error page that may pass"
    if home.is_error:
        return "not_found", "answers with the error page of a page that does not exist"
    if home.is_parked:
        return "parked", "shows a parking or placeholder page"
    if origin == "record" and (seen.name or seen.street or (seen.part_of_name and seen.city)):
        return "theirs", "is the listed address and carries its name or address"
    if seen.name and (seen.street or seen.city):
        return "theirs", "carries its name and address"
    doubt = _doubt(business, origin, home, seen, truncated)
    if doubt:
        return "unanswered", doubt
    return "somebody_else", "shows the site of somebody else"


def _doubt(business: BusinessIdentity, origin: str, home: Page, seen: Likeness, truncated: bool) -> str | None:
    """Why a page without confirmation may still be the lead's own, or None."""
    if not business.words:
        return "cannot be compared with a name without letters"
    if truncated or len(home.text) < _FEWEST_CHARACTERS:
        return "shows too little to tell whose it is"
    if origin not in {"name", "social"} and in_other_script(business, home.text):
        return "is written in other letters than its name"
    if seen.name and not (seen.contact_data and business.is_comparable):
        return "carries the name, but nothing to tell businesses of one name apart"
    if seen.part_of_name and (origin == "record" or (origin == "email_domain" and not seen.contact_data)):
        if origin == "record" and seen.contact_data and not _in_headings(business, home):
            return None  # its address is in the host only, and the page speaks of others
        return "carries a part of the name only"
    return None


def _in_headings(business: BusinessIdentity, home: Page) -> bool:
    return likeness(business, "", [home]).part_of_name


def _planned(row: Row) -> dict[str, str]:
    """Host and origin of every candidate that had to be asked; none where one of them settled the question."""
    plan = detail_of(row)
    return {} if plan.get("settled_by") else {item["host"]: item["origin"] for item in plan.get("candidates", ())}


def _https(main: Row, rows: Sequence[Row]) -> State:
    if (main["final_url"] or main["url"]).startswith("https://"):
        return "absent" if _bad_certificate(main) else "present"
    tries = [row for row in rows if row["kind"] == "http" and row["url"].startswith("https://")]
    if any(row["outcome"] in _NO_TELLING or row["status"] in _REFUSALS for row in tries):
        return "unknown"
    return "absent"


def _bad_certificate(row: Row) -> bool:
    return bool(detail_of(row).get("certificate_error"))


def _is_html(row: Row) -> bool:
    kind = row["content_type"] or ""
    return "html" in kind or (not kind and "<" in (row["body"] or "")[:500])


def detail_of(row: Row) -> dict[str, Any]:
    """What a row of `web_captures` says beside its columns; not to be changed."""
    return _parsed(row["detail_json"] or "{}")


@lru_cache(maxsize=2048)
def _parsed(text: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(text)
    return value
