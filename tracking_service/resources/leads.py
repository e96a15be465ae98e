"""`/leads`: the leads with filters, one lead with all that is known, and what an operator may change about it."""

import base64
import binascii
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import falcon.asgi
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from tracking_service.clock import Clock
from tracking_service.ledger import leads as ledger_leads
from tracking_service.ledger.leads import LeadFilter
from tracking_service.ledger.pool import Ledger
from tracking_service.operations import Payload, operation
from tracking_service.problems import Problem
from tracking_service.values import DayOrToday, Flag, LeadStatus, PageNumber, PageSize, Text, day_of

_NO_LEAD = "There is no lead with this id."


class Lead(BaseModel):
    """A lead as the ledger holds it."""

    id: UUID
    business_name: str
    category: str | None
    industry: str | None
    address: str | None
    city: str | None
    country: str | None
    lat: float | None
    lng: float | None
    phone: str | None
    email: str | None
    email_class: Literal["role", "person", "free_mail"] | None
    email_origin: Literal["record", "site", "social", "guessed"] | None
    email_source: str | None = Field(description="The sources or the page that published the address.")
    website_url: str | None
    google_maps_url: str | None
    rating: float | None
    review_count: int | None
    source: str
    licence: str | None
    status: LeadStatus = Field(description="Follows from the facts below; never goes back.")
    decision: Literal["qualified", "disqualified", "unknown"] | None
    route: Literal["email", "phone", "visit"] | None
    qualification_score: int | None = Field(description="Lower end of the score, 0 to 100.")
    score_upper: int | None = Field(description="Upper end of the score, were all that is unknown a point.")
    rules_version: str | None
    web_presence_notes: str | None
    discovered_at: datetime
    qualified_at: datetime | None
    queued_at: datetime | None
    email_sent_at: datetime | None
    first_opened_at: datetime | None = Field(description="First open by a person.")
    first_clicked_at: datetime | None = Field(description="First click by a person.")
    bounced_at: datetime | None
    first_replied_at: datetime | None
    unsubscribed_at: datetime | None
    converted_at: datetime | None
    erased_at: datetime | None
    notes: str | None
    updated_at: datetime


class LeadPage(BaseModel):
    """One page of leads, the newest first."""

    items: list[Lead]
    total: int = Field(description="How many leads fit the filters.")
    limit: int
    page: int | None = Field(description="Number of this page; null where `after` was used.")
    next: str | None = Field(description="Give it as `after` to read on; null on the last page.")


class Evidence(BaseModel):
    """What one check of the lead found."""

    check_name: str
    state: Literal["present", "absent", "unknown", "not_applicable"]
    detail: str | None
    checked_at: datetime | None


class Message(BaseModel):
    """One message to the lead."""

    id: UUID
    step: int
    to_email: str
    subject: str
    status: str
    status_reason: str | None
    attempts: int
    message_id: str
    queued_at: datetime
    not_before: datetime
    transmitting_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    bounced_at: datetime | None
    bounce_reason: str | None


class Event(BaseModel):
    """One thing that happened to a message."""

    id: UUID
    outreach_id: UUID | None
    event_type: str
    verdict: Literal["person", "machine", "unsure"]
    reasons: list[str]
    origin: str
    url_clicked: str | None
    user_agent: str | None
    occurred_at: datetime


class Reply(BaseModel):
    """One message that came back."""

    received_at: datetime
    classification: str
    sender: str | None
    subject: str | None
    excerpt: str | None


class StatusChange(BaseModel):
    """One move of the lead's status."""

    from_status: str
    to_status: str
    changed_at: datetime


class LeadDetail(Lead):
    """A lead with all that is known about it."""

    evidence: list[Evidence]
    messages: list[Message]
    events: list[Event]
    replies: list[Reply]
    status_changes: list[StatusChange]


class LeadQuery(Payload):
    """Filters and page."""

    status: LeadStatus | None = None
    date: DayOrToday | None = Field(default=None, description="Day of discovery in the operator's time zone.")
    page: PageNumber | None = Field(default=None, description="From 1; for long lists `after` is faster.")
    limit: PageSize = 50
    after: str | None = Field(default=None, max_length=200, description="`next` of the page before; not with `page`.")


