"""The places where the operator looks for businesses: table `target_locations`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from leadgen_assets.storage.ledger import Connection
from tracking_service.locations import location_problem, tidy_categories

DEFAULT_CATEGORIES = (
    "restaurant", "cafe", "store", "clothing_store", "food_store", "bakery", "florist", "beauty_salon", "gym",
    "electronics_store",
    "home_goods_store", "jewelry_store", "pet_store", "shoe_store",
)  # fmt: skip
_COLUMNS = "id, city, state, country, lat, lng, categories, radius_meters, is_active"


class TargetError(Exception):
    """The target cannot be stored; one sentence that says what to mend."""


@dataclass(frozen=True, slots=True)
class Target:
    """One town or district and what to look for in it.

    Attributes:
        lat: degrees of its middle; without `lat` and `lng` it is searched for by name alone.
        categories: Google place types.
        radius_meters: how far around the middle.
    """

    id: UUID
    city: str
    state: str | None
    country: str | None
    lat: float | None
    lng: float | None
    categories: tuple[str, ...]
    radius_meters: int
    is_active: bool

    @property
    def label(self) -> str:
        """City, state and country: unique among targets, and the same in every database."""
        return ", ".join(part for part in (self.city, self.state, self.country) if part)


def list_targets(connection: Connection, *, active_only: bool = False) -> list[Target]:
    """All targets, or those that discovery looks at, in the order they were added."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM target_locations WHERE is_active OR NOT %s ORDER BY created_at, city, id",
        (active_only,),
    )
    return [_target(row) for row in rows]


def add_target(
    connection: Connection,
    *,
    city: str,
    categories: Sequence[str],
    at: datetime,
    state: str | None = None,
    country: str | None = None,
    lat: float | None = None,
    lng: float | None = None,
    radius_meters: int = 5000,
) -> Target:
    """Store a target, or replace the one of the same city, state and country; it is active afterwards.

    Raises:
        TargetError: if a value is not possible or a category cannot be searched for.
    """
    chosen = tidy_categories(categories)
    problem = location_problem(city.strip(), chosen, country, lat, lng, radius_meters)
    if problem:
        raise TargetError(problem)
    row = connection.execute(
        "INSERT INTO target_locations"
        " (city, state, country, lat, lng, categories, radius_meters, is_active, created_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, TRUE, %s) ON CONFLICT (city, state, country) DO UPDATE SET"
        " lat = excluded.lat, lng = excluded.lng, categories = excluded.categories,"
        " radius_meters = excluded.radius_meters, is_active = TRUE"
        f" RETURNING {_COLUMNS}",
        (city.strip(), state or None, country.upper() if country else None, lat, lng, list(chosen), radius_meters, at),
    ).fetchone()
    assert row is not None  # noqa: S101 an upsert that updates always returns its row
    return _target(row)


def switch_target(connection: Connection, city: str, country: str | None, *, active: bool) -> int:
    """Look there from now on, or no longer; how many targets have that city (and country, where one is named)."""
    changed = connection.execute(
        "UPDATE target_locations SET is_active = %(active)s WHERE lower(city) = lower(%(city)s)"
        " AND (%(country)s::text IS NULL OR country = %(country)s)",
        {"active": active, "city": city.strip(), "country": country.upper() if country else None},
    )
    return changed.rowcount


def seed_targets(connection: Connection, at: datetime) -> bool:
    """Add the first target, central Helsinki, where there is none at all; true if it was added."""
    connection.execute("LOCK TABLE target_locations IN SHARE ROW EXCLUSIVE MODE")
    if list_targets(connection):
        return False
    add_target(
        connection, city="Helsinki", country="FI", lat=60.1699, lng=24.9384, categories=DEFAULT_CATEGORIES, at=at
    )
    return True


def _target(row: dict[str, Any]) -> Target:
    return Target(**row | {"categories": tuple(row["categories"])})
