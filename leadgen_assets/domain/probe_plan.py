"""One lead's search from plan to rows: its candidates in order, until one of them settles the question.

Asking is handed in as a function; whose site it is, is judged in `sites`.
"""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from leadgen_assets.domain.candidates import SearchPlan, search_plan
from leadgen_assets.domain.presence import is_closed
from leadgen_assets.domain.site_identity import identity_of
from leadgen_assets.domain.sites import judge_site, pages_to_follow

Lead = Mapping[str, Any]
Row = dict[str, Any]
Probe = Callable[[str, str, Callable[[list[Row]], Iterable[str]]], Awaitable[list[Row]]]


async def probe_lead(probe: Probe, lead: Lead, tlds: Sequence[str], at: datetime) -> list[Row]:
    """Everything asked for one lead: the plan first, then the answers.

    Args:
        probe: asks one candidate, given its address, its origin and a function that names pages to follow.
        lead: a row of `leads`.
        tlds: see `search_plan`.
        at: the time of the plan.

    Returns:
        Rows with the columns of `web_captures` except lead_id and ordinal. A closed business is not asked about.
    """
    plan = SearchPlan((), ()) if is_closed(lead) else search_plan(lead, tlds)
    business = identity_of(lead)
    rows: list[Row] = []
    settled_by = None
    for candidate in plan.candidates:
        found = await probe(candidate.url, candidate.origin, partial(pages_to_follow, business))
        rows += found
        if found and judge_site(business, candidate.host, found).is_healthy:
            settled_by = candidate.host
            break
    detail = json.dumps(plan.as_json() | {"settled_by": settled_by}, ensure_ascii=False)
    blank = dict.fromkeys(("origin", "url", "status", "final_url", "content_type", "body"))
    return [blank | {"kind": "plan", "outcome": "planned", "detail_json": detail, "captured_at": at.isoformat()}, *rows]
