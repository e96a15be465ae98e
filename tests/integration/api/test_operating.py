"""The rest of what an operator does over the API: health, runs, campaigns, locations, reports, suppressions, erasures."""

import json
from uuid import UUID

import pytest

from leadgen_assets.storage.migrations import revisions
from leadgen_assets.storage.reports import publish_report
from leadgen_assets.storage.suppressions import Recipient, Suppressions
from tests.conftest import MONDAY
from tests.integration.api.conftest import Api
from tests.integration.tracking import SECRET
from tests.ledger_rows import a_lead, a_sent_message, value
from tracking_service.ledger.status import SCHEMA_REVISION

pytestmark = pytest.mark.xdist_group("api")


def test_health_says_little_without_a_key_and_much_with_one(api: Api) -> None:
    bare = api.stranger.get("/health")
    assert (bare.status_code, bare.json()) == (200, {"status": "ok"})
    assert api.stranger.get("/health", headers={"X-API-Key": "wrong"}).status_code == 401
    api.ledger.execute(
        "INSERT INTO heartbeats VALUES ('dagster', %s, %s) ON CONFLICT DO NOTHING",
        (MONDAY, json.dumps({"limits": {"smtp": 300}})),
    )
    api.ledger.execute("INSERT INTO quota_usage VALUES ('smtp', %s, 12)", (MONDAY.date(),))
    api.ledger.execute("INSERT INTO mailbox_cursors VALUES ('imap://box', 1, 1, %s)", (MONDAY,))
    health = api.client.get("/health").json()
    assert (health["status"], health["problems"]) == ("ok", [])
    assert health["database"] == {"reachable": True, "revision": SCHEMA_REVISION, "up_to_date": True}
    assert health["quotas"] == [{"service": "smtp", "period_start": "2026-03-02", "used": 12, "limit": 300}]
    assert health["dagster_age_seconds"] == health["mailbox_age_seconds"] == 0
    assert health["last_contacts"]["imap"] == "2026-03-02T08:00:00Z"
    assert health["last_contacts"]["telegram"] is None
    assert health["spool"] == {"waiting_bytes": 0, "refused_bytes": 0}
    assert health["sending_pause"] is None
    api.ledger.execute(
        "INSERT INTO sending_pauses (cause, reason, paused_at) VALUES ('breaker', 'bounces', %s)", (MONDAY,)
    )
    paused = api.client.get("/health").json()
    api.ledger.execute("DELETE FROM sending_pauses")
    assert (paused["status"], paused["sending_pause"]["cause"]) == ("degraded", "breaker")
    assert paused["problems"] == ["Sending is paused (bounces): `leadgen resume` ends it."]


def test_the_code_knows_the_newest_migration(api: Api) -> None:
    assert revisions(api.conninfo) == (SCHEMA_REVISION, SCHEMA_REVISION)


def test_a_run_is_asked_for_and_followed(api: Api) -> None:
    asked = api.client.post("/pipeline/trigger", json={"date": "2026-03-02", "dry_run": True})
    assert asked.status_code == 202
    assert (asked.json()["status"], asked.json()["run_id"]) == ("pending", None)
    place = asked.headers["location"].removeprefix("/api/v1")
    api.ledger.execute("UPDATE pipeline_requests SET status = 'launched', run_id = 'run-1'")
    followed = api.client.get(place).json()
    assert (followed["status"], followed["run_id"], followed["dry_run"]) == ("launched", "run-1", True)
    assert value(api.ledger, "SELECT requested_by FROM pipeline_requests") == "default"
    assert api.client.post("/pipeline/trigger", json={}).json()["date"] == "2026-03-02"
    assert api.client.post("/pipeline/trigger", json={"date": "2026-03-03"}).status_code == 422
    assert api.client.get(f"/pipeline/requests/{UUID(int=1)}").status_code == 404


def test_campaigns_with_their_counters(api: Api) -> None:
    lead = a_lead(api.ledger, "campaign", email="campaign@x.test")
    a_sent_message(api.ledger, lead)
    (campaign,) = api.client.get("/campaigns", params={"date": "today"}).json()["items"]
    assert (campaign["campaign_date"], campaign["emails_sent"], campaign["status"]) == ("2026-03-02", 1, "completed")
    assert api.client.get("/campaigns", params={"date": "2026-03-01"}).json()["total"] == 0


