"""What it means that a candidate shows no page: an answer, a failure that counts once it lasts, or no answer at all.

Pages that were found are judged in `sites`.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from leadgen_assets.domain.pages import is_challenge

Verdict = Literal[
    "theirs",  # the lead's own site, and it shows a page
    "somebody_else",  # a page that is not the lead's
    "elsewhere",  # leads to a social network, an aggregator or a free builder
    "parked",  # a parking page, a default page or one under construction
    "no_domain",  # no such name, or no address behind it
    "not_found",  # answers 404 or 410 everywhere
    "broken",  # answers 5xx or not at all, for long enough
    "unanswered",  # could not be asked in full
]
Row = Mapping[str, Any]

BROKEN_FOR = timedelta(hours=18)  # a site counts as broken once it was seen so on captures this far apart
GONE = frozenset({404, 410})


def failure(rows: Sequence[Row]) -> tuple[Verdict, str]:
    """What it means that no page was found."""
    asked = [row for row in rows if row["kind"] == "http"]
    names = [row for row in rows if row["kind"] == "dns"]
    failed = next((row for row in names if row["outcome"] in {"timeout", "servfail"}), None)
    if failed is not None:
        return "unanswered", f"the name servers gave no answer ({failed['outcome']})"
    if not asked:
        # a name without an address may still take mail: that it does not exist is said only where every answer says so
        missing = bool(names) and all(row["outcome"] == "nxdomain" for row in names)
        return "no_domain", "does not exist" if missing else "has no web address"
    statuses = {row["status"] for row in asked if row["status"] is not None}
    for row in asked:
        # a host without a certificate of its own is judged by what it answers over http, if it does
        doubt = None if row["outcome"] == "tls_error" and statuses else _no_answer(row)
        if doubt:
            return "unanswered", doubt
    if statuses and statuses <= GONE:
        return "not_found", f"answers with the error {min(statuses)} everywhere"
    worst = max((status for status in statuses if status >= 500), default=None)
    return "broken", f"answers with the error {worst}" if worst else "does not answer (an error on every port)"


def open_question(rows: Sequence[Row]) -> str | None:
    """Why pages that are not the lead's own do not settle a candidate: another of its addresses gave no answer."""
    failed = next((row for row in rows if row["kind"] == "dns" and row["outcome"] in {"timeout", "servfail"}), None)
    if failed is not None:
        return f"the name servers gave no answer ({failed['outcome']})"
    others = [row for row in rows if row["kind"] == "http" and (row["status"] is None or row["status"] >= 400)]
    main = (row for row in others if not json.loads(row["detail_json"] or "{}").get("followed"))
    return next((doubt for row in main if row["outcome"] != "tls_error" and (doubt := _no_answer(row))), None)


def _no_answer(row: Row) -> str | None:
    """Why one exchange is no answer in full, or None if it is one."""
    status, outcome = row["status"], row["outcome"]
    if outcome == "answered":
        if is_challenge(row.get("body")):
            return "asks whether we are human"
        if status in GONE or (status >= 500 and status != 503):
            return None
        return f"answers {status}"
    if outcome in {"refused", "reset", "redirect_loop"}:
        return None
    return "has no valid certificate" if outcome == "tls_error" else f"was not asked in full ({outcome})"


def broken_for_long(rows: Sequence[Row], earlier: Sequence[Row]) -> bool:
    """True where an earlier capture failed as well, long enough ago, and none since found a page."""
    now = _time(rows[0])
    captures: dict[Any, list[Row]] = defaultdict(list)
    for row in earlier:
        captures[_time(row).date()].append(row)
    for day in sorted(captures, reverse=True):
        group = captures[day]
        if any(row["status"] is not None and row["status"] < 400 for row in group):
            return False
        if failure(group)[0] == "broken" and now - _time(group[0]) >= BROKEN_FOR:
            return True
    return False


def _time(row: Row) -> datetime:
    value = row["captured_at"]
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
