"""Requests for a pipeline run: rows that a Dagster sensor turns into runs. This service never reaches Dagster."""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from tracking_service.ledger.pool import Connection


async def request_run(
    connection: Connection, day: date, *, dry_run: bool, requested_by: str, at: datetime
) -> dict[str, Any]:
    """Ask for a run of a day."""
    cursor = await connection.execute(
        "INSERT INTO pipeline_requests (id, partition_date, dry_run, requested_by, requested_at, updated_at)"
        " VALUES (%s, %s, %s, %s, %s, %s) RETURNING *",
        (uuid4(), day, dry_run, requested_by, at, at),
    )
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 an insert returns its row
    return row


async def read_request(connection: Connection, request_id: UUID) -> dict[str, Any] | None:
    """One request, or None."""
    cursor = await connection.execute("SELECT * FROM pipeline_requests WHERE id = %s", (request_id,))
    return await cursor.fetchone()
