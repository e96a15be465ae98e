"""What PostgreSQL itself makes impossible, whatever code asks for it."""

from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from leadgen_assets.storage.ledger import Connection
from tests.conftest import MONDAY
from tracking_service.hashes import suppression_hash


def a_lead(ledger: Connection, place_id: str = "osm:1") -> UUID:
    lead_id = uuid4()
    ledger.execute(
        "INSERT INTO leads (id, place_id, business_name, source, email, discovered_at, updated_at) VALUES (%s, %s, 'Invented', 'osm', 'a@b.test', %s, %s)",
        (lead_id, place_id, MONDAY, MONDAY),
    )
    return lead_id


def a_message(ledger: Connection, lead_id: UUID, step: int = 1) -> UUID:
    campaign, outreach = uuid4(), uuid4()
    ledger.execute(
        "INSERT INTO campaigns VALUES (%s, 'day', %s, %s) ON CONFLICT (campaign_date) DO NOTHING",
        (campaign, MONDAY.date(), MONDAY),
    )
    ledger.execute(
        "INSERT INTO email_outreach (id, lead_id, campaign_id, step, to_email, to_domain, subject, body_html, tracking_token, has_unsubscribe,"
        " ai_generated, message_id, message_sha256, queued_at, not_before, expires_at)"
        " SELECT %s, %s, id, %s, 'a@b.test', 'b.test', 's', 'h', %s, TRUE, TRUE, %s, repeat('0', 64), %s, %s, %s FROM campaigns",
        (outreach, lead_id, step, str(outreach), str(outreach), MONDAY, MONDAY, MONDAY + timedelta(days=5)),
    )
    return outreach


def an_event(ledger: Connection, lead_id: UUID, event_type: str, verdict: str = "person", hours: int = 0) -> None:
    at = MONDAY + timedelta(hours=hours)
    ledger.execute(
        "INSERT INTO email_events (id, lead_id, outreach_id, event_type, verdict, verdict_version, origin, occurred_at, stored_at)"
        " SELECT %s, lead_id, id, %s, %s, '1', 'tracking', %s, %s FROM email_outreach WHERE lead_id = %s",
        (uuid4(), event_type, verdict, at, at, lead_id),
    )


def status_of(ledger: Connection, lead_id: UUID) -> str:
    return ledger.execute("SELECT status FROM leads WHERE id = %s", (lead_id,)).fetchone()["status"]


@pytest.mark.parametrize("column", ["qualification_score", "score_upper"])
@pytest.mark.parametrize("score", [110, -1])
def test_a_score_outside_0_to_100_is_impossible(ledger: Connection, column: str, score: int) -> None:
    a_lead(ledger)
    with pytest.raises(psycopg.errors.CheckViolation):
        ledger.execute(f"UPDATE leads SET {column} = %s", (score,))


def test_a_status_cannot_be_written_at_all(ledger: Connection) -> None:
    a_lead(ledger)
    for status in ("banana", "opened"):
        with pytest.raises(psycopg.errors.GeneratedAlways):
            ledger.execute("UPDATE leads SET status = %s", (status,))


@pytest.mark.parametrize("table", ["email_outreach", "daily_reports", "alert_outbox", "pipeline_requests"])
def test_every_other_status_is_checked(ledger: Connection, table: str) -> None:
    found = ledger.execute(
        "SELECT count(*) AS n FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c' AND pg_get_constraintdef(oid) LIKE '%%status%%'",
        (table,),
    ).fetchone()
    assert found["n"] >= 1


def test_replied_never_goes_back_to_opened(ledger: Connection) -> None:
    lead_id = a_lead(ledger)
    a_message(ledger, lead_id)
    an_event(ledger, lead_id, "reply", hours=2)
    an_event(ledger, lead_id, "open", hours=3)
    assert status_of(ledger, lead_id) == "replied"
    with pytest.raises(psycopg.errors.CheckViolation):
        ledger.execute("UPDATE leads SET first_replied_at = NULL WHERE id = %s", (lead_id,))
    assert status_of(ledger, lead_id) == "replied"


