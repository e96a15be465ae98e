"""`/pipeline`: asking for a run of a day, and what became of it."""

from datetime import date as date_type
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import falcon
import falcon.asgi
from pydantic import BaseModel, Field

from tracking_service.clock import Clock
from tracking_service.ledger.pipeline import read_request, request_run
from tracking_service.ledger.pool import Ledger
from tracking_service.operations import Payload, operation
from tracking_service.problems import Problem
from tracking_service.values import DayOrToday, Flag, day_of


class RunWish(Payload):
    """Which day to run, and how."""

    date: DayOrToday = Field(default="today", description="Day in the operator's time zone, not in the future.")
    dry_run: Flag = Field(default=False, description="true: messages as files, no send, no alert, no paid call.")


class RunRequest(BaseModel):
    """A request for a run."""

    id: UUID
    date: date_type
    dry_run: bool
    status: Literal["pending", "launched", "succeeded", "failed"] = Field(
        description="pending until Dagster takes it, within about 15 seconds where it runs."
    )
    run_id: str | None = Field(description="Dagster's id of the run.")
    detail: str | None = Field(description="Why it failed, where that is known.")
    requested_at: datetime
    updated_at: datetime


class PipelineTrigger:
    """`/pipeline/trigger`."""

    def __init__(self, ledger: Ledger, clock: Clock, zone: str) -> None:
        self._ledger, self._clock, self._zone = ledger, clock, zone

    @operation("Ask for a pipeline run", tag="Pipeline", body=RunWish, answers={202: RunRequest})
    async def on_post(self, request: falcon.asgi.Request, response: falcon.asgi.Response, body: RunWish) -> RunRequest:
        """Stores the wish and answers at once; Dagster starts the run. Ask again at the address in Location."""
        today = self._clock.today(self._zone)
        day = day_of(body.date, today) or today
        if day > today:
            raise Problem(422, f"The day {day} has not begun; today is {today}.")
        async with self._ledger.transaction() as connection:
            row = await request_run(
                connection,
                day,
                dry_run=body.dry_run,
                requested_by=request.context.caller,
                at=self._clock.now(),
            )
        response.status = falcon.HTTP_202
        response.location = f"/api/v1/pipeline/requests/{row['id']}"
        return _shown(row)


class PipelineRequest:
    """`/pipeline/requests/{request_id}`."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @operation("What became of a request", tag="Pipeline", answers={200: RunRequest}, problems=(404,))
    async def on_get(
        self, request: falcon.asgi.Request, response: falcon.asgi.Response, request_id: UUID
    ) -> RunRequest:
        """State of the request, and the id of its run once there is one."""
        async with self._ledger.transaction() as connection:
            row = await read_request(connection, request_id)
        if row is None:
            raise Problem(404, "There is no request with this id.")
        return _shown(row)


def _shown(row: dict[str, Any]) -> RunRequest:
    return RunRequest.model_validate(row | {"date": row["partition_date"]})
