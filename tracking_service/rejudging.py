"""Stored hits judged again once the rest of their burst has arrived, in the transaction that stores the rest.

What the changed verdicts mean for leads and alerts follows by triggers. The rules are in `verdicts` and `histories`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from asyncpg import Connection

from tracking_service.events import TrackingEvent
from tracking_service.histories import in_context, moments_of
from tracking_service.verdicts import BURST_SECONDS, MANY_REQUESTS, VERSION, judge

# Two windows back: a hit at the edge of the window is judged among neighbours of its own.
_NEIGHBOURS = """
SELECT e.id, e.outreach_id, e.event_type, e.url_clicked, e.method, e.user_agent, e.headers, e.verdict, e.occurred_at,
       o.transmitting_at, o.sent_at
FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS burst (outreach_id, since, until)
JOIN email_outreach o ON o.id = burst.outreach_id
JOIN email_events e ON e.lead_id = o.lead_id AND e.outreach_id = o.id
    AND e.occurred_at BETWEEN burst.since AND burst.until
WHERE e.origin = 'tracking' AND e.event_type IN ('open', 'click')
ORDER BY e.outreach_id, e.occurred_at, e.id
"""

_NEW_VERDICTS = """
UPDATE email_events e SET verdict = new.verdict, reasons = string_to_array(new.reasons, '; '), verdict_version = $1
FROM unnest($2::uuid[], $3::text[], $4::text[]) AS new (id, verdict, reasons) WHERE e.id = new.id
"""


def begun_bursts(events: Iterable[TrackingEvent]) -> dict[UUID, tuple[datetime, datetime]]:
    """The messages whose earlier hits look different now, with the time within which to judge them again.

    A burst tells nothing new once it counts as one by its number of requests alone.
    """
    found: dict[UUID, tuple[datetime, datetime]] = {}
    for event in events:
        burst = event.headers.get("burst") or {}
        requests = burst.get("requests", 1)
        telling = burst.get("links", 1) > 1 or burst.get("honeypot") or burst.get("head_before")
        if 1 < requests <= MANY_REQUESTS and (telling or requests == MANY_REQUESTS):
            since, until = found.get(event.outreach_id, (event.occurred_at, event.occurred_at))
            found[event.outreach_id] = (min(since, event.occurred_at), max(until, event.occurred_at))
    return found


async def judge_again(connection: Connection, bursts: dict[UUID, tuple[datetime, datetime]]) -> None:
    """Give the hits around each burst the verdict that they have among their neighbours."""
    reach = timedelta(seconds=2 * BURST_SECONDS)
    rows = await connection.fetch(
        _NEIGHBOURS,
        list(bursts),
        [since - reach for since, _ in bursts.values()],
        [until + reach for _, until in bursts.values()],
    )
    changed = []
    for message in bursts:
        own = [row for row in rows if row["outreach_id"] == message]
        for row, hit in zip(own, in_context(moments_of(own)), strict=True):
            judgement = judge(hit)
            if judgement.verdict != row["verdict"] and row["verdict"] != "machine":
                changed.append((row["id"], judgement.verdict, "; ".join(judgement.reasons)))
    if changed:
        await connection.execute(_NEW_VERDICTS, VERSION, *zip(*sorted(changed), strict=True))