class LeadChange(Payload):
    """What an operator may change; members that are left out stay as they are."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"minProperties": 1})

    converted: Flag | None = Field(default=None, description="true: became a customer. It cannot be taken back.")
    notes: Text | None = Field(default=None, max_length=5000, description="null removes the notes.")

    @model_validator(mode="after")
    def _changes_something(self) -> "LeadChange":
        if not self.model_fields_set:
            raise ValueError("give converted, notes or both")
        return self


class Leads:
    """`/leads`."""

    def __init__(self, ledger: Ledger, clock: Clock, zone: str) -> None:
        self._ledger, self._clock, self._zone = ledger, clock, zone

    @operation("List leads", tag="Leads", query=LeadQuery, answers={200: LeadPage})
    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response, query: LeadQuery) -> LeadPage:
        """Leads, the newest first, by status and day of discovery; by number of page, or from the end of the last."""
        if query.after is not None and query.page is not None:
            raise Problem(400, "Give either page or after, not both.")
        chosen = LeadFilter(query.status, day_of(query.date, self._clock.today(self._zone)), self._zone)
        key = _key(query.after) if query.after is not None else None
        page = None if key else query.page or 1
        async with self._ledger.transaction() as connection:
            total = await ledger_leads.count_leads(connection, chosen)
            if key:
                rows = await ledger_leads.leads_after(connection, chosen, key, limit=query.limit + 1)
            else:
                offset = ((page or 1) - 1) * query.limit
                rows = await ledger_leads.leads_page(connection, chosen, limit=query.limit + 1, offset=offset)
        items = [Lead(**row) for row in rows[: query.limit]]
        following = _mark(items[-1]) if len(rows) > query.limit else None
        return LeadPage(items=items, total=total, limit=query.limit, page=page, next=following)


class OneLead:
    """`/leads/{lead_id}`."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger, self._clock = ledger, clock

    @operation("One lead", tag="Leads", answers={200: LeadDetail}, problems=(404,))
    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response, lead_id: UUID) -> LeadDetail:
        """A lead with its evidence, messages, events, replies and the moves of its status."""
        async with self._ledger.transaction() as connection:
            lead = await ledger_leads.read_lead(connection, lead_id)
            if lead is None:
                raise Problem(404, _NO_LEAD)
            known: dict[str, list[dict[str, Any]]] = {
                "evidence": await ledger_leads.evidence_of(connection, lead_id),
                "messages": await ledger_leads.messages_of(connection, lead_id),
                "events": await ledger_leads.events_of(connection, lead_id),
                "replies": await ledger_leads.replies_of(connection, lead_id),
                "status_changes": await ledger_leads.status_changes_of(connection, lead_id),
            }
        return LeadDetail.model_validate(lead | known)

    @operation("Change a lead", tag="Leads", body=LeadChange, answers={200: Lead}, problems=(404, 409))
    async def on_patch(
        self, request: falcon.asgi.Request, response: falcon.asgi.Response, lead_id: UUID, body: LeadChange
    ) -> Lead:
        """Note that a lead became a customer, or write notes about it."""
        async with self._ledger.transaction() as connection:
            before = await ledger_leads.read_lead(connection, lead_id)
            if before is None:
                raise Problem(404, _NO_LEAD)
            if before["erased_at"] is not None:
                raise Problem(409, "This lead was erased; nothing can be written about it.")
            if body.converted is False and before["converted_at"] is not None:
                raise Problem(409, "A conversion cannot be taken back; explain it in the notes.")
            await ledger_leads.change_lead(
                connection,
                lead_id,
                converted=body.converted is True,
                notes=body.notes,
                set_notes="notes" in body.model_fields_set,
                at=self._clock.now(),
            )
            after = await ledger_leads.read_lead(connection, lead_id)
        return Lead.model_validate(after)


class _Mark(BaseModel):
    at: AwareDatetime
    id: UUID


def _mark(lead: Lead) -> str:
    text = _Mark(at=lead.discovered_at, id=lead.id).model_dump_json()
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _key(mark: str) -> tuple[datetime, UUID]:
    try:
        read = _Mark.model_validate_json(base64.b64decode(mark + "=" * (-len(mark) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        raise Problem(400, "This is no `next` of a page of leads.") from None
    return read.at, read.id