def test_machines_advance_nothing_and_ring_nobody(ledger: Connection) -> None:
    lead_id = a_lead(ledger)
    a_message(ledger, lead_id)
    an_event(ledger, lead_id, "open", verdict="machine")
    an_event(ledger, lead_id, "click", verdict="unsure")
    assert status_of(ledger, lead_id) == "discovered"
    assert ledger.execute("SELECT * FROM alert_outbox").fetchall() == []


def test_a_persons_first_click_rings_once_on_both_channels(ledger: Connection) -> None:
    lead_id = a_lead(ledger)
    a_message(ledger, lead_id)
    for hours in (1, 0, 2):
        an_event(ledger, lead_id, "click", hours=hours)
    rows = ledger.execute("SELECT kind, channel FROM alert_outbox ORDER BY channel").fetchall()
    assert [(row["kind"], row["channel"]) for row in rows] == [("clicked", "telegram"), ("clicked", "whatsapp")]
    assert ledger.execute("SELECT first_clicked_at FROM leads").fetchone()["first_clicked_at"] == MONDAY


def test_two_sends_of_one_step_to_one_lead_are_impossible(ledger: Connection) -> None:
    lead_id = a_lead(ledger)
    a_message(ledger, lead_id, step=1)
    a_message(ledger, lead_id, step=2)
    with pytest.raises(psycopg.errors.UniqueViolation):
        a_message(ledger, lead_id, step=1)


@pytest.mark.parametrize(
    "path", [("sent",), ("transmitting", "cancelled"), ("cancelled", "queued"), ("transmitting", "sent", "queued")]
)
def test_a_message_moves_only_along_the_documented_paths(ledger: Connection, path: tuple[str, ...]) -> None:
    outreach = a_message(ledger, a_lead(ledger))
    with pytest.raises(psycopg.errors.CheckViolation):
        for status in path:
            ledger.execute(
                "UPDATE email_outreach SET status = %s, sent_at = %s WHERE id = %s", (status, MONDAY, outreach)
            )


def test_erasing_a_lead_succeeds_and_keeps_its_suppression(ledger: Connection) -> None:
    lead_id = a_lead(ledger)
    a_message(ledger, lead_id)
    an_event(ledger, lead_id, "unsubscribe")
    kept = suppression_hash("secret", "address", "A+tag@b.test")
    ledger.execute("INSERT INTO suppressions VALUES ('address', %s, 'unsubscribed', %s)", (kept, MONDAY))
    ledger.execute("SELECT erase_lead(%s, %s)", (lead_id, MONDAY))
    assert status_of(ledger, lead_id) == "erased"
    left = ledger.execute("SELECT business_name, email, phone FROM leads").fetchone()
    assert left == {"business_name": "erased", "email": None, "phone": None}
    ledger.execute("DELETE FROM leads WHERE id = %s", (lead_id,))
    assert ledger.execute("SELECT hash FROM suppressions").fetchone()["hash"] == suppression_hash(
        "secret", "address", "a@b.test"
    )
    left = ledger.execute("SELECT lead_id, outreach_id FROM email_events").fetchall()
    assert left == [{"lead_id": None, "outreach_id": None}]
    assert ledger.execute("SELECT lead_id FROM status_changes UNION SELECT lead_id FROM alert_outbox").fetchall() == []


def test_an_event_belongs_to_a_message_and_that_messages_lead(ledger: Connection) -> None:
    message, other = a_message(ledger, a_lead(ledger)), a_lead(ledger, "osm:2")
    for lead_id, outreach_id, error in (
        (other, message, psycopg.errors.ForeignKeyViolation),
        (other, None, psycopg.errors.CheckViolation),
        (uuid4(), uuid4(), psycopg.errors.ForeignKeyViolation),
    ):
        with pytest.raises(error):
            ledger.execute(
                "INSERT INTO email_events (id, lead_id, outreach_id, event_type, verdict, verdict_version, origin,"
                " occurred_at, stored_at) VALUES (%s, %s, %s, 'open', 'person', '1', 'tracking', %s, %s)",
                (uuid4(), lead_id, outreach_id, MONDAY, MONDAY),
            )
