"""Requests to erase in the ledger: what is asked, what is known about whom, and the end of it. SQL only.

They are written by the tracking service (`tracking_service/ledger/erasures.py`), for the API and the command line.
"""

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from leadgen_assets.storage.ledger import Connection

Rewrite = Callable[[str, dict[str, Any]], tuple[dict[str, Any], int]]


@dataclass(frozen=True, slots=True)
class ErasureRequest:
    """One request that is not carried out yet."""

    id: UUID
    lead_ids: list[UUID]


def pending_erasures(connection: Connection) -> list[ErasureRequest]:
    """The requests that wait, failed ones too, oldest first."""
    rows = connection.execute(
        "SELECT id, lead_ids FROM erasure_requests WHERE status <> 'done' ORDER BY requested_at, id"
    )
    return [ErasureRequest(row["id"], row["lead_ids"]) for row in rows]


def names_of(connection: Connection, lead_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """What the ledger still calls these leads: place_id, business_name, phone, email."""
    return connection.execute(
        "SELECT place_id, business_name, phone, email FROM leads WHERE id = ANY(%(ids)s) AND erased_at IS NULL"
        " UNION SELECT NULL, NULL, NULL, to_email FROM email_outreach"
        " WHERE lead_id = ANY(%(ids)s) AND to_email LIKE '%%@%%'",
        {"ids": list(lead_ids)},
    ).fetchall()


def messages_of(connection: Connection, lead_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """Id and hash of every message to these leads; `shared` where another lead's message has the same bytes."""
    return connection.execute(
        "SELECT o.id, o.message_sha256, EXISTS (SELECT 1 FROM email_outreach other"
        " WHERE other.message_sha256 = o.message_sha256 AND other.lead_id <> ALL(%(ids)s)) AS shared"
        " FROM email_outreach o WHERE o.lead_id = ANY(%(ids)s)",
        {"ids": list(lead_ids)},
    ).fetchall()


def rewrite_place_captures(connection: Connection, place_keys: Collection[str], rewrite: Rewrite) -> int:
    """Rewrite the captured answers that hold some places; how many records that took out."""
    ids = [key.partition(":")[2].rpartition("/")[2] for key in place_keys]
    removed = 0
    for row in list(_captures_naming(connection, ids)):
        payload, count = rewrite(row["source"], row["payload"])
        if count:
            connection.execute(
                "UPDATE captures SET payload = %s WHERE asset = 'places' AND partition_date = %s AND subject = %s",
                (Jsonb(payload), row["partition_date"], row["subject"]),
            )
        removed += count
    return removed


def replace_workbook(connection: Connection, day: date, content: bytes) -> int:
    """Store another workbook for a day that has one, how many there were; the figures stay as they were reported."""
    return connection.execute("UPDATE report_files SET content = %s WHERE report_date = %s", (content, day)).rowcount


def finish_erasure(connection: Connection, request: ErasureRequest, result: dict[str, Any], at: datetime) -> None:
    """Erase the leads in the ledger and note that the request is done, in the caller's one transaction."""
    for lead_id in request.lead_ids:
        connection.execute("SELECT erase_lead(%s, %s)", (lead_id, at))
    connection.execute(
        "UPDATE erasure_requests SET status = 'done', done_at = %s, result = %s WHERE id = %s",
        (at, Jsonb(result), request.id),
    )


def fail_erasure(connection: Connection, request_id: UUID, error: str) -> None:
    """Note why a request could not be carried out; it is tried again."""
    connection.execute(
        "UPDATE erasure_requests SET status = 'failed', result = %s WHERE id = %s AND status <> 'done'",
        (Jsonb({"error": error[:300]}), request_id),
    )


def _captures_naming(connection: Connection, ids: Collection[str]) -> Iterator[dict[str, Any]]:
    written = [json.dumps(one, ensure_ascii=False)[1:-1] for one in ids if one]
    yield from connection.execute(
        "SELECT partition_date, subject, source, payload FROM captures WHERE asset = 'places' AND EXISTS"
        " (SELECT 1 FROM unnest(%s::text[]) AS wanted (id) WHERE position(wanted.id IN payload::text) > 0)"
        " ORDER BY partition_date, subject",
        (written,),
    )
