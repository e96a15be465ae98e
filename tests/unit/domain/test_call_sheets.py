"""The call sheet: who is on it, what it offers to click and to say, and how it stands in the workbook."""

from datetime import date
from io import BytesIO
from typing import Any

import openpyxl
import polars as pl
import pytest

from leadgen_assets.domain.call_sheets import call_rows, map_link
from leadgen_assets.domain.call_workbook import build_call_workbook
from leadgen_assets.storage.schemas import frame_of
from tests.unit.domain.captured import a_lead, leads_frame

DAY = date(2026, 3, 2)
NO_SITE = "No website found: none is listed and no likely address shows one."


def rows_of(contacts: list[dict[str, Any]], *leads: dict[str, Any], presence: str = NO_SITE) -> list[dict[str, Any]]:
    scores = [
        {"lead_id": lead["lead_id"], "decision": "qualified", "presence": presence, "score_lower": 60 + number}
        for number, lead in enumerate(leads)
    ]
    frames = (frame_of("qualification_scores", scores), frame_of("contacts", contacts))
    return call_rows(leads_frame(*leads), *frames).to_dicts()


def a_contact(lead: dict[str, Any], route: str, **values: Any) -> dict[str, Any]:
    return {"lead_id": lead["lead_id"], "route": route, "reason": "No email address is published."} | values


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    mobile = a_lead(lead_id="a", industry="bakery", lat=60.17, lon=24.94, opening_hours="Mo-Fr 07:00-17:00")
    fixed = a_lead(lead_id="b", name="=Kampaamo()", industry="beauty_salon", maps_url="https://maps.test/b")
    nobody = a_lead(lead_id="c", name="Kioski", phone=None, lat=60.2, lon=24.9)
    mailed = a_lead(lead_id="d")
    contacts = [
        a_contact(mobile, "phone", phone="+358401234567"),
        a_contact(fixed, "phone", phone="+358950001234"),
        a_contact(nobody, "visit"),
        a_contact(mailed, "email", email="info@kulta.fi"),
    ]
    return rows_of(contacts, mobile, fixed, nobody, mailed)


def test_only_leads_without_an_address_are_on_it_calls_first_and_the_surest_need_first(rows: list[dict]) -> None:
    assert [(row["lead_id"], row["sheet"]) for row in rows] == [("b", "call"), ("a", "call"), ("c", "visit")]


def test_a_mobile_number_has_a_chat_link_and_a_fixed_one_has_none(rows: list[dict]) -> None:
    by_id = {row["lead_id"]: row for row in rows}
    assert by_id["a"]["chat_link"] == "https://wa.me/358401234567"
    assert by_id["b"]["chat_link"] is None
    assert by_id["a"]["call_link"] == "tel:+358401234567"
    assert (by_id["a"]["phone_shown"], by_id["a"]["phone_country"]) == ("+358 40 1234567", "FI")


def test_the_map_link_is_the_sources_own_or_the_position(rows: list[dict]) -> None:
    assert rows[0]["map_link"] == "https://maps.test/b"
    assert (
        rows[2]["map_link"] == "https://www.openstreetmap.org/?mlat=60.200000&mlon=24.900000#map=19/60.200000/24.900000"
    )
    assert map_link(a_lead(maps_url="javascript:alert(1)")) is None


@pytest.mark.parametrize(
    ("presence", "said", "never"),
    [
        (NO_SITE, "found none", "does not have"),
        ("Its own website https://k.fi works, with no https and no description.", "it lacks a secure connection", "found none"),
        ("The listed address k.fi does not exist.", "led nowhere when we tried it", "found none"),
        ("something new", "not clear to us", "lacks"),
        (None, "not clear to us", "lacks"),
    ],
)  # fmt: skip
def test_the_talking_point_says_no_more_than_was_found(presence: str, said: str, never: str) -> None:
    lead = a_lead(industry="bakery")
    (row,) = rows_of([a_contact(lead, "phone", phone=lead["phone"])], lead, presence=presence)
    assert said in row["talking_point"]
    assert never not in row["talking_point"]


def test_the_workbook_has_both_lists_with_links_as_text_never_as_formulas(rows: list[dict]) -> None:
    content = build_call_workbook(rows, DAY)
    assert content == build_call_workbook(rows, DAY)
    book = openpyxl.load_workbook(BytesIO(content))
    calls, visits = book["Call Sheet"], book["Visit List"]
    assert [cell.value for cell in calls["A"][4:]] == ["=Kampaamo()", "Leipomo Kultakorva"]
    assert calls["A5"].data_type == "s"
    assert (calls["C6"].value, calls["C6"].hyperlink.target) == ("+358 40 1234567", "tel:+358401234567")
    assert calls["D6"].hyperlink.target == "https://wa.me/358401234567"
    assert (calls["D5"].value, calls["D5"].hyperlink) == ("–", None)
    assert [cell.value for cell in visits["A"][4:]] == ["Kioski"]


def test_an_empty_day_says_so() -> None:
    book = openpyxl.load_workbook(BytesIO(build_call_workbook([], DAY)))
    assert book["Call Sheet"]["A5"].value == book["Visit List"]["A5"].value == "Nobody today."
    assert call_rows(leads_frame(), frame_of("qualification_scores", []), frame_of("contacts", [])).equals(
        pl.DataFrame(schema=frame_of("call_sheets", []).schema)
    )
