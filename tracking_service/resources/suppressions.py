"""`/suppressions`: who must never be written to."""

from datetime import datetime
from typing import Literal

import falcon
import falcon.asgi
from pydantic import BaseModel, Field, ValidationInfo, field_validator

from tracking_service.clock import Clock
from tracking_service.ledger.pool import Ledger
from tracking_service.ledger.suppressions import (
    add_suppressions,
    count_suppressions,
    read_suppression,
    suppressions_page,
)
from tracking_service.operations import Payload, operation
from tracking_service.values import PageNumber, PageSize, Text


class Suppression(BaseModel):
    """One suppression; whom it names cannot be read from it."""

    kind: Literal["address", "domain", "organisation", "place"]
    reason: str
    created_at: datetime
    hash: str = Field(description="Keyed hash of the value, in hexadecimal.")


class SuppressionPage(BaseModel):
    """One page of suppressions, the newest first."""

    items: list[Suppression]
    total: int
    limit: int
    page: int


class SuppressionQuery(Payload):
    """Page."""

    page: PageNumber = 1
    limit: PageSize = 50


class NewSuppression(Payload):
    """Whom to leave alone from now on."""

    kind: Literal["address", "domain", "organisation"] = "address"
    value: Text = Field(
        min_length=3, max_length=254, description="An address, a domain or an organisation.", pattern=r"^\S(.*\S)?$"
    )
    reason: Text = Field(default="asked by the operator", min_length=1, max_length=200)

    @field_validator("value")
    @classmethod
    def _fits_its_kind(cls, value: str, info: ValidationInfo) -> str:
        kind, (local, at, domain) = info.data.get("kind"), value.rpartition("@")
        if kind == "address" and not (local and at and "." in domain and " " not in value):
            raise ValueError("not an address such as info@example.com")
        if kind == "domain" and (at or "." not in value.strip(".") or " " in value):
            raise ValueError("not a domain such as example.com")
        return value


class SuppressionsResource:
    """`/suppressions`."""

    def __init__(self, ledger: Ledger, clock: Clock, secret: str) -> None:
        self._ledger, self._clock, self._secret = ledger, clock, secret

    @operation("List suppressions", tag="Suppressions", query=SuppressionQuery, answers={200: SuppressionPage})
    async def on_get(
        self, request: falcon.asgi.Request, response: falcon.asgi.Response, query: SuppressionQuery
    ) -> SuppressionPage:
        """Reason and time of every suppression, the newest first; addresses are kept as hashes only."""
        async with self._ledger.transaction() as connection:
            total = await count_suppressions(connection)
            rows = await suppressions_page(connection, limit=query.limit, offset=(query.page - 1) * query.limit)
        return SuppressionPage(
            items=[Suppression.model_validate(row) for row in rows], total=total, limit=query.limit, page=query.page
        )

    @operation("Suppress", tag="Suppressions", body=NewSuppression, answers={201: Suppression, 200: Suppression})
    async def on_post(
        self, request: falcon.asgi.Request, response: falcon.asgi.Response, body: NewSuppression
    ) -> Suppression:
        """Never write to this address, domain or organisation again; 200 where that was so already."""
        async with self._ledger.transaction() as connection:
            new = await add_suppressions(
                connection, self._secret, [(body.kind, body.value)], body.reason, self._clock.now()
            )
            row = await read_suppression(connection, self._secret, body.kind, body.value)
        response.status = falcon.HTTP_201 if new else falcon.HTTP_200
        return Suppression.model_validate(row)
