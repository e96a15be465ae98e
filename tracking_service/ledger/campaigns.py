"""Campaigns with their counters: one a day, counted by a view."""

from datetime import date
from typing import Any

from tracking_service.ledger.pool import Connection


async def campaigns_page(connection: Connection, day: date | None, *, limit: int, offset: int) -> list[dict[str, Any]]:
    """The newest first; with a day, that one alone."""
    cursor = await connection.execute(
        "SELECT * FROM campaign_counters WHERE %(day)s::date IS NULL OR campaign_date = %(day)s"
        " ORDER BY campaign_date DESC LIMIT %(limit)s OFFSET %(offset)s",
        {"day": day, "limit": limit, "offset": offset},
    )
    return await cursor.fetchall()


async def count_campaigns(connection: Connection, day: date | None) -> int:
    """How many there are."""
    row = await (
        await connection.execute(
            "SELECT count(*) AS n FROM campaigns WHERE %(day)s::date IS NULL OR campaign_date = %(day)s", {"day": day}
        )
    ).fetchone()
    return row["n"] if row else 0
