"""A batch of events as the one JSON array that a statement stores, each event with its judgement.

The statement is in `store`, the rules are in `verdicts`. One text is read faster by PostgreSQL and written faster here
than an array for each column.
"""

from bisect import bisect
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import orjson

from tracking_service.events import TrackingEvent
from tracking_service.histories import hit_of
from tracking_service.verdicts import AGE_LIMITS_SECONDS, TELLING_AGES_SECONDS, judge

_JUDGEMENTS_KEPT = 1000


def json_rows(events: Iterable[TrackingEvent], sent_times: Mapping[int, float]) -> str:
    """The events as a JSON array of objects.

    Args:
        events: what was requested.
        sent_times: when messages were sent, in seconds since 1970, by the number of the message.

    Returns:
        For each event `id`, `outreach_id`, `event_type`, `url_clicked`, `method`, `network`, `user_agent`, `headers`,
        `occurred_at` (seconds since 1970), and `verdict` and `reasons` (joined by "; "); where it is not known when the
        message was sent, `judgements` instead of those two: one such pair for each of TELLING_AGES_SECONDS.
    """
    return orjson.dumps([_row(event, sent_times.get(event.outreach_id.int)) for event in events]).decode()


def _row(event: TrackingEvent, sent_at: float | None) -> dict[str, Any]:
    headers, occurred_at = orjson.dumps(event.headers), event.occurred_at.timestamp()
    row = {
        "id": event.id,
        "outreach_id": event.outreach_id,
        "event_type": event.event_type,
        "url_clicked": event.url_clicked,
        "method": event.method,
        "network": event.network,
        "user_agent": event.user_agent,
        "headers": orjson.Fragment(headers),
        "occurred_at": occurred_at,
    }
    if sent_at is None:
        ages = range(len(TELLING_AGES_SECONDS))
        row["judgements"] = [_judgement(event.event_type, event.method, event.user_agent, headers, age) for age in ages]
    else:
        age = 1 + bisect(AGE_LIMITS_SECONDS, occurred_at - sent_at)
        row["verdict"], row["reasons"] = _judgement(event.event_type, event.method, event.user_agent, headers, age)
    return row


@lru_cache(_JUDGEMENTS_KEPT)  # few programs make most of all hits
def _judgement(event_type: str, method: str, user_agent: str | None, headers: bytes, age: int) -> tuple[str, str]:
    """Verdict and reasons at one of the telling ages."""
    hit = hit_of(event_type, method, user_agent, orjson.loads(headers), TELLING_AGES_SECONDS[age])
    verdict, reasons = judge(hit)
    return verdict, "; ".join(reasons)
