"""`/erasures`: asking that everything that names a lead be erased, and what became of it."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import falcon
import falcon.asgi
from pydantic import BaseModel, ConfigDict, Field, model_validator

from tracking_service.clock import Clock
from tracking_service.ledger.erasures import leads_at, read_erasure, request_erasure
from tracking_service.ledger.leads import read_lead
from tracking_service.ledger.pool import Ledger
from tracking_service.operations import Payload, operation
from tracking_service.problems import Problem
from tracking_service.values import Text


class NewErasure(Payload):
    """Whom to erase: a lead by its id, or every lead of an address."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"minProperties": 1, "maxProperties": 1})

    lead_id: UUID = Field(default=None)  # type: ignore[assignment]  # left out, not null
    email: Text = Field(default="", max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")

    @model_validator(mode="after")
    def _names_one(self) -> "NewErasure":
        if len(self.model_fields_set) != 1:
            raise ValueError("give either lead_id or email")
        return self


class Erasure(BaseModel):
    """A request to erase."""

    id: UUID
    status: Literal["pending", "done", "failed"] = Field(description="pending until Dagster carried it out.")
    leads: int = Field(description="How many leads it concerns.")
    requested_at: datetime
    done_at: datetime | None
    result: dict[str, Any] = Field(description="What was removed where, as counts; or why it failed.")


class Erasures:
    """`/erasures`."""

    def __init__(self, ledger: Ledger, clock: Clock, secret: str) -> None:
        self._ledger, self._clock, self._secret = ledger, clock, secret

    @operation("Ask for an erasure", tag="Erasures", body=NewErasure, answers={202: Erasure}, problems=(404,))
    async def on_post(self, request: falcon.asgi.Request, response: falcon.asgi.Response, body: NewErasure) -> Erasure:
        """Suppresses the address and cancels what is queued at once; the rest is erased by Dagster.

        An address that no lead has is suppressed all the same, and there is nothing else to erase.
        """
        async with self._ledger.transaction() as connection:
            if body.lead_id is not None:
                if await read_lead(connection, body.lead_id) is None:
                    raise Problem(404, "There is no lead with this id.")
                lead_ids = [body.lead_id]
            else:
                lead_ids = await leads_at(connection, body.email)
            row = await request_erasure(
                connection,
                self._secret,
                lead_ids,
                [body.email] if body.email else [],
                requested_by=request.context.caller,
                at=self._clock.now(),
            )
        response.status = falcon.HTTP_202
        response.location = f"/api/v1/erasures/{row['id']}"
        return _shown(row)


class OneErasure:
    """`/erasures/{erasure_id}`."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @operation("What became of an erasure", tag="Erasures", answers={200: Erasure}, problems=(404,))
    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response, erasure_id: UUID) -> Erasure:
        """State of the request, and what was removed where."""
        async with self._ledger.transaction() as connection:
            row = await read_erasure(connection, erasure_id)
        if row is None:
            raise Problem(404, "There is no erasure with this id.")
        return _shown(row)


def _shown(row: dict[str, Any]) -> Erasure:
    return Erasure.model_validate(row | {"leads": len(row["lead_ids"])})
