"""Suppressions as the management API lists and adds them: keyed hashes, never the address itself."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tracking_service.hashes import suppression_hash
from tracking_service.ledger.pool import Connection


async def suppressions_page(connection: Connection, *, limit: int, offset: int) -> list[dict[str, Any]]:
    """The newest first."""
    cursor = await connection.execute(
        "SELECT kind, reason, created_at, encode(hash, 'hex') AS hash FROM suppressions"
        " ORDER BY created_at DESC, hash LIMIT %s OFFSET %s",
        (limit, offset),
    )
    return await cursor.fetchall()


async def count_suppressions(connection: Connection) -> int:
    """How many there are."""
    row = await (await connection.execute("SELECT count(*) AS n FROM suppressions")).fetchone()
    return row["n"] if row else 0


async def add_suppressions(
    connection: Connection, secret: str, pairs: Iterable[tuple[str, str]], reason: str, at: datetime
) -> int:
    """Suppress each (kind, value); how many of them are new."""
    hashes = sorted({(kind, suppression_hash(secret, kind, value)) for kind, value in pairs})
    cursor = await connection.execute(
        "INSERT INTO suppressions (kind, hash, reason, created_at)"
        " SELECT kind, hash, %s, %s FROM unnest(%s::text[], %s::bytea[]) AS wanted (kind, hash)"
        " ON CONFLICT (kind, hash) DO NOTHING",
        (reason, at, [kind for kind, _ in hashes], [value for _, value in hashes]),
    )
    return cursor.rowcount


async def read_suppression(connection: Connection, secret: str, kind: str, value: str) -> dict[str, Any]:
    """The suppression of a value that is suppressed."""
    cursor = await connection.execute(
        "SELECT kind, reason, created_at, encode(hash, 'hex') AS hash FROM suppressions WHERE kind = %s AND hash = %s",
        (kind, suppression_hash(secret, kind, value)),
    )
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 the caller has just added it
    return row
