"""Requests to erase a lead: who asks is suppressed and out of the queue at once, the rest is an asset's work."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from tracking_service.hashes import normal_address
from tracking_service.ledger.pool import Connection
from tracking_service.ledger.suppressions import add_suppressions

_REASON = "erased"


async def leads_at(connection: Connection, address: str) -> list[UUID]:
    """The leads that have this address, or were written to at it, whatever plus tag."""
    wanted = [address.strip().lower(), normal_address(address)]
    cursor = await connection.execute(
        "SELECT id FROM leads WHERE lower(email) = ANY(%(wanted)s)"
        " UNION SELECT lead_id FROM email_outreach WHERE lower(to_email) = ANY(%(wanted)s) ORDER BY 1",
        {"wanted": wanted},
    )
    return [row["id"] for row in await cursor.fetchall()]


async def request_erasure(
    connection: Connection,
    secret: str,
    lead_ids: Sequence[UUID],
    addresses: Sequence[str],
    *,
    requested_by: str,
    at: datetime,
) -> dict[str, Any]:
    """Suppress the addresses and those of the leads, cancel what is queued for them, and ask for the erasure."""
    cursor = await connection.execute(
        "SELECT place_id, email FROM leads WHERE id = ANY(%(ids)s) AND erased_at IS NULL"
        " UNION SELECT NULL, to_email FROM email_outreach WHERE lead_id = ANY(%(ids)s) AND to_email LIKE '%%@%%'",
        {"ids": list(lead_ids)},
    )
    rows = await cursor.fetchall()
    known = [row["email"] for row in rows if row["email"]]
    places = [row["place_id"] for row in rows if row["place_id"]]
    wanted = [("address", address) for address in (*addresses, *known)] + [("place", place) for place in places]
    await add_suppressions(connection, secret, wanted, _REASON, at)
    await connection.execute(
        "UPDATE email_outreach SET status = 'cancelled', status_reason = 'erasure requested'"
        " WHERE lead_id = ANY(%s) AND status = 'queued'",
        (list(lead_ids),),
    )
    cursor = await connection.execute(
        "INSERT INTO erasure_requests (id, lead_ids, status, requested_by, requested_at, done_at)"
        " VALUES (%(id)s, %(leads)s, %(status)s, %(by)s, %(at)s, %(done)s) RETURNING *",
        {
            "id": uuid4(),
            "leads": list(lead_ids),
            "status": "pending" if lead_ids else "done",
            "by": requested_by,
            "at": at,
            "done": None if lead_ids else at,
        },
    )
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 an insert returns its row
    return row


async def read_erasure(connection: Connection, erasure_id: UUID) -> dict[str, Any] | None:
    """One request, or None."""
    cursor = await connection.execute("SELECT * FROM erasure_requests WHERE id = %s", (erasure_id,))
    return await cursor.fetchone()
