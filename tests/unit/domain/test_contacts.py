"""Routes to qualified leads: whose address it is, which one is best, and who is written to."""

import json
from datetime import date
from typing import Any

import polars as pl
import pytest

from leadgen_assets.domain.contact_candidates import email_class_of
from leadgen_assets.domain.contacts import choose_contacts, first_owners
from leadgen_assets.domain.mail_domains import domains_to_ask
from leadgen_assets.storage.schemas import frame_of
from tests.unit.domain.captured import OWN_TEXT, a_lead, captures_frame, dns, html, http, leads_frame

TAG = "http://kultakorva.fi/"


def scores(*lead_ids: str, decision: str = "qualified") -> pl.DataFrame:
    return frame_of("qualification_scores", [{"lead_id": lead_id, "decision": decision} for lead_id in lead_ids])


def own_page(text: str) -> pl.DataFrame:
    body = html(viewport=False, text=f"Leipomo Kultakorva. {OWN_TEXT} {text}")
    return captures_frame(
        dns("kultakorva.fi", origin="record"), http(TAG, 200, body, origin="record"), http(f"{TAG}contact", 200, body, origin="record", followed=True)
    )  # fmt: skip


def mx(domain: str, *exchangers: str, outcome: str = "answered", **detail: Any) -> dict[str, Any]:
    row = dns(domain, outcome, origin="contact")
    return row | {"kind": "mx", "url": domain, "detail_json": json.dumps({"exchangers": exchangers, **detail})}


def contact(lead: dict[str, Any], captures: pl.DataFrame | None = None) -> dict[str, Any]:
    frame = choose_contacts(
        leads_frame(lead), scores(lead["lead_id"]), captures_frame() if captures is None else captures
    )
    return frame.row(0, named=True)


def test_the_records_address_is_used_with_its_class_and_origin() -> None:
    row = contact(a_lead(email="Info@Kultakorva.fi"), captures_frame(mx("kultakorva.fi", "mail.kultakorva.fi")))
    assert (row["route"], row["email"], row["email_class"], row["email_origin"]) == (
        "email",
        "info@kultakorva.fi",
        "role",
        "record",
    )
    assert row["reason"] == "It publishes a role address in its place record."


def test_an_address_on_its_own_page_is_used() -> None:
    row = contact(a_lead(website=TAG), own_page('<a href="mailto:myynti@kultakorva.fi">mail</a>'))
    assert (row["route"], row["email"], row["email_origin"]) == ("email", "myynti@kultakorva.fi", "site")


@pytest.mark.parametrize(
    "address",
    [
        "design@agency.fi", "john@doe.com", "name@example.com", "605a7baede844d278b89dc95ae0a9123@sentry-next.wixpress.com",
        "noreply@kultakorva.fi", "postmaster@kultakorva.fi", "x@kultakorva", "a..b@kultakorva.fi", "user@domain.com",
    ],
)  # fmt: skip
def test_other_peoples_addresses_and_decoys_are_not(address: str) -> None:
    row = contact(a_lead(website=TAG), own_page(f'<a href="mailto:{address}">{address}</a>'))
    assert (row["route"], row["email"]) == ("phone", None)


def test_free_mail_on_its_own_page_is_its_own() -> None:
    row = contact(a_lead(website=TAG), own_page("kultakorva@gmail.com"))
    assert (row["email"], row["email_class"]) == ("kultakorva@gmail.com", "free_mail")


def test_addresses_of_somebody_elses_page_are_not_used() -> None:
    body = html(title="Nordic Shipping", text="We ship from Turku. Satamakatu 1. Call 02 765 4321. info@kultakorva.fi")
    captures = captures_frame(dns("kultakorva.fi", origin="record"), http(TAG, 200, body, origin="record"))
    assert contact(a_lead(website=TAG), captures)["route"] == "phone"


def test_a_contact_page_that_outlives_the_home_page_still_gives_the_address() -> None:
    page = html(text=f"Leipomo Kultakorva. {OWN_TEXT} info@kultakorva.fi")
    captures = captures_frame(
        dns("kultakorva.fi", origin="record"),
        http(TAG, 404, "gone", origin="record"),
        http(f"{TAG}contact", 200, page, origin="record", followed=True),
    )
    assert contact(a_lead(website=TAG), captures)["email"] == "info@kultakorva.fi"


def test_a_role_is_preferred_to_free_mail_and_free_mail_to_a_person() -> None:
    both = own_page("matti.virtanen@kultakorva.fi kultakorva@gmail.com toimisto@kultakorva.fi")
    assert contact(a_lead(website=TAG), both)["email"] == "toimisto@kultakorva.fi"
    without_role = own_page("matti.virtanen@kultakorva.fi kultakorva@gmail.com")
    assert contact(a_lead(website=TAG), without_role)["email"] == "kultakorva@gmail.com"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("info@kulta.fi", "role"), ("varaukset@kulta.fi", "role"), ("kultakorva@kulta.fi", "role"), ("leipomo.kultakorva@k.fi", "role"),
        ("info.helsinki@kulta.fi", "role"), ("matti.virtanen@kulta.fi", "person"), ("mv@kulta.fi", "person"), ("x@hotmail.com", "free_mail"),
    ],
)  # fmt: skip
def test_addresses_have_a_class(address: str, expected: str) -> None:
    assert email_class_of(address, "Leipomo Kultakorva") == expected


