"""`/campaigns`: one batch a day, with its counters."""

from datetime import date as date_type
from datetime import datetime
from typing import Literal
from uuid import UUID

import falcon.asgi
from pydantic import BaseModel, Field

from tracking_service.clock import Clock
from tracking_service.ledger.campaigns import campaigns_page, count_campaigns
from tracking_service.ledger.pool import Ledger
from tracking_service.operations import Payload, operation
from tracking_service.values import DayOrToday, PageNumber, PageSize, day_of


class Campaign(BaseModel):
    """One day's batch; opens, clicks and replies are those of people, each lead counted once."""

    id: UUID
    name: str
    campaign_date: date_type
    status: Literal["pending", "running", "completed"]
    total_leads: int
    emails_sent: int
    emails_opened: int
    links_clicked: int
    replies_received: int
    started_at: datetime | None


class CampaignPage(BaseModel):
    """One page of campaigns, the newest first."""

    items: list[Campaign]
    total: int
    limit: int
    page: int


class CampaignQuery(Payload):
    """Filter and page."""

    date: DayOrToday | None = Field(default=None, description="Day of the campaign in the operator's time zone.")
    page: PageNumber = 1
    limit: PageSize = 50


class Campaigns:
    """`/campaigns`."""

    def __init__(self, ledger: Ledger, clock: Clock, zone: str) -> None:
        self._ledger, self._clock, self._zone = ledger, clock, zone

    @operation("List campaigns", tag="Campaigns", query=CampaignQuery, answers={200: CampaignPage})
    async def on_get(
        self, request: falcon.asgi.Request, response: falcon.asgi.Response, query: CampaignQuery
    ) -> CampaignPage:
        """Campaigns with their counters, the newest first."""
        day = day_of(query.date, self._clock.today(self._zone))
        async with self._ledger.transaction() as connection:
            total = await count_campaigns(connection, day)
            offset = (query.page - 1) * query.limit
            rows = await campaigns_page(connection, day, limit=query.limit, offset=offset)
        return CampaignPage(
            items=[Campaign.model_validate(row) for row in rows], total=total, limit=query.limit, page=query.page
        )
