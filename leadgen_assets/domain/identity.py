"""Stable ids, and the address made from one: the same in every run, whatever the order of insertion."""

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


def reply_address(reply_to: str, outreach_id: UUID) -> str:
    """The mailbox with the message's own tag, `replies+<32 hex digits>@domain`: Reply-To and envelope sender."""
    local, _, domain = reply_to.rpartition("@")
    return f"{local}+{outreach_id.hex}@{domain}"