def test_one_address_of_several_leads_is_one_organisation_written_to_once() -> None:
    leads = [
        a_lead(lead_id="b", email="info@kulta.fi"),
        a_lead(lead_id="a", email="INFO@kulta.fi", phone=None, first_seen_on=date(2026, 3, 3)),
        a_lead(lead_id="c", email="other@kulta.fi"),
    ]
    frame = choose_contacts(leads_frame(*leads), scores("a", "b", "c"), captures_frame())
    rows = {row["lead_id"]: row for row in frame.iter_rows(named=True)}
    assert {lead_id: row["route"] for lead_id, row in rows.items()} == {"a": "visit", "b": "email", "c": "email"}
    assert rows["a"]["organisation"] == rows["b"]["organisation"] == "info@kulta.fi"
    assert rows["a"]["email"] is None
    assert "same organisation" in rows["a"]["reason"]


def test_an_address_that_another_business_had_on_an_earlier_day_is_that_organisations() -> None:
    days = [("x:9", "INFO@kulta.fi", date(2026, 3, 1)), ("google:1", "info@kulta.fi", date(2026, 3, 2))]
    owners = first_owners({"place_key": key, "email": email, "day": day} for key, email, day in days)
    lead = a_lead(email="info@kulta.fi")
    row = choose_contacts(leads_frame(lead), scores(lead["lead_id"]), captures_frame(), owners).row(0, named=True)
    assert (row["route"], row["organisation"]) == ("phone", "info@kulta.fi")
    later = {
        "info@kulta.fi": first_owners([{"place_key": "y:1", "email": "info@kulta.fi", "day": date(2026, 3, 3)}])[
            "info@kulta.fi"
        ]
    }
    row = choose_contacts(leads_frame(lead), scores(lead["lead_id"]), captures_frame(), later).row(0, named=True)
    assert row["route"] == "email"


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (mx("kulta.fi", "mx.kulta.fi"), "accepts"),
        (mx("kulta.fi", "."), None),
        (mx("kulta.fi", ""), None),
        (mx("kulta.fi", outcome="nxdomain"), None),
        (mx("kulta.fi", outcome="no_data", address_outcome="answered"), "accepts"),
        (mx("kulta.fi", outcome="no_data", address_outcome="no_data"), None),
        (mx("kulta.fi", outcome="no_data", address_outcome="timeout"), "unknown"),
        (mx("kulta.fi", outcome="timeout"), "unknown"),
    ],
)  # fmt: skip
def test_a_domain_that_takes_no_mail_is_not_written_to(answer: dict[str, Any], state: str | None) -> None:
    row = contact(a_lead(email="info@kulta.fi"), captures_frame(answer))
    assert (row["route"], row["mail_state"]) == ("email" if state else "phone", state)
    if state is None:
        assert "its domain accepts no mail" in row["reason"]


def test_throw_away_addresses_are_never_used() -> None:
    row = contact(a_lead(email="kulta@mailinator.com"))
    assert row["route"] == "phone"
    assert "throw-away" in row["reason"]


def test_guessed_addresses_are_candidates_that_only_a_setting_lets_be_used() -> None:
    lead, page = a_lead(website=TAG), own_page("no address here")
    captured = pl.concat([page, captures_frame(mx("kultakorva.fi", "mx.kultakorva.fi"))[1:]])
    row = contact(lead, captured)
    guesses = [one for one in json.loads(row["candidates_json"]) if one["origin"] == "guessed"]
    assert [one["address"] for one in guesses] == ["info@kultakorva.fi", "hello@kultakorva.fi", "contact@kultakorva.fi"]
    assert (row["route"], row["reason"]) == ("phone", "No email address is published; a telephone number is known.")
    frame = choose_contacts(leads_frame(lead), scores(lead["lead_id"]), captured, use_guesses=True)
    assert (frame["email"][0], frame["email_origin"][0]) == ("info@kultakorva.fi", "guessed")
    unasked = choose_contacts(leads_frame(lead), scores(lead["lead_id"]), page, use_guesses=True)
    assert unasked["route"][0] == "phone"


def test_mail_domains_are_asked_about_unless_a_healthy_site_settled_the_question() -> None:
    lead = a_lead(email="info@kulta.fi", website=TAG)
    rows = own_page("kulta@gmail.com").to_dicts()
    assert domains_to_ask(lead, rows) == ["kulta.fi", "kultakorva.fi"]
    rows[0]["detail_json"] = json.dumps({"settled_by": "kultakorva.fi"})
    assert domains_to_ask(lead, rows) == []


def test_a_number_on_its_own_page_is_used_where_the_record_has_none() -> None:
    row = contact(a_lead(website=TAG, phone=None), own_page('<a href="tel:09 5000 1234">call</a>'))
    assert (row["route"], row["phone"], row["phone_origin"]) == ("phone", "+358950001234", "site")


def test_without_an_address_the_telephone_is_the_route_and_without_both_a_visit() -> None:
    assert contact(a_lead())["route"] == "phone"
    row = contact(a_lead(phone=None))
    assert (row["route"], row["email"]) == ("visit", None)
    assert row["reason"] == "No email address is published; no telephone number is known either."


def test_only_qualified_leads_get_a_route() -> None:
    lead = a_lead(email="info@kulta.fi")
    assert choose_contacts(leads_frame(lead), scores(lead["lead_id"], decision="unknown"), captures_frame()).is_empty()
    assert choose_contacts(leads_frame(), scores(), captures_frame()).is_empty()
