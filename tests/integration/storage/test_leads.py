"""Publishing leads to the ledger: what may change, what may not, and what survives dirty values."""

from datetime import timedelta
from uuid import UUID

from leadgen_assets.domain.identity import lead_id_of
from leadgen_assets.settings import Settings
from leadgen_assets.storage.leads import Evidence, publish_evidence, register_leads, registered_between
from leadgen_assets.storage.ledger import Connection
from tests.conftest import MONDAY
from tests.integration.outreach import queue_mail, registration_of

LATER = MONDAY + timedelta(days=1)


def the_lead(ledger: Connection, number: int = 1) -> dict:
    return ledger.execute("SELECT * FROM leads WHERE id = %s", (lead_id_of(f"osm:node/{number}"),)).fetchone()


def an_evidence(number: int, at: object, state: str = "absent", check: str = "website") -> Evidence:
    return Evidence(lead_id_of(f"osm:node/{number}"), check, state, "nothing answers", at)


def test_a_lead_is_registered_once_and_brought_up_to_date(ledger: Connection) -> None:
    assert register_leads(ledger, [registration_of(1, "a@shop.test", decision=None, route=None)], MONDAY) == 1
    assert the_lead(ledger)["status"] == "discovered"
    changed = registration_of(1, "b@shop.test", business_name="Renamed", discovered_at=LATER)
    assert register_leads(ledger, [changed], LATER) == 1
    lead = the_lead(ledger)
    assert (lead["status"], lead["email"], lead["business_name"]) == ("qualified", "b@shop.test", "Renamed")
    assert (lead["discovered_at"], lead["qualified_at"]) == (MONDAY, LATER)
    changes = ledger.execute("SELECT from_status, to_status FROM status_changes").fetchall()
    assert changes == [{"from_status": "discovered", "to_status": "qualified"}]


def test_what_decided_about_a_queued_lead_stays(ledger: Connection, settings: Settings) -> None:
    queue_mail(ledger, settings, 1, rules_version="1")
    revised = registration_of(
        1, "other@shop.test", decision="disqualified", route="phone", score_lower=1, rules_version="2", phone="+358401"
    )
    register_leads(ledger, [revised], LATER)
    publish_evidence(ledger, [an_evidence(1, LATER)])
    lead = the_lead(ledger)
    assert (lead["decision"], lead["route"], lead["email"]) == ("qualified", "email", "info@shop1.test")
    assert (lead["qualification_score"], lead["rules_version"], lead["status"]) == (60, "1", "queued")
    assert lead["phone"] == "+358401"
    assert ledger.execute("SELECT * FROM evidence_summaries").fetchall() == []


def test_facts_about_people_are_not_touched(ledger: Connection) -> None:
    register_leads(ledger, [registration_of(1, "a@shop.test")], MONDAY)
    ledger.execute("UPDATE leads SET first_opened_at = %s, notes = 'called'", (MONDAY,))
    register_leads(ledger, [registration_of(1, "a@shop.test", decision="disqualified")], LATER)
    lead = the_lead(ledger)
    assert (lead["first_opened_at"], lead["notes"], lead["status"]) == (MONDAY, "called", "opened")


def test_an_erased_lead_stays_erased(ledger: Connection) -> None:
    register_leads(ledger, [registration_of(1, "a@shop.test")], MONDAY)
    ledger.execute("SELECT erase_lead(%s, %s)", (lead_id_of("osm:node/1"), MONDAY))
    register_leads(ledger, [registration_of(1, "a@shop.test")], LATER)
    publish_evidence(ledger, [an_evidence(1, LATER)])
    lead = the_lead(ledger)
    assert (lead["business_name"], lead["email"], lead["status"]) == ("erased", None, "erased")
    assert ledger.execute("SELECT * FROM evidence_summaries").fetchall() == []


def test_older_evidence_does_not_overrule_newer(ledger: Connection) -> None:
    register_leads(ledger, [registration_of(1, "a@shop.test", decision="disqualified", checked_at=LATER)], LATER)
    publish_evidence(ledger, [an_evidence(1, LATER, "present"), an_evidence(1, None, "unknown", "social")])
    for checked_at in (MONDAY, None):
        register_leads(ledger, [registration_of(1, "a@shop.test", checked_at=checked_at)], LATER)
        publish_evidence(ledger, [an_evidence(1, checked_at)])
        assert the_lead(ledger)["decision"] == "disqualified"
    again = [an_evidence(1, LATER, "present"), an_evidence(1, None, "absent", "social")]
    publish_evidence(ledger, again)
    rows = ledger.execute("SELECT check_name, state FROM evidence_summaries ORDER BY check_name").fetchall()
    assert [(row["check_name"], row["state"]) for row in rows] == [("social", "absent"), ("website", "present")]


def test_a_decision_may_be_withdrawn_before_queueing(ledger: Connection) -> None:
    register_leads(ledger, [registration_of(1, "a@shop.test")], MONDAY)
    register_leads(ledger, [registration_of(1, "a@shop.test", decision="unknown", route=None)], LATER)
    lead = the_lead(ledger)
    assert (lead["status"], lead["qualified_at"]) == ("unknown", None)


def test_dirty_values_do_not_stop_the_day(ledger: Connection) -> None:
    dirty = registration_of(
        1, "x" * 300 + "@shop.test", business_name="مخبز 🥐\x00" + "x" * 400, lat=95.0, lng=-999.0, rating=9.9, review_count=-1,
        country="Finland", phone="0" * 90, category="c" * 300,
    )  # fmt: skip
    clean = registration_of(2, "a@shop.test", country="fi", lat=60.1, lng=24.9, rating=4.5)
    assert register_leads(ledger, [dirty, clean], MONDAY) == 2
    lead = the_lead(ledger, 1)
    assert (lead["lat"], lead["lng"], lead["rating"], lead["review_count"], lead["country"]) == (
        None,
        None,
        None,
        0,
        None,
    )
    assert (lead["email"], len(lead["business_name"]), len(lead["phone"])) == (None, 255, 50)
    assert lead["business_name"].startswith("مخبز 🥐x")
    assert the_lead(ledger, 2)["country"] == "FI"


def test_nothing_to_register_is_not_an_error(ledger: Connection) -> None:
    assert register_leads(ledger, [], MONDAY) == 0
    publish_evidence(ledger, [])


def test_the_register_of_a_day_is_read_back(ledger: Connection) -> None:
    register_leads(
        ledger, [registration_of(1, "a@shop.test"), registration_of(2, "b@shop.test", discovered_at=LATER)], LATER
    )
    [row] = registered_between(ledger, MONDAY, LATER)
    assert UUID(row["lead_id"]) == lead_id_of("osm:node/1")
    assert (row["decision"], row["route"], row["score_lower"], row["score_upper"]) == ("qualified", "email", 60, 90)


def test_a_thousand_leads_take_two_statements_and_little_time(ledger: Connection) -> None:
    many = [registration_of(number, f"a{number}@shop.test") for number in range(1000)]
    assert register_leads(ledger, many, MONDAY) == 1000
    assert ledger.execute("SELECT count(*) AS n FROM leads WHERE status = 'qualified'").fetchone()["n"] == 1000
