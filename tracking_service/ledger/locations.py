"""Target locations as the management API reads and changes them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from tracking_service.ledger.pool import Connection

_COLUMNS = "id, city, state, country, lat, lng, categories, radius_meters, is_active, created_at"


async def list_locations(connection: Connection) -> list[dict[str, Any]]:
    """All of them, in the order they were added."""
    cursor = await connection.execute(f"SELECT {_COLUMNS} FROM target_locations ORDER BY created_at, city, id")
    return await cursor.fetchall()


async def read_location(connection: Connection, location_id: UUID) -> dict[str, Any] | None:
    """One location, held until the transaction ends; or None."""
    cursor = await connection.execute(
        f"SELECT {_COLUMNS} FROM target_locations WHERE id = %s FOR UPDATE", (location_id,)
    )
    return await cursor.fetchone()


async def add_location(connection: Connection, values: dict[str, Any], at: datetime) -> dict[str, Any] | None:
    """Store a location; None where there is one of the same city, state and country."""
    cursor = await connection.execute(
        "INSERT INTO target_locations"
        " (city, state, country, lat, lng, categories, radius_meters, is_active, created_at)"
        " VALUES (%(city)s, %(state)s, %(country)s, %(lat)s, %(lng)s, %(categories)s, %(radius_meters)s,"
        f" %(is_active)s, %(at)s) ON CONFLICT (city, state, country) DO NOTHING RETURNING {_COLUMNS}",
        values | {"at": at},
    )
    return await cursor.fetchone()


async def change_location(connection: Connection, location_id: UUID, values: dict[str, Any]) -> dict[str, Any]:
    """Write a location's whole new state, as it was checked."""
    cursor = await connection.execute(
        "UPDATE target_locations SET lat = %(lat)s, lng = %(lng)s, categories = %(categories)s,"
        f" radius_meters = %(radius_meters)s, is_active = %(is_active)s WHERE id = %(id)s RETURNING {_COLUMNS}",
        values | {"id": location_id},
    )
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 the caller holds the row
    return row
