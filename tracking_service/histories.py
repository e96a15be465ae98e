"""The hits of one message in each other's light: what came later tells about what came before.

Scanners follow all of a message within seconds. Its first request looks like any other until the rest arrives, so
stored hits are judged again among their neighbours. The rules themselves are in `verdicts`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

from tracking_service.verdicts import BURST_SECONDS, Hit


class Moment(NamedTuple):
    """One request of a message: when (seconds of any one clock), which link (None for the pixel), and its signals."""

    at: float
    link: str | None
    hit: Hit


def in_context(moments: Sequence[Moment]) -> list[Hit]:
    """The hits of one message, in the given order, with the burst around each: before it and after it."""
    ordered = sorted(moments, key=lambda moment: moment.at)
    return [_among(moment, ordered) for moment in moments]


def _among(own: Moment, ordered: Sequence[Moment]) -> Hit:
    burst = [moment for moment in ordered if abs(moment.at - own.at) <= BURST_SECONDS]
    if len(burst) == 1:
        return own.hit
    links = [moment for moment in burst if moment.link is not None]
    gaps = [later.at - earlier.at for earlier, later in pairwise(links) if earlier.link != later.link]
    gaps += [own.hit.link_gap_seconds] if own.hit.link_gap_seconds is not None else []
    return replace(
        own.hit,
        links_in_burst=max(own.hit.links_in_burst, len({moment.link for moment in links})),
        requests_in_burst=max(own.hit.requests_in_burst, len(burst)),
        link_gap_seconds=min(gaps, default=None),
        head_before=own.hit.head_before
        or any(m.hit.method == "HEAD" and m.link == own.link for m in links if m is not own),
        honeypot=own.hit.honeypot or any(moment.hit.honeypot for moment in burst),
    )


def hit_from_row(row: Mapping[str, Any]) -> Hit:
    """The hit behind a stored event, to judge it again.

    Args:
        row: columns `event_type`, `method`, `user_agent`, `headers` (mapping or JSON text), `occurred_at`, and of its
            message `transmitting_at` and `sent_at` (each may be missing or None).
    """
    headers = row.get("headers") or {}
    if isinstance(headers, str):
        headers = json.loads(headers)
    sent_at = row.get("transmitting_at") or row.get("sent_at")
    age_seconds = None if sent_at is None else (row["occurred_at"] - sent_at).total_seconds()
    return hit_of(row["event_type"], row.get("method"), row.get("user_agent"), headers, age_seconds)


def hit_of(
    event_type: str, method: str | None, user_agent: str | None, headers: Mapping[str, Any], age_seconds: float | None
) -> Hit:
    """The hit of an event at an age of its message; `burst` and `own_view` in its headers are what the edge knew."""
    burst = headers.get("burst")
    own_view = headers.get("own_view", False)
    if burst is None:  # by far the most common, so kept short
        return Hit(event_type, method or "GET", user_agent, headers, age_seconds, own_view=own_view)
    return Hit(
        event_type,
        method or "GET",
        user_agent,
        headers,
        age_seconds,
        burst.get("links", 1),
        burst.get("requests", 1),
        burst.get("link_gap_seconds"),
        burst.get("head_before", False),
        burst.get("honeypot", False),
        own_view,
    )


def moments_of(rows: Sequence[Mapping[str, Any]]) -> list[Moment]:
    """The requests behind stored hits of one message, in the given order."""
    return [
        Moment(
            row["occurred_at"].timestamp(),
            None if row["event_type"] == "open" else row.get("url_clicked") or row["event_type"],
            hit_from_row(row),
        )
        for row in rows
    ]
