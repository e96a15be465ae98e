"""A batch of events as the columns that one statement stores, each event with its judgement.

The statement is in `store`, the rules are in `verdicts`.
"""

from bisect import bisect
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson

from tracking_service.events import TrackingEvent
from tracking_service.histories import hit_of
from tracking_service.verdicts import AGE_LIMITS_SECONDS, TELLING_AGES_SECONDS, judge

_JUDGEMENTS_KEPT = 1000


def columns(events: Sequence[TrackingEvent], sent_times: Mapping[int, float]) -> list[tuple[Any, ...]]:
    """One tuple for each parameter of the statement, with a value for each event.

    Args:
        events: at least one.
        sent_times: when messages were sent, in seconds since 1970, by the number of the message.

    Returns:
        id, message, type, destination, method, network, user agent, headers (JSON), moment (seconds since 1970),
        verdict, reasons (joined by "; "), and, where it is not known when the message was sent, instead of those two
        the judgement for each of TELLING_AGES_SECONDS (JSON).
    """
    rows = []
    for event in events:
        headers = orjson.dumps(event.headers).decode()
        signals = (event.event_type, event.method, event.user_agent, headers)
        occurred_at = event.occurred_at.timestamp()
        sent_at = sent_times.get(event.outreach_id.int)
        if sent_at is None:
            verdict = reasons = None
            every = [_judgement(*signals, age) for age in range(len(TELLING_AGES_SECONDS))]
            judgements = orjson.dumps(every).decode()
        else:
            verdict, reasons = _judgement(*signals, 1 + bisect(AGE_LIMITS_SECONDS, occurred_at - sent_at))
            judgements = None
        rows.append(
            (
                event.id,
                event.outreach_id,
                event.event_type,
                event.url_clicked,
                event.method,
                event.network,
                event.user_agent,
                headers,
                occurred_at,
                verdict,
                reasons,
                judgements,
            )
        )
    return list(zip(*rows, strict=True))


@lru_cache(_JUDGEMENTS_KEPT)  # few programs make most of all hits
def _judgement(event_type: str, method: str, user_agent: str | None, headers: str, age: int) -> tuple[str, str]:
    """Verdict and reasons at one of the telling ages."""
    hit = hit_of(event_type, method, user_agent, orjson.loads(headers), TELLING_AGES_SECONDS[age])
    verdict, reasons = judge(hit)
    return verdict, "; ".join(reasons)
