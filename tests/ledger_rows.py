"""Leads and messages put straight into a test's ledger, where the stages that would write them are not the subject."""

from datetime import datetime, timedelta
from uuid import UUID, uuid5

from leadgen_assets.domain.identity import LEADGEN_NAMESPACE, outreach_id_of
from leadgen_assets.storage.ledger import Connection
from tests.conftest import MONDAY


def a_lead(ledger: Connection, name: str = "Leipomo", *, email: str = "info@bakery.test", **columns: object) -> UUID:
    """A qualified lead with an address; returns its id."""
    lead_id = uuid5(LEADGEN_NAMESPACE, name)
    values = {
        "id": lead_id,
        "place_id": f"osm:{name}",
        "business_name": name,
        "source": "osm",
        "email": email,
        "city": "Helsinki",
        "category": "bakery",
        "qualification_score": 85,
        "discovered_at": MONDAY,
        "updated_at": MONDAY,
        **columns,
    }
    ledger.execute(
        f"INSERT INTO leads ({', '.join(values)}) VALUES ({', '.join(['%s'] * len(values))})", list(values.values())
    )
    return lead_id


def a_sent_message(
    ledger: Connection,
    lead_id: UUID,
    *,
    step: int = 1,
    to_email: str = "info@bakery.test",
    subject: str = "A website for you",
    status: str = "sent",
    at: datetime = MONDAY,
) -> UUID:
    """A message in one status, handed over at `at`; returns its id. Its Message-ID is `<id.step@studio.test>`."""
    outreach_id = outreach_id_of(lead_id, step)
    ledger.execute(
        "INSERT INTO campaigns VALUES (%s, 'day', %s, %s) ON CONFLICT (campaign_date) DO NOTHING",
        (uuid5(LEADGEN_NAMESPACE, str(at.date())), at.date(), at),
    )
    values = {
        "id": outreach_id,
        "lead_id": lead_id,
        "campaign_id": uuid5(LEADGEN_NAMESPACE, str(at.date())),
        "step": step,
        "to_email": to_email,
        "to_domain": to_email.rpartition("@")[2],
        "subject": subject,
        "body_html": "<p>Hello</p>",
        "tracking_token": str(outreach_id),
        "has_unsubscribe": True,
        "ai_generated": True,
        "message_id": f"<{outreach_id}.{step}@studio.test>",
        "message_sha256": "0" * 64,
        "status": status,
        "queued_at": at,
        "not_before": at,
        "expires_at": at + timedelta(days=5),
        "transmitting_at": None if status == "queued" else at,
        "sent_at": at if status in {"sent", "delivered", "bounced"} else None,
    }
    ledger.execute(
        f"INSERT INTO email_outreach ({', '.join(values)}) VALUES ({', '.join(['%s'] * len(values))})",
        list(values.values()),
    )
    return outreach_id


def value(ledger: Connection, query: str, *parameters: object) -> object:
    """The one value of a query."""
    row = ledger.execute(query, parameters).fetchone()
    assert row is not None
    return next(iter(row.values()))
