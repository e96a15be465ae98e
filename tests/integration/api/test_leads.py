"""Leads over the API: filters, both ways of paging, the detail, and what an operator may change."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tests.conftest import MONDAY
from tests.integration.api.conftest import Api
from tests.ledger_rows import a_lead, a_sent_message

pytestmark = pytest.mark.xdist_group("api")


def test_filters_and_pages(api: Api) -> None:
    ids = [
        a_lead(
            api.ledger,
            f"page {number}",
            email=f"page{number}@x.test",
            decision="qualified",
            route="email",
            discovered_at=MONDAY - timedelta(days=30, minutes=number % 3),
        )
        for number in range(7)
    ]
    a_lead(api.ledger, "other", email="other@x.test", discovered_at=MONDAY - timedelta(days=30))
    query = {"date": "2026-01-31", "status": "qualified", "limit": 3}
    pages = [api.client.get("/leads", params=query | {"page": page}).json() for page in (1, 2, 3)]
    by_page = [item["id"] for page in pages for item in page["items"]]
    assert [page["total"] for page in pages] == [7, 7, 7]
    assert sorted(by_page) == sorted(map(str, ids))
    by_key, after = [], pages[0]["next"]
    while after:
        found = api.client.get("/leads", params=query | {"after": after}).json()
        by_key += [item["id"] for item in found["items"]]
        after = found["next"]
    assert by_page == [item["id"] for item in pages[0]["items"]] + by_key
    assert api.client.get("/leads", params={"date": "2026-01-30"}).json()["items"] == []


def test_a_day_is_the_operators_day(api: Api) -> None:
    late = a_lead(api.ledger, "late", email="late@x.test", discovered_at=MONDAY.replace(month=1, hour=22, minute=30))
    listed = api.client.get("/leads", params={"date": "2026-01-03"}).json()  # half past midnight in Helsinki
    assert [item["id"] for item in listed["items"]] == [str(late)]
    today = a_lead(api.ledger, "today", email="today@x.test")
    assert str(today) in {item["id"] for item in api.client.get("/leads", params={"date": "today"}).json()["items"]}


def test_bad_pages_are_refused(api: Api) -> None:
    for query in (
        {"page": 0},
        {"limit": 201},
        {"after": "nonsense"},
        {"after": "x", "page": 1},
        {"date": "2026-02-30"},
        {"date": "1772409600"},
        {"page": [1, 2]},
    ):
        assert api.client.get("/leads", params=query).status_code == 400, query


def test_the_detail_shows_all_that_is_known(api: Api) -> None:
    lead = a_lead(api.ledger, "detail", email="detail@x.test", decision="qualified", route="email")
    message = a_sent_message(api.ledger, lead, to_email="detail@x.test")
    api.ledger.execute(
        "INSERT INTO evidence_summaries VALUES (%s, 'website', 'absent', 'none answered', %s)", (lead, MONDAY)
    )
    for kind, minutes in (("click", 20), ("open", 10)):
        api.ledger.execute(
            "INSERT INTO email_events (id, lead_id, outreach_id, event_type, verdict, verdict_version, origin,"
            " occurred_at, stored_at) VALUES (%s, %s, %s, %s, 'person', '1', 'tracking', %s, %s)",
            (uuid4(), lead, message, kind, MONDAY + timedelta(minutes=minutes), MONDAY + timedelta(hours=1)),
        )
    shown = api.client.get(f"/leads/{lead}").json()
    assert shown["status"] == "clicked"
    assert [event["event_type"] for event in shown["events"]] == ["open", "click"]
    assert shown["evidence"][0]["state"] == "absent"
    assert shown["messages"][0] | {"id": str(message), "status": "delivered"} == shown["messages"][0]
    assert shown["status_changes"][-1]["to_status"] == "clicked"
    assert api.client.get(f"/leads/{UUID(int=1)}").status_code == 404
    assert api.client.get("/leads/none").status_code == 404


def test_a_conversion_and_notes(api: Api) -> None:
    lead = a_lead(api.ledger, "customer", email="customer@x.test")
    assert api.client.patch(f"/leads/{lead}", json={"notes": "Called: wants a shop."}).json()["status"] == "discovered"
    changed = api.client.patch(f"/leads/{lead}", json={"converted": True}).json()
    assert (changed["status"], changed["notes"]) == ("converted", "Called: wants a shop.")
    assert changed["converted_at"] == "2026-03-02T08:00:00Z"
    assert api.client.patch(f"/leads/{lead}", json={"converted": False}).status_code == 409
    assert api.client.patch(f"/leads/{lead}", json={"notes": None}).json()["notes"] is None
    for body in ({}, {"status": "converted"}, {"notes": "a\x00b"}, {"notes": "x" * 5001}):
        assert api.client.patch(f"/leads/{lead}", json=body).status_code == 422
    assert api.client.patch(f"/leads/{UUID(int=1)}", json={"notes": "x"}).status_code == 404
    api.ledger.execute("SELECT erase_lead(%s, %s)", (lead, MONDAY))
    assert api.client.patch(f"/leads/{lead}", json={"notes": "x"}).status_code == 409
