"""Whom to call or to visit, and what may truthfully be said: one row for every qualified lead without an address.

How the rows look as a workbook belongs to `call_workbook`.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from leadgen_assets.domain.facts import LeadFacts, facts_of
from leadgen_assets.domain.phones import chat_link, country_of_phone, shown_phone
from leadgen_assets.storage.schemas import frame_of

RULES_VERSION = "1"
Row = Mapping[str, Any]

_SHEETS = {"phone": "call", "visit": "visit"}


def call_rows(leads: pl.DataFrame, scores: pl.DataFrame, contacts: pl.DataFrame) -> pl.DataFrame:
    """The day's call sheet and visit list.

    Args:
        leads: rows of `leads`, at least those of the contacts.
        scores: rows of `qualification_scores` of the day.
        contacts: rows of `contacts` of the day.

    Returns:
        A frame with the columns of `call_sheets`: calls before visits, the surest need first.
    """
    lead_of = {row["lead_id"]: row for row in leads.iter_rows(named=True)}
    score_of = {row["lead_id"]: row for row in scores.iter_rows(named=True)}
    chosen = contacts.filter(pl.col("route").is_in(list(_SHEETS)))
    rows = [
        _row(lead_of[contact["lead_id"]], score_of.get(contact["lead_id"], {}), contact)
        for contact in chosen.iter_rows(named=True)
        if contact["lead_id"] in lead_of
    ]
    rows.sort(key=lambda row: (row["sheet"], -(row["score_lower"] or 0), row["business"], row["lead_id"]))
    return frame_of("call_sheets", rows)


def talking_point(facts: LeadFacts) -> str:
    """What to begin with: what was seen, and no more than that, then what could be talked about."""
    seen = facts.finding.sentence()
    if facts.finding.no_site:
        return f"{seen} A website could show {facts.trade.offer}."
    if facts.finding.no_working_site:
        return f"{seen} Ask whether they know. A simple site could show {facts.trade.offer}."
    if facts.finding.some_site:
        return f"{seen} Ask who looks after it, and whether they would like that mended."
    return f"{seen} Ask how new {facts.trade.people} find them."


def map_link(lead: Row) -> str | None:
    """Where it is on a map: the source's own link, else its position on OpenStreetMap."""
    if (lead.get("maps_url") or "").startswith("https://"):
        return str(lead["maps_url"])
    if lead.get("lat") is None or lead.get("lon") is None:
        return None
    lat, lon = f"{lead['lat']:.6f}", f"{lead['lon']:.6f}"
    return f"https://www.openstreetmap.org/?mlat={lat}&mlon={lon}#map=19/{lat}/{lon}"


def _row(lead: Row, score: Row, contact: Row) -> dict[str, Any]:
    facts, phone = facts_of(lead, score), contact["phone"]
    return {
        "lead_id": lead["lead_id"],
        "sheet": _SHEETS[contact["route"]],
        "business": facts.name,
        "trade": facts.trade.noun,
        "phone": phone,
        "phone_shown": shown_phone(phone) if phone else None,
        "phone_country": country_of_phone(phone) if phone else None,
        "call_link": f"tel:{phone}" if phone else None,
        "chat_link": chat_link(phone) if phone else None,
        "address": lead.get("address") or lead.get("city"),
        "map_link": map_link(lead),
        "opening_hours": lead.get("opening_hours"),
        "evidence": score.get("presence"),
        "talking_point": talking_point(facts),
        "why_no_email": contact["reason"],
        "score_lower": score.get("score_lower"),
        "country": lead.get("country"),
    }
