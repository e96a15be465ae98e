"""Leads as the management API reads and changes them; their status follows from their facts, in the database."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from tracking_service.ledger.pool import Connection

_COLUMNS = """id, business_name, category, industry, address, city, country, lat, lng, phone, email, email_class,
    email_origin, email_source, website_url, google_maps_url, rating, review_count, source, licence, status, decision,
    route, qualification_score, score_upper, rules_version, web_presence_notes, discovered_at, qualified_at, queued_at,
    email_sent_at, first_opened_at, first_clicked_at, bounced_at, first_replied_at,
    unsubscribed_at, converted_at, erased_at, notes, updated_at"""
_WHERE = """
    (%(status)s::text IS NULL OR status = %(status)s)
    AND (%(day)s::date IS NULL OR discovered_at >= %(day)s::date::timestamp AT TIME ZONE %(zone)s
         AND discovered_at < (%(day)s::date + 1)::timestamp AT TIME ZONE %(zone)s)"""


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """Which leads; None means any. `day` is the day of discovery in the zone."""

    status: str | None
    day: date | None
    zone: str

    def parameters(self) -> dict[str, Any]:
        """As the statements name them."""
        return {"status": self.status, "day": self.day, "zone": self.zone}


async def count_leads(connection: Connection, chosen: LeadFilter) -> int:
    """How many leads there are."""
    row = await (
        await connection.execute(f"SELECT count(*) AS n FROM leads WHERE {_WHERE}", chosen.parameters())
    ).fetchone()
    return row["n"] if row else 0


async def leads_page(connection: Connection, chosen: LeadFilter, *, limit: int, offset: int) -> list[dict[str, Any]]:
    """The newest first, by number of page."""
    cursor = await connection.execute(
        f"SELECT {_COLUMNS} FROM leads WHERE {_WHERE} ORDER BY discovered_at DESC, id DESC"
        " LIMIT %(limit)s OFFSET %(offset)s",
        chosen.parameters() | {"limit": limit, "offset": offset},
    )
    return await cursor.fetchall()


async def leads_after(
    connection: Connection, chosen: LeadFilter, key: tuple[datetime, UUID], *, limit: int
) -> list[dict[str, Any]]:
    """The newest first, after the lead with this key (time of discovery, id): as fast on any page."""
    cursor = await connection.execute(
        f"SELECT {_COLUMNS} FROM leads WHERE {_WHERE} AND (discovered_at, id) < (%(at)s, %(id)s)"
        " ORDER BY discovered_at DESC, id DESC LIMIT %(limit)s",
        chosen.parameters() | {"at": key[0], "id": key[1], "limit": limit},
    )
    return await cursor.fetchall()


async def read_lead(connection: Connection, lead_id: UUID) -> dict[str, Any] | None:
    """One lead, or None."""
    return await (await connection.execute(f"SELECT {_COLUMNS} FROM leads WHERE id = %s", (lead_id,))).fetchone()


async def evidence_of(connection: Connection, lead_id: UUID) -> list[dict[str, Any]]:
    """What each check of the lead found."""
    cursor = await connection.execute(
        "SELECT check_name, state, detail, checked_at FROM evidence_summaries WHERE lead_id = %s ORDER BY check_name",
        (lead_id,),
    )
    return await cursor.fetchall()


async def messages_of(connection: Connection, lead_id: UUID) -> list[dict[str, Any]]:
    """The messages to the lead, in order of their steps."""
    cursor = await connection.execute(
        "SELECT id, step, to_email, subject, status, status_reason, attempts, message_id, queued_at, not_before,"
        " transmitting_at, sent_at, delivered_at, bounced_at, bounce_reason FROM email_outreach"
        " WHERE lead_id = %s ORDER BY step",
        (lead_id,),
    )
    return await cursor.fetchall()


async def events_of(connection: Connection, lead_id: UUID) -> list[dict[str, Any]]:
    """Every event of the lead, in order of time."""
    cursor = await connection.execute(
        "SELECT id, outreach_id, event_type, verdict, reasons, origin, url_clicked, user_agent, occurred_at"
        " FROM email_events WHERE lead_id = %s ORDER BY occurred_at, id",
        (lead_id,),
    )
    return await cursor.fetchall()


async def replies_of(connection: Connection, lead_id: UUID) -> list[dict[str, Any]]:
    """What came back by mail, in order of time."""
    cursor = await connection.execute(
        "SELECT received_at, classification, sender, subject, excerpt FROM inbox_messages"
        " WHERE lead_id = %s ORDER BY received_at, uid",
        (lead_id,),
    )
    return await cursor.fetchall()


async def status_changes_of(connection: Connection, lead_id: UUID) -> list[dict[str, Any]]:
    """How the lead's status moved."""
    cursor = await connection.execute(
        "SELECT from_status, to_status, changed_at FROM status_changes WHERE lead_id = %s ORDER BY id", (lead_id,)
    )
    return await cursor.fetchall()


async def change_lead(
    connection: Connection, lead_id: UUID, *, converted: bool, notes: str | None, set_notes: bool, at: datetime
) -> None:
    """Note that the lead became a customer, and what the operator wrote about it; an erased lead stays as it is."""
    await connection.execute(
        "UPDATE leads SET converted_at = CASE WHEN %(converted)s THEN coalesce(converted_at, %(at)s)"
        " ELSE converted_at END, notes = CASE WHEN %(set_notes)s THEN %(notes)s ELSE notes END,"
        " updated_at = greatest(updated_at, %(at)s) WHERE id = %(id)s AND erased_at IS NULL",
        {"converted": converted, "notes": notes, "set_notes": set_notes, "at": at, "id": lead_id},
    )
