"""Which leads are captured on a day."""

from datetime import date, timedelta

from leadgen_assets.domain.rechecks import due_for_capture
from tests.unit.domain.captured import a_lead, leads_frame

MONDAY = date(2026, 3, 2)


def due(
    day: date, captured: dict[str, list[date]], unknown: set[str] | None = None, *, catch_up_days: int = 7
) -> list[str]:
    leads = leads_frame(a_lead(lead_id="new", first_seen_on=day), a_lead(lead_id="old", first_seen_on=MONDAY))
    return due_for_capture(leads, captured, unknown or set(), day, catch_up_days)["lead_id"].to_list()


def test_new_leads_and_those_of_an_outage_are_due_once() -> None:
    thursday = MONDAY + timedelta(days=3)
    assert due(thursday, {}) == ["new", "old"]
    assert due(thursday, {"old": [MONDAY]}) == ["new"]
    assert due(thursday, {"old": [MONDAY], "new": [thursday]}) == []


def test_an_outage_longer_than_the_catch_up_leaves_its_leads() -> None:
    assert due(MONDAY + timedelta(days=8), {}) == ["new"]
    assert due(MONDAY + timedelta(days=8), {}, catch_up_days=8) == ["new", "old"]


def test_unknown_leads_come_again_after_pauses_that_double() -> None:
    captured: list[date] = []
    for number in range(12):
        day = MONDAY + timedelta(days=number)
        if "old" in due(day, {"old": captured, "new": [day]}, {"old"} if captured else set()) or not captured:
            captured.append(day)
    assert [(day - MONDAY).days for day in captured] == [0, 1, 3, 7]


def test_a_decided_lead_is_left_alone() -> None:
    assert due(MONDAY + timedelta(days=30), {"old": [MONDAY]}, set()) == ["new"]
