"""`/reports`: the days that have a report, and each day's workbook."""

from datetime import date as date_type
from datetime import datetime

import falcon
import falcon.asgi
from pydantic import BaseModel, Field

from tracking_service.clock import Clock
from tracking_service.ledger.pool import Ledger
from tracking_service.ledger.reports import count_reports, read_workbook, reports_page
from tracking_service.operations import Payload, operation
from tracking_service.problems import Problem
from tracking_service.values import PageNumber, PageSize, iso_day

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Report(BaseModel):
    """One day's figures."""

    report_date: date_type
    leads_discovered: int
    leads_qualified: int
    emails_sent: int
    emails_opened: int
    links_clicked: int
    replies_received: int
    new_conversions: int
    status: str = Field(description="What became of its mail: ready, transmitting, sent, failed, unknown.")
    sent_at: datetime | None
    filename: str | None = Field(description="Name of the workbook; null where none is stored.")


class ReportPage(BaseModel):
    """One page of reports, the newest first."""

    items: list[Report]
    total: int
    limit: int
    page: int


class ReportQuery(Payload):
    """Page."""

    page: PageNumber = 1
    limit: PageSize = 50


class Reports:
    """`/reports`."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @operation("List reports", tag="Reports", query=ReportQuery, answers={200: ReportPage})
    async def on_get(
        self, request: falcon.asgi.Request, response: falcon.asgi.Response, query: ReportQuery
    ) -> ReportPage:
        """The days that have a report, with their figures, the newest first."""
        async with self._ledger.transaction() as connection:
            total = await count_reports(connection)
            rows = await reports_page(connection, limit=query.limit, offset=(query.page - 1) * query.limit)
        return ReportPage(
            items=[Report.model_validate(row) for row in rows], total=total, limit=query.limit, page=query.page
        )


class Workbook:
    """`/reports/{date}`."""

    def __init__(self, ledger: Ledger, clock: Clock, zone: str) -> None:
        self._ledger, self._clock, self._zone = ledger, clock, zone

    @operation("Download a day's report", tag="Reports", answers={200: WORKBOOK}, problems=(404,))
    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response, date: str) -> None:
        """The Excel workbook of a day (YYYY-MM-DD, or today)."""
        try:
            day = self._clock.today(self._zone) if date == "today" else iso_day(date)
        except ValueError:
            raise Problem(404, "There is no such day: write YYYY-MM-DD, or today.") from None
        async with self._ledger.transaction() as connection:
            found = await read_workbook(connection, day)
        if found is None:
            raise Problem(404, f"There is no report of {day}.")
        response.content_type = WORKBOOK
        response.downloadable_as = found[0]
        response.data = found[1]
