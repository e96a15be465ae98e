"""The journal of observations: what the outside world answered, stored piece by piece before any partition is written.

A killed run resumes from here, and two runs never overwrite each other. Reading a partition back is all a past day
ever does. Nothing is interpreted here.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from leadgen_assets.storage.ledger import Connection

Observed = Literal["places", "web_captures", "draft_completions"]


@dataclass(frozen=True, slots=True)
class Capture:
    """One piece of an observation.

    Attributes:
        subject: unique within its asset and day.
        payload: any JSON value.
        hosts: whose answers it holds, where that is asked for (`captures_of_host`).
    """

    subject: str
    captured_at: datetime
    source: str
    payload: Any
    lead_id: UUID | None = None
    licence: str | None = None
    hosts: Sequence[str] = ()


def store_capture(connection: Connection, asset: Observed, day: date, capture: Capture) -> bool:
    """Store one capture unless its subject was already captured that day; true if it was new."""
    stored = connection.execute(
        "INSERT INTO captures (asset, partition_date, subject, lead_id, captured_at, source, licence, payload, hosts)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (
            asset,
            day,
            capture.subject,
            capture.lead_id,
            capture.captured_at,
            capture.source,
            capture.licence,
            _json(capture),
            list(capture.hosts),
        ),
    )
    return stored.rowcount == 1


def read_captures(connection: Connection, asset: Observed, day: date) -> list[Capture]:
    """Everything captured for one asset and day, ordered by subject."""
    rows = connection.execute(
        "SELECT subject, lead_id, captured_at, source, licence, payload FROM captures"
        " WHERE asset = %s AND partition_date = %s ORDER BY subject",
        (asset, day),
    )
    return [Capture(**row) for row in rows]


def captures_of_host(connection: Connection, asset: Observed, day: date, host: str) -> list[Capture]:
    """What was captured of one host on a day, whoever it was captured for, the earliest first."""
    rows = connection.execute(
        "SELECT subject, lead_id, captured_at, source, licence, payload FROM captures"
        " WHERE asset = %s AND partition_date = %s AND hosts @> ARRAY[%s] ORDER BY captured_at, subject",
        (asset, day, host),
    )
    return [Capture(**row) for row in rows]


def captured_subjects(connection: Connection, asset: Observed, since: date) -> set[str]:
    """The subjects of an asset captured on `since` or any later day, to know what an outage left undone."""
    rows = connection.execute(
        "SELECT DISTINCT subject FROM captures WHERE asset = %s AND partition_date >= %s", (asset, since)
    )
    return {row["subject"] for row in rows}


def capture_days(connection: Connection, asset: Observed, since: date) -> dict[str, list[date]]:
    """The days on which each subject of an asset was captured, in order, from `since` on."""
    rows = connection.execute(
        "SELECT subject, array_agg(partition_date ORDER BY partition_date) AS days FROM captures"
        " WHERE asset = %s AND partition_date >= %s GROUP BY subject",
        (asset, since),
    )
    return {row["subject"]: row["days"] for row in rows}


def _json(capture: Capture) -> Jsonb:
    # PostgreSQL's JSON cannot hold NUL characters, and pages of other people's sites do contain them.
    return Jsonb(capture.payload, dumps=lambda value: json.dumps(value, ensure_ascii=False).replace("\\u0000", ""))
