"""The day's partitions as rows for the ledger: leads with their scores, routes and evidence.

Part of the outreach stage; `storage/leads` writes the rows.
"""

from datetime import datetime
from uuid import UUID

import polars as pl

from leadgen_assets.domain.localities import country_at, zone_at
from leadgen_assets.domain.pacing import bounds_of, day_of
from leadgen_assets.storage.leads import Evidence, Registration


def registrations_of(
    leads: pl.DataFrame,
    scores: pl.DataFrame,
    contacts: pl.DataFrame,
    web_presence: pl.DataFrame,
    places: pl.DataFrame,
    timezone: str,
) -> list[Registration]:
    """One registration for each lead.

    Args:
        leads: the leads to register, as in asset `leads`.
        scores: asset `qualification_scores`; a lead without a row has no decision.
        contacts: asset `contacts`; a lead without a row has no route.
        web_presence: asset `web_presence`, for when the evidence was captured.
        places: asset `places`, for when a lead was discovered.
        timezone: the operator's.
    """
    discovered = dict(places.group_by("place_key").agg(pl.col("captured_at").min()).iter_rows())
    checked = dict(web_presence.group_by("lead_id").agg(pl.col("captured_at").max()).iter_rows())
    score_of = {row["lead_id"]: row for row in scores.iter_rows(named=True)}
    contact_of = {row["lead_id"]: row for row in contacts.iter_rows(named=True)}
    registrations = []
    for lead in leads.unique("lead_id", keep="last", maintain_order=True).iter_rows(named=True):
        score, contact = score_of.get(lead["lead_id"], {}), contact_of.get(lead["lead_id"], {})
        registrations.append(
            Registration(
                lead_id=UUID(lead["lead_id"]),
                place_id=lead["place_key"],
                business_name=lead["name"] or "(no name)",
                source=(lead["sources"] or [lead["place_key"].partition(":")[0]])[0],
                discovered_at=_discovered_at(lead, discovered, timezone),
                category=lead["category"],
                industry=lead["industry"],
                address=lead["address"],
                city=lead["city"],
                country=lead["country"] or country_at(lead["lat"], lead["lon"]),
                timezone=zone_at(lead["lat"], lead["lon"]),
                lat=lead["lat"],
                lng=lead["lon"],
                phone=contact.get("phone") or lead["phone"],
                email=contact["email"] if contact else lead["email"],
                email_class=contact.get("email_class"),
                email_origin=contact.get("email_origin"),
                email_source=contact.get("email_source"),
                website_url=score.get("site_url") or lead["website"],
                google_maps_url=lead["maps_url"],
                rating=lead["rating"],
                review_count=lead["review_count"],
                licence=lead["licence"],
                decision=score.get("decision"),
                score_lower=score.get("score_lower"),
                score_upper=score.get("score_upper"),
                rules_version=score.get("rules_version"),
                presence=score.get("presence"),
                route=contact.get("route"),
                organisation=contact.get("organisation"),
                checked_at=checked.get(lead["lead_id"]),
            )
        )
    return registrations


def evidence_of(web_presence: pl.DataFrame) -> list[Evidence]:
    """One summary for each check of each lead."""
    rows = web_presence.unique(["lead_id", "check"], keep="last", maintain_order=True)
    return [
        Evidence(UUID(row["lead_id"]), row["check"], row["state"], row["detail"], row["captured_at"])
        for row in rows.iter_rows(named=True)
    ]


def _discovered_at(lead: dict, captured: dict[str, datetime], timezone: str) -> datetime:
    """When its place record was captured, if that was on the day it was first seen; else that day's first moment."""
    moment = captured.get(lead["place_key"])
    if moment is not None and day_of(moment, timezone) == lead["first_seen_on"]:
        return moment
    return bounds_of(lead["first_seen_on"], timezone)[0]