def test_locations_are_added_and_changed(api: Api) -> None:
    added = api.client.post("/locations", json={"city": "Kolkata", "categories": ["Bakery", "store"]})
    assert added.status_code == 201
    assert added.json()["categories"] == ["bakery", "store"]
    place = added.headers["location"].removeprefix("/api/v1")
    assert api.client.get(place).json() == added.json()
    assert api.client.post("/locations", json={"city": "Kolkata", "categories": ["bar"]}).status_code == 409
    changed = api.client.patch(place, json={"is_active": False, "lat": 22.57, "lng": 88.36}).json()
    assert changed == added.json() | {"is_active": False, "lat": 22.57, "lng": 88.36}
    assert changed in api.client.get("/locations").json()["items"]
    wrong = api.client.patch(place, json={"categories": ["food"]})
    assert wrong.status_code == 422
    assert "cannot be searched for" in wrong.json()["detail"]
    assert api.client.patch(place, json={"lat": None}).status_code == 422
    assert api.client.get(f"/locations/{UUID(int=1)}").status_code == 404


def test_a_report_is_downloaded_by_its_day(api: Api) -> None:
    totals = dict.fromkeys(("discovered", "qualified", "sent", "opened", "clicked", "replied", "converted"), 3)
    publish_report(
        api.ledger, MONDAY.date(), totals, "LeadGen_Report_2026-03-02.xlsx", b"PK workbook", "<r@x.test>", MONDAY
    )
    for day in ("2026-03-02", "today"):
        answer = api.client.get(f"/reports/{day}")
        assert answer.content == b"PK workbook"
        assert "LeadGen_Report_2026-03-02.xlsx" in answer.headers["content-disposition"]
    (listed,) = api.client.get("/reports").json()["items"]
    assert (listed["report_date"], listed["emails_sent"]) == ("2026-03-02", 3)
    for day in ("2026-03-01", "yesterday", "2026-13-01"):
        assert api.client.get(f"/reports/{day}").status_code == 404


@pytest.mark.parametrize(
    ("kind", "value_", "whom"),
    [
        ("address", "Stop+x@Bakery.test", Recipient("stop@bakery.test")),
        ("domain", "firm.test", Recipient("anyone@firm.test")),
        ("organisation", "Chain", Recipient("a@b.test", "chain")),
    ],
)
def test_the_suppressed_are_left_alone(api: Api, kind: str, value_: str, whom: Recipient) -> None:
    body = {"kind": kind, "value": value_, "reason": "asked by phone"}
    assert api.client.post("/suppressions", json=body).status_code == 201
    assert api.client.post("/suppressions", json=body).status_code == 200
    assert Suppressions(SECRET).reason(api.ledger, whom) == f"{kind}: asked by phone"
    assert value_.lower() not in api.client.get("/suppressions").text.lower()


def test_a_value_that_does_not_fit_its_kind_is_named(api: Api) -> None:
    for kind in ("address", "domain"):
        refused = api.client.post("/suppressions", json={"kind": kind, "value": "not one"})
        assert refused.status_code == 422
        assert [error["field"] for error in refused.json()["errors"]] == ["value"]


def test_an_erasure_suppresses_at_once(api: Api) -> None:
    lead = a_lead(api.ledger, "erase me", email="me@erase.test")
    queued = a_sent_message(api.ledger, lead, to_email="me@erase.test", status="queued")
    for body in ({"lead_id": str(lead)}, {"email": "Me+tag@Erase.test"}):
        asked = api.client.post("/erasures", json=body)
        assert asked.status_code == 202
        assert (asked.json()["status"], asked.json()["leads"]) == ("pending", 1)
        assert api.client.get(asked.headers["location"].removeprefix("/api/v1")).json() == asked.json()
    assert Suppressions(SECRET).reason(api.ledger, Recipient("me@erase.test")) == "address: erased"
    assert value(api.ledger, "SELECT status FROM email_outreach WHERE id = %s", queued) == "cancelled"
    stranger = api.client.post("/erasures", json={"email": "nobody@erase.test"}).json()
    assert (stranger["status"], stranger["leads"]) == ("done", 0)
    assert Suppressions(SECRET).reason(api.ledger, Recipient("nobody@erase.test")) == "address: erased"
    assert api.client.post("/erasures", json={"lead_id": str(UUID(int=1))}).status_code == 404
    both = {"lead_id": str(lead), "email": "me@erase.test"}
    assert [api.client.post("/erasures", json=body).status_code for body in (both, {})] == [422, 422]
