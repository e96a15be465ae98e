"""What a page says, and whether it is a business's."""

import pytest

from leadgen_assets.domain.pages import contact_urls, is_challenge, parse_page
from leadgen_assets.domain.site_identity import identity_of, likeness
from tests.unit.domain.captured import OWN_TEXT, a_lead, html

URL = "https://kultakorva.fi/"
HOST = "kultakorva.fi"


def test_a_page_is_read_for_what_the_checks_need() -> None:
    page = parse_page(html(text="Tervetuloa"), URL)
    assert (page.title, page.description, page.has_viewport) == ("Leipomo Kultakorva", "Fresh bread every day", True)
    assert "Tervetuloa" in page.text


@pytest.mark.parametrize(
    "body", ["", "<", "plain", "<html><head></head></html>", "<p>unclosed <b>", "\x00\x01", "<title>"]
)
def test_broken_html_is_a_page_too(body: str) -> None:
    page = parse_page(body, URL)
    assert not page.has_viewport
    assert not page.is_parked


@pytest.mark.parametrize(
    "body",
    [
        html(title="kultakorva.fi", text="This domain is for sale."),
        html(title="Parked", text="This domain is parked free, courtesy of the registrar."),
        html(title="Welcome to nginx!", text="If you see this page, the web server is working."),
        html(title="Leipomo", text="Our new site is coming soon"),
        html(title="kultakorva.fi", text="Tämä verkkotunnus on varattu."),
    ],
)
def test_parking_and_placeholder_pages_are_recognised(body: str) -> None:
    assert parse_page(body, URL).is_parked


def test_a_long_page_that_mentions_a_sale_is_no_parking_page() -> None:
    body = html(text="We help you when a domain is for sale. " + "Real content of a real consultancy. " * 80)
    assert not parse_page(body, URL).is_parked


def test_contact_pages_are_the_sites_own_links_or_the_usual_paths() -> None:
    linked = parse_page(
        '<a href="/ota-yhteytta">Yhteystiedot</a><a href="https://other.fi/contact">x</a><a href="/menu">Menu</a>', URL
    )
    assert contact_urls(linked) == ["https://kultakorva.fi/ota-yhteytta"]
    assert contact_urls(parse_page(html(), URL)) == [
        f"https://kultakorva.fi/{path}" for path in ("contact", "contact-us", "yhteystiedot")
    ]


COOKIES = "<p>We use cookies to make this site better for you and for everybody else. Accept all. Decline all.</p>"


@pytest.mark.parametrize(
    ("body", "is_filled"),
    [
        ('<div id="root"></div><script src="a.js"></script>', True),
        ("<noscript>Please enable JavaScript, this page does nothing at all without it, sorry.</noscript><script></script>", True),
        (f'<div id="app"> Loading... </div>{COOKIES}<script src="a.js"></script>', True),
        (f'<div id="app"><h1>Leipomo</h1><p>{OWN_TEXT}</p></div>{COOKIES}<script src="a.js"></script>', False),
        (f'<div id="root"></div><p>{OWN_TEXT * 8}</p><script src="a.js"></script>', False),
        ('<div id="root"></div>', False),
        (f"{COOKIES}<script src='a.js'></script>", False),
    ],
)  # fmt: skip
def test_a_page_that_scripts_fill_is_told_from_one_that_only_carries_scripts(body: str, is_filled: bool) -> None:
    assert parse_page(f"<html><body>{body}</body></html>", URL).is_filled_by_scripts is is_filled


def test_a_challenge_is_recognised() -> None:
    assert is_challenge(html(title="Just a moment..."))
    assert not is_challenge(html())
    assert not is_challenge(None)


def test_all_that_a_page_carries_of_a_business_is_seen() -> None:
    seen = likeness(identity_of(a_lead()), HOST, [parse_page(html(text=OWN_TEXT), URL)])
    assert (seen.name, seen.phone, seen.street, seen.city, seen.contact_data) == (True, True, True, True, True)


@pytest.mark.parametrize(
    "text", ["+358 9 5000 1234", "(09) 5000-1234", "09.50001234", "0358950001234", "tel 09 50 00 12 34"]
)
def test_a_telephone_number_is_found_however_it_is_written(text: str) -> None:
    assert likeness(identity_of(a_lead()), HOST, [parse_page(html(text=text), URL)]).phone


@pytest.mark.parametrize(
    ("name", "title", "carried"),
    [
        ("Leipomo Kultakorva", "LEIPOMO KULTAKORVA – etusivu", True),
        ("Leipomo Kultakorva Oy", "Leipomo Kultakorva", True),
        ("Café Élan", "Cafe Elan", True),
        ("Kuppi & Muffini", "Kuppi and Muffini", True),
        ("KuppiMuffini", "Kuppi Muffini", True),
        ("مخبز السعادة", "مخبز السعادة", True),
        ("Leipomo Kultakorva", "Leipomo Hopeakieli", False),
        ("Ravintola Kulta", "Ravintola", False),
        ("Ravintola Kulta", "Bar", False),
        ("🥐", "Bakery", False),
    ],
)
def test_a_name_is_carried_whole_or_not_at_all(name: str, title: str, carried: bool) -> None:
    page = parse_page(html(title=title, text="Some words about nothing in particular"), URL)
    assert likeness(identity_of(a_lead(name=name)), HOST, [page]).name is carried


def test_a_chains_page_carries_a_part_of_a_branchs_name() -> None:
    page = parse_page(html(title="Kultaburger", text="Find a restaurant"), "https://kultaburger.fi/")
    seen = likeness(identity_of(a_lead(name="Kultaburger Asema")), "kultaburger.fi", [page])
    assert (seen.name, seen.part_of_name) == (False, True)


def test_a_word_of_the_trade_is_no_part_of_a_name() -> None:
    page = parse_page(html(title="Ravintola Hopea", text="Menu"), "https://hopea.fi/")
    assert not likeness(identity_of(a_lead(name="Ravintola Kulta")), "hopea.fi", [page]).part_of_name
