"""The named candidate search, as docs/candidates.md writes it down, and the hosts it knows by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadgen_assets.domain.candidates import MOST_HOSTS_OF_A_NAME, hosts_of_name, search_plan, website_urls
from leadgen_assets.domain.hosts import host_kind, is_decoy, is_free_mail, registered_domain
from tests.unit.domain.captured import a_lead


def test_a_name_with_accents_and_a_legal_form_gives_the_documented_hosts() -> None:
    assert hosts_of_name("Kahvila Äitee Oy", "Helsinki", ["fi"]) == [
        "kahvilaaitee.fi", "kahvila-aitee.fi", "kahvilaaiteehelsinki.fi", "kahvila-aitee-helsinki.fi",
        "kahvilaaiteeoy.fi", "kahvila-aitee-oy.fi", "kahvilaaiteeoyhelsinki.fi", "kahvila-aitee-oy-helsinki.fi",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "city", "tlds", "first"),
    [
        ("Joe's Pizza", None, ["com"], ["joespizza.com", "joes-pizza.com"]),
        ("Åland & Søn", None, ["dk"], ["alandson.dk", "aland-son.dk"]),
        ("Straßenbäcker GmbH", None, ["de"], ["strassenbacker.de", "strassenbackergmbh.de", "strassenbacker-gmbh.de"]),
        ("Kultakorva", None, ["fi", ".COM"], ["kultakorva.fi", "kultakorva.com"]),
        ("Bar", "San Francisco", ["com"], ["bar.com", "barsanfrancisco.com", "bar-san-francisco.com"]),
        ("JC", "Helsinki", ["fi"], ["jc.fi", "jchelsinki.fi", "jc-helsinki.fi"]),
        ("مخبز 🥐", None, ["fi"], ["mkhbz.fi", "xn--ngbln7e.fi"]),
        ("Кофе Мария", None, ["ru"], ["kofemariya.ru", "kofe-mariya.ru", "xn--80ajkflkr2a8h.ru"]),
        ("🥐 & co.", None, ["fi"], ["co.fi"]),
        ("🥐", "Helsinki", ["fi"], []),
        ("Oy Ab", "Helsinki", ["fi"], []),
    ],
)
def test_names_become_hosts(name: str, city: str | None, tlds: list[str], first: list[str]) -> None:
    assert hosts_of_name(name, city, tlds) == first


def test_german_names_are_spelled_out_first() -> None:
    lead = a_lead(name="Bäckerei Müller GmbH", city=None, country="DE", website=None, email=None)
    hosts = [candidate.host for candidate in search_plan(lead, ["de"]).candidates]
    assert hosts[:4] == ["baeckereimueller.de", "baeckerei-mueller.de", "backereimuller.de", "backerei-muller.de"]
    finnish = [candidate.host for candidate in search_plan(lead | {"country": "FI"}, ["fi"]).candidates]
    assert finnish[0] == "backereimuller.fi"


@given(st.text(max_size=120), st.text(max_size=40))
def test_any_name_gives_a_bounded_list_of_well_formed_hosts(name: str, city: str) -> None:
    hosts = hosts_of_name(name, city, ["fi", "com", "net"])
    assert len(hosts) == len(set(hosts)) <= MOST_HOSTS_OF_A_NAME
    assert all(host.isascii() and len(host) >= 4 and len(host.split(".")[0]) <= 63 for host in hosts)


def test_the_record_comes_first_then_the_domain_of_its_email_then_the_name() -> None:
    lead = a_lead(website="www.kulta.fi/fi", email="info@korva.fi", city=None)
    found = [(candidate.host, candidate.url, candidate.origin) for candidate in search_plan(lead, ["fi"]).candidates]
    assert found == [
        ("kulta.fi", "http://www.kulta.fi/fi", "record"),
        ("korva.fi", "https://korva.fi/", "email_domain"),
        ("leipomokultakorva.fi", "https://leipomokultakorva.fi/", "name"),
        ("leipomo-kultakorva.fi", "https://leipomo-kultakorva.fi/", "name"),
    ]


def test_social_pages_and_free_mail_are_no_candidates() -> None:
    lead = a_lead(website="https://kulta.wixsite.com/leipomo; https://m.facebook.com/kulta", email="kulta@gmail.com")
    plan = search_plan(lead, ["fi"])
    assert {candidate.host for candidate in plan.candidates if candidate.origin != "name"} == {"kulta.fi"}  # a guess
    assert plan.elsewhere == ("https://kulta.wixsite.com/leipomo", "https://m.facebook.com/kulta")


def test_each_host_is_asked_once() -> None:
    lead = a_lead(website="http://leipomokultakorva.fi/", email="info@leipomokultakorva.fi")
    hosts = [candidate.host for candidate in search_plan(lead).candidates]
    assert len(hosts) == len(set(hosts))
    assert hosts[0] == "leipomokultakorva.fi"


@pytest.mark.parametrize(
    "website",
    ["javascript:alert(1)", "http://", "foo", "http://[::1]/", "http://127.0.0.1/", "http://x.fi:99999/", "🥐", "http://a b", None, "ftp://x.fi"],
)  # fmt: skip
def test_a_website_that_is_none_is_no_candidate(website: str | None) -> None:
    assert list(website_urls(website)) == []


def test_a_website_of_another_script_is_asked_by_its_ascii_name() -> None:
    assert list(website_urls("HTTP://Äiti.fi#top")) == ["http://xn--iti-pla.fi/"]


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("www.facebook.com", "social"), ("de-de.facebook.com", "social"), ("instagram.com", "social"), ("wa.me", "social"),
        ("linktr.ee", "link_page"), ("tripadvisor.fi", "aggregator"), ("www.yelp.co.uk", "aggregator"), ("kulta.wixsite.com", "builder"),
        ("kulta.business.site", "builder"), ("kulta.myshopify.com", "builder"), ("kulta.fi", None), ("facebook-pizza.fi", None),
        ("xx.com", None), ("welcome.me", None),
    ],
)  # fmt: skip
def test_hosts_are_known_by_their_registered_name(host: str, kind: str | None) -> None:
    assert host_kind(host) == kind


def test_registered_domains_follow_the_public_suffix_list() -> None:
    assert registered_domain("www.shop.example.co.uk") == "example.co.uk"
    assert registered_domain("a.kulta.test") == "kulta.test"


def test_mail_providers_and_decoys_are_told_from_businesses() -> None:
    assert is_free_mail("gmail.com")
    assert is_free_mail("yahoo.co.uk")
    assert not is_free_mail("free.fi")
    assert is_decoy("sentry.io")
    assert is_decoy("o123.ingest.sentry.io")
    assert not is_decoy("kulta.fi")
