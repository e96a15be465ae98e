"""A web search for a business: what is asked, which results may be its own site, and what an unanswered one means.

Asking belongs to `clients/search_engine.py`; whose site a result is, is judged in `sites` as for any other candidate.
"""

import json
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from leadgen_assets.domain.candidates import Candidate, bare_host, website_urls
from leadgen_assets.domain.hosts import host_kind
from leadgen_assets.domain.pages import Page
from leadgen_assets.domain.site_identity import BusinessIdentity, host_carries_name, identity_of, likeness

MOST_HOSTS_OF_A_SEARCH = 5
_RESULTS_LOOKED_AT = 20
# Signs by which search engines take a word for a command: another engine, a language, a phrase, an exclusion.
_COMMANDS = re.compile(r"^[\"“”„«»()!:?<>+~\-|]+|[\"“”„«»()]")
_HOME_PATH = re.compile(r"/?(index\.\w{2,5}|home|etusivu|[a-z]{2}([-_][a-z]{2})?/?)?", re.IGNORECASE)

Row = Mapping[str, Any]


def search_words(lead: Mapping[str, Any]) -> str | None:
    """What is asked for: name and city; None for a name that could not be compared with any page."""
    if not identity_of(lead).words:
        return None
    words = f"{lead.get('name') or ''} {lead.get('city') or ''}".split()
    return " ".join(filter(None, (_COMMANDS.sub("", word) for word in words))) or None


def found_candidates(business: BusinessIdentity, row: Row, known: Container[str]) -> list[Candidate]:
    """The results that look like the home page of a business of this name, each host once.

    A result counts if its host carries the name, or if it is a home page and its title carries the name: what else
    names a business is mostly a directory or a newspaper. Nobody's site is told from a result; that takes its pages.

    Args:
        business: whose site is sought.
        row: a row of `web_captures` of kind `search`.
        known: hosts that were asked already.
    """
    found: dict[str, Candidate] = {}
    for result in _detail(row).get("results", ())[:_RESULTS_LOOKED_AT]:
        url = next(website_urls(str(result.get("url") or "")), None)
        host = bare_host(url or "")
        if not url or host_kind(host) or host in known or not _is_promising(business, host, url, result):
            continue
        found.setdefault(host, Candidate(host, f"https://{host}/", "search"))
    return list(found.values())[:MOST_HOSTS_OF_A_SEARCH]


def search_doubt(rows: Iterable[Row]) -> str | None:
    """Why a lead's web search is no answer in full, or None where it is one or none was planned."""
    plan: dict[str, Any] = {}
    for row in rows:
        if row["kind"] == "search":
            return None if row["outcome"] == "answered" else _reason(row)
        plan = _detail(row) if row["kind"] == "plan" else plan
    return "was not asked" if plan.get("search") and not plan.get("settled_by") else None


def search_shown(rows: Iterable[Row]) -> str | None:
    """One clause about a web search that was answered in full, for people; None without one."""
    for row in rows:
        if row["kind"] == "search" and row["outcome"] == "answered":
            return f"shows {len(_detail(row).get('results', ()))} results for {row['url']!r}"
    return None


def _is_promising(business: BusinessIdentity, host: str, url: str, result: Mapping[str, Any]) -> bool:
    if host_carries_name(business, host):
        return True
    title = str(result.get("title") or "")
    page = Page(url=url, title=title, description="", headings=title, text="", has_viewport=False)
    return bool(_HOME_PATH.fullmatch(urlsplit(url).path)) and likeness(business, "", [page]).name


def _reason(row: Row) -> str:
    detail = _detail(row)
    silent: Sequence[str] = detail.get("silent_engines", ())
    if row["outcome"] == "partial":
        return f"was answered in part ({', '.join(silent[:5])} gave no answer)"
    return "was not asked in full" + (f" ({detail['detail']})" if detail.get("detail") else "")


def _detail(row: Row) -> dict[str, Any]:
    return json.loads(row["detail_json"] or "{}")
