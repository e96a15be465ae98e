"""Requests for a pipeline run that came through the API: rows that a sensor turns into runs."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from leadgen_assets.storage.ledger import Connection


def pending_requests(connection: Connection) -> list[dict[str, Any]]:
    """Requests for which no run is known yet, oldest first."""
    return list(
        connection.execute("SELECT * FROM pipeline_requests WHERE status = 'pending' ORDER BY requested_at, id")
    )


def refuse_request(connection: Connection, request_id: UUID, detail: str, at: datetime) -> None:
    """Note that no run can be started, and why."""
    connection.execute(
        "UPDATE pipeline_requests SET status = 'failed', detail = %s, updated_at = %s WHERE id = %s",
        (detail, at, request_id),
    )


def follow_requests(connection: Connection, run_of: Callable[[str], tuple[str, str] | None], at: datetime) -> None:
    """Write down, for every request that has not ended, what `run_of(request id)` says of its run: id and status."""
    open_requests = connection.execute(
        "SELECT id FROM pipeline_requests WHERE status IN ('pending', 'launched')"
    ).fetchall()
    for row in open_requests:
        found = run_of(str(row["id"]))
        if found is not None:
            connection.execute(
                "UPDATE pipeline_requests SET run_id = %s, status = %s, updated_at = %s WHERE id = %s",
                (*found, at, row["id"]),
            )
