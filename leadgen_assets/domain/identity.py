"""Stable ids: a business, message or campaign gets the same id in every run, whatever the order of insertion."""

from datetime import date
from uuid import UUID, uuid5

LEADGEN_NAMESPACE = UUID("6f6a5b0e-6c0c-5d1b-9c59-2f6f1d3a7e10")


def lead_id_of(place_key: str) -> UUID:
    """The id of the lead whose first known place record has this key (`source:source_id`)."""
    return uuid5(LEADGEN_NAMESPACE, f"lead:{place_key}")


def outreach_id_of(lead_id: UUID, step: int) -> UUID:
    """The id of the message of one step of the sequence to one lead."""
    return uuid5(lead_id, f"step:{step}")


def campaign_id_of(day: date) -> UUID:
    """The id of a day's batch."""
    return uuid5(LEADGEN_NAMESPACE, f"campaign:{day.isoformat()}")
