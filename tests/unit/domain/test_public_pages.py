"""Pages of a business on hosts that are not its own: what they suggest, what is read, and what stays unknown."""

import json
from typing import Any

import pytest

from leadgen_assets.domain.candidates import search_plan
from leadgen_assets.domain.contacts import choose_contacts
from leadgen_assets.domain.presence import judge_presence
from leadgen_assets.domain.public_pages import linked_candidates, pages_to_read
from leadgen_assets.domain.scoring import score_leads
from leadgen_assets.domain.site_identity import identity_of
from leadgen_assets.domain.social_handles import hosts_of_handles
from tests.unit.domain.captured import a_lead, captures_frame, dns, html, leads_frame

NOBODY = [dns(host, "nxdomain") for host in ("leipomokultakorva.fi", "leipomo-kultakorva.fi")]
LINK_PAGE = "https://linktr.ee/kultakorva"


def read(url: str = LINK_PAGE, body: str | None = None, outcome: str = "answered") -> dict[str, Any]:
    row = dns(url, outcome, origin="record") | {"kind": "public_page", "url": url, "final_url": url}
    return row | {"status": 200 if body else None, "body": body, "content_type": "text/html"}


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("https://www.facebook.com/kultakorva", ["kultakorva.fi", "kultakorva.com"]),
        ("https://www.facebook.com/Kulta.Korva/", ["kultakorva.fi", "kultakorva.com"]),
        ("https://facebook.com/pages/Kulta-Korva/123456789012", ["kulta-korva.fi", "kulta-korva.com"]),
        ("https://www.facebook.com/Kulta-Korva-123456789012", ["kulta-korva.fi", "kulta-korva.com"]),
        ("https://www.facebook.com/kultakorva.fi", ["kultakorva.fi"]),
        ("https://instagram.com/kulta_korva/", ["kultakorva.fi", "kultakorva.com"]),
        ("https://www.tiktok.com/@kultakorva", ["kultakorva.fi", "kultakorva.com"]),
        ("https://www.facebook.com/profile.php?id=1000123", []),
        ("https://www.facebook.com/100012345678901", []),
        ("https://www.facebook.com/", []),
        ("https://kultakorva.wixsite.com/home", []),
        ("https://kultakorva.fi/", []),
    ],
)
def test_the_name_of_a_social_page_suggests_hosts(url: str, hosts: list[str]) -> None:
    assert hosts_of_handles([url], ["fi", "com"]) == hosts


def test_hosts_of_social_pages_are_asked_before_those_of_the_name() -> None:
    lead = a_lead(website="https://www.facebook.com/kulta", instagram="https://instagram.com/korvanleipa", city=None)
    found = [(candidate.host, candidate.origin) for candidate in search_plan(lead, ["fi"]).candidates]
    assert found[:3] == [("kulta.fi", "social"), ("korvanleipa.fi", "social"), ("leipomokultakorva.fi", "name")]


def test_link_pages_and_builders_are_read_and_social_networks_are_not() -> None:
    website = "http://linktr.ee/kultakorva; https://kultakorva.wixsite.com/home"
    assert pages_to_read(a_lead(website=website)) == [LINK_PAGE, "https://kultakorva.wixsite.com/home"]
    assert pages_to_read(a_lead(website="https://www.facebook.com/kulta", instagram="https://instagram.com/k")) == []
    assert pages_to_read(a_lead(website="https://kultakorva.fi/")) == []


def test_links_that_may_lead_to_its_own_site_are_candidates() -> None:
    links = (
        ("https://kultakorva.com/menu", "Menu"), ("https://bread-and-buns.fi/", "Our website"), ("https://delivery.fi/x", "Order"),
        ("https://instagram.com/kulta", "website"), ("https://leipomokultakorva.fi/", "asked already"),
    )  # fmt: skip
    body = "".join(f'<a href="{url}">{label}</a>' for url, label in links)
    found = linked_candidates(identity_of(a_lead()), [read(body=body)], {"leipomokultakorva.fi"})
    assert [(one.host, one.url, one.origin) for one in found] == [
        ("kultakorva.com", "https://kultakorva.com/", "social"),
        ("bread-and-buns.fi", "https://bread-and-buns.fi/", "social"),
    ]
    assert linked_candidates(identity_of(a_lead()), [read(outcome="disallowed")], ()) == []


def judged(lead: dict[str, Any], *rows: dict[str, Any]) -> tuple[str, str | None, str]:
    """State of email_published, the address chosen, and the reason of the route."""
    captured = captures_frame(*NOBODY, *rows)
    presence = judge_presence(leads_frame(lead), captured)
    [state] = [row["state"] for row in presence.iter_rows(named=True) if row["check"] == "email_published"]
    scores = score_leads(presence)
    assert scores["decision"].to_list() == ["qualified"]  # whatever a public page shows, it is no site of its own
    [contact] = choose_contacts(leads_frame(lead), scores, captured).iter_rows(named=True)
    return state, contact["email"], contact["reason"]


def test_an_address_on_a_page_that_is_read_is_found_and_on_one_that_is_not_stays_unknown() -> None:
    listed = a_lead(website=LINK_PAGE)
    shown = html(text="Leipomo Kultakorva, write to info@leipomokultakorva.fi")
    assert judged(listed, read(body=shown))[:2] == ("present", "info@leipomokultakorva.fi")
    assert judged(listed, read(body=html(text="Bread, buns and much more every day")))[:2] == ("absent", None)
    for unread in ([], [read(outcome="disallowed")], [read(outcome="timeout")]):
        state, address, reason = judged(listed, *unread)
        assert (state, address) == ("unknown", None)
        assert "its page on linktr.ee is not read" in reason
    assert judged(a_lead(facebook="https://www.facebook.com/kulta"))[0] == "unknown"
    state, _, reason = judged(a_lead())
    assert (state, reason) == ("absent", "No email address is published; a telephone number is known.")


def test_evidence_says_what_was_not_read() -> None:
    presence = judge_presence(leads_frame(a_lead(facebook="https://www.facebook.com/kulta")), captures_frame(*NOBODY))
    details = {row["check"]: row["detail"] for row in presence.iter_rows(named=True)}
    assert "facebook.com is not read" in details["email_published"]
    assert json.loads(presence["evidence_json"][0]) == {"site_url": None}
