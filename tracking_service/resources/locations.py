"""`/locations`: where discovery looks for businesses, and for which."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import falcon
import falcon.asgi
from pydantic import BaseModel, ConfigDict, Field, model_validator

from tracking_service.clock import Clock
from tracking_service.ledger.locations import add_location, change_location, list_locations, read_location
from tracking_service.ledger.pool import Ledger
from tracking_service.locations import location_problem, tidy_categories
from tracking_service.operations import Payload, operation
from tracking_service.problems import Problem
from tracking_service.values import Flag, Text

Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Radius = Annotated[int, Field(ge=1, le=50_000)]
Category = Annotated[Text, Field(min_length=1, max_length=60, pattern="^[A-Za-z][A-Za-z0-9_ ]*$")]
Categories = Annotated[list[Category], Field(min_length=1, max_length=100)]


class Location(BaseModel):
    """A town or district and what to look for in it."""

    id: UUID
    city: str
    state: str | None
    country: str | None
    lat: float | None
    lng: float | None
    categories: list[str]
    radius_meters: int
    is_active: bool
    created_at: datetime


class LocationList(BaseModel):
    """Every location."""

    items: list[Location]


class NewLocation(Payload):
    """A location to add; `lat` and `lng` go together."""

    city: Text = Field(min_length=1, max_length=100, pattern=r"\S", examples=["Kolkata"])
    state: Text | None = Field(default=None, min_length=1, max_length=100)
    country: str | None = Field(default=None, pattern="^[A-Za-z]{2}$", description="ISO code.", examples=["IN"])
    lat: Latitude | None = None
    lng: Longitude | None = None
    categories: Categories = Field(description="Google place types.", examples=[["bakery", "store"]])
    radius_meters: Radius = 5000
    is_active: Flag = True


class LocationChange(Payload):
    """What may change; members that are left out stay as they are."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"minProperties": 1})

    lat: Latitude | None = None
    lng: Longitude | None = None
    categories: Categories = Field(default_factory=list)
    radius_meters: Radius = 5000
    is_active: Flag = Field(default=True, description="false: discovery passes it over.")

    @model_validator(mode="after")
    def _changes_something(self) -> "LocationChange":
        if not self.model_fields_set:
            raise ValueError("give at least one member")
        return self


class Locations:
    """`/locations`."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger, self._clock = ledger, clock

    @operation("List locations", tag="Locations", answers={200: LocationList})
    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> LocationList:
        """Every target location, in the order they were added."""
        async with self._ledger.transaction() as connection:
            rows = await list_locations(connection)
        return LocationList(items=[Location.model_validate(row) for row in rows])

    @operation("Add a location", tag="Locations", body=NewLocation, answers={201: Location}, problems=(409,))
    async def on_post(
        self, request: falcon.asgi.Request, response: falcon.asgi.Response, body: NewLocation
    ) -> Location:
        """Discovery looks there from its next run on."""
        values = body.model_dump() | {
            "city": body.city.strip(),
            "country": body.country.upper() if body.country else None,
            "categories": list(tidy_categories(body.categories)),
        }
        _require_possible(values)
        async with self._ledger.transaction() as connection:
            row = await add_location(connection, values, self._clock.now())
        if row is None:
            raise Problem(409, "There is a location of this city, state and country already; change that one.")
        response.status = falcon.HTTP_201
        response.location = f"/api/v1/locations/{row['id']}"
        return Location.model_validate(row)


class OneLocation:
    """`/locations/{location_id}`."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @operation("One location", tag="Locations", answers={200: Location}, problems=(404,))
    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response, location_id: UUID) -> Location:
        """One target location."""
        async with self._ledger.transaction() as connection:
            row = await read_location(connection, location_id)
        if row is None:
            raise Problem(404, "There is no location with this id.")
        return Location.model_validate(row)

    @operation("Change a location", tag="Locations", body=LocationChange, answers={200: Location}, problems=(404,))
    async def on_patch(
        self, request: falcon.asgi.Request, response: falcon.asgi.Response, location_id: UUID, body: LocationChange
    ) -> Location:
        """Change position, categories or radius, or stop looking there."""
        async with self._ledger.transaction() as connection:
            before = await read_location(connection, location_id)
            if before is None:
                raise Problem(404, "There is no location with this id.")
            values = before | body.model_dump(exclude_unset=True)
            values["categories"] = list(tidy_categories(values["categories"]))
            _require_possible(values)
            row = await change_location(connection, location_id, values)
        return Location.model_validate(row)


def _require_possible(values: dict) -> None:
    problem = location_problem(
        *(values[name] for name in ("city", "categories", "country", "lat", "lng", "radius_meters"))
    )
    if problem:
        raise Problem(422, problem)
