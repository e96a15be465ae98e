"""One lead's search from plan to rows: its candidates in order, until one of them settles the question.

Asking is handed in as functions; whose site it is, is judged in `sites`.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from leadgen_assets.domain.candidates import Candidate, SearchPlan, search_plan
from leadgen_assets.domain.presence import is_closed
from leadgen_assets.domain.public_pages import linked_candidates, pages_to_read
from leadgen_assets.domain.site_identity import BusinessIdentity, identity_of
from leadgen_assets.domain.sites import Site, detail_of, judge_site, pages_to_follow
from leadgen_assets.domain.web_search import found_candidates, search_words

Lead = Mapping[str, Any]
Row = dict[str, Any]
Probe = Callable[[str, str, "SiteReading"], Awaitable[list[Row]]]
ReadPage = Callable[[str], Awaitable[list[Row]]]
Search = Callable[[str], Awaitable[Row]]

MOST_BYTES_OF_A_LEAD = 4 * 1024 * 1024
_MOST_BYTES_OF_AN_ANSWER = 640 * 1024  # the limit of a body and what a last read may exceed it by


class SiteReading:
    """What the answers about one candidate mean while it is asked; see `clients/probing.py`.

    Args:
        business: whose site it may be.
        host: the candidate's host.
        before: rows of the lead's candidates that were asked before.
    """

    def __init__(self, business: BusinessIdentity, host: str, before: Sequence[Row]) -> None:
        self._business, self._host = business, host
        self._read_before = _received_bytes(before)
        self._judged: tuple[int, Site] | None = None

    def is_settled(self, rows: list[Row]) -> bool:
        """True once the candidate shows the lead's own site, with a page and without doubt."""
        return self.site(rows).verdict == "theirs"

    def pages_to_follow(self, rows: list[Row]) -> list[str]:
        """The contact page of a site that may be the lead's own."""
        return pages_to_follow(self.site(rows), rows) if rows else []

    def site(self, rows: list[Row]) -> Site:
        """The candidate, judged by its rows, of which there can only be more."""
        if self._judged is None or self._judged[0] != len(rows):
            self._judged = len(rows), judge_site(self._business, self._host, rows)
        return self._judged[1]

    def may_read_more(self, rows: list[Row]) -> bool:
        """False once another answer could exceed what is read for one lead."""
        return self._read_before + _received_bytes(rows) + _MOST_BYTES_OF_AN_ANSWER <= MOST_BYTES_OF_A_LEAD


async def probe_lead(
    probe: Probe,
    lead: Lead,
    tlds: Sequence[str],
    at: datetime,
    search: Search | None = None,
    read_page: ReadPage | None = None,
) -> list[Row]:
    """Everything asked for one lead: the plan first, then the answers.

    The web is searched only if no other candidate settled the question, and public pages are read only then.

    Args:
        probe: asks one candidate, given its address, its origin and what reads the answers.
        lead: a row of `leads`.
        tlds: see `search_plan`.
        at: the time of the plan.
        read_page: reads a page of the lead on a host that is not its own, and gives rows of kind `public_page`.
        search: asks a search engine for some words, and gives a row of kind `search`; None where none is set up.

    Returns:
        Rows with the columns of `web_captures` except lead_id and ordinal. A closed business is not asked about.
    """
    plan = SearchPlan((), ()) if is_closed(lead) else search_plan(lead, tlds)
    business = identity_of(lead)
    rows: list[Row] = []
    settled_by = await _ask(probe, plan.candidates, business, rows)
    if read_page and settled_by is None and not is_closed(lead):
        read = [row for url in pages_to_read(lead) for row in await read_page(url)]
        rows += read
        linked = linked_candidates(business, read, {candidate.host for candidate in plan.candidates})
        plan = SearchPlan((*plan.candidates, *linked), plan.elsewhere)
        settled_by = await _ask(probe, linked, business, rows)
    words = None if search is None or is_closed(lead) else search_words(lead)
    if search and words and settled_by is None:
        answer = await search(words)
        rows.append(answer)
        found = found_candidates(business, answer, {candidate.host for candidate in plan.candidates})
        plan = SearchPlan((*plan.candidates, *found), plan.elsewhere)
        settled_by = await _ask(probe, found, business, rows)
    detail = json.dumps(plan.as_json() | {"settled_by": settled_by, "search": words is not None}, ensure_ascii=False)
    blank = dict.fromkeys(("origin", "url", "status", "final_url", "content_type", "body"))
    return [blank | {"kind": "plan", "outcome": "planned", "detail_json": detail, "captured_at": at.isoformat()}, *rows]


async def _ask(
    probe: Probe, candidates: Sequence[Candidate], business: BusinessIdentity, rows: list[Row]
) -> str | None:
    """Add the answers of each candidate to the rows, up to the first that settles the question; returns its host."""
    for candidate in candidates:
        reading = SiteReading(business, candidate.host, rows)
        found = await probe(candidate.url, candidate.origin, reading)
        rows += found
        if found and reading.site(found).is_healthy:
            return candidate.host
    return None


def _received_bytes(rows: Sequence[Row]) -> int:
    asked = (row for row in rows if row["kind"] in {"http", "robots", "public_page"})
    return sum(detail_of(row).get("received_bytes") or 0 for row in asked)
