"""Names that the town makes up, and the promise that its findable sites are found by the published search."""

import random

import phonenumbers
import pytest

from leadgen_assets.domain.candidates import hosts_of_name
from leadgen_assets.domain.place_types import SEARCHABLE_TYPES
from leadgen_assets.rehearsal.population import populate
from leadgen_assets.rehearsal.town_hosts import HostRegister
from leadgen_assets.rehearsal.town_names import guessable_hosts, is_plain, name_key
from leadgen_assets.rehearsal.town_phones import PhoneBook
from leadgen_assets.rehearsal.trades import FILTER_TYPES, RESPONSE_ONLY_TYPES, google_type, osm_tag
from leadgen_assets.storage.place_files import packaged_sample, read_place_file


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_published_candidate_search_leads_to_every_findable_site_and_to_no_other(seed):
    businesses = populate(read_place_file(packaged_sample()), leads=200, seed=seed)
    hosts = {one.site_host: one for one in businesses if one.site_host}
    for one in businesses:
        tried = hosts_of_name(one.record["name"], one.record["city"], ("test",))
        if one.findable and not one.listed_website:
            assert one.site_host in tried
        if one.undiscoverable:
            assert one.site_host not in tried
        assert {hosts[host].key for host in tried if host in hosts} <= {one.key}


def test_a_host_that_one_business_is_sought_under_is_given_to_no_other():
    owners = [("a", "Luna Bar", "Turku"), ("b", "Luna", "Bar Turku"), ("c", "Sol", "Turku")]
    hosts = HostRegister(owners, seed=1)
    rng = random.Random(1)
    assert set(guessable_hosts("Luna Bar", "Turku")) & set(guessable_hosts("Luna", "Bar Turku"))
    given = [hosts.own(*owner, rng) for _ in range(5) for owner in owners]
    assert len(given) == len(set(given))
    contested = set(guessable_hosts("Luna Bar", "Turku")) & set(guessable_hosts("Luna", "Bar Turku"))
    assert not contested & set(given)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Kahvila Äitee", True), ("Studio 54", True), ("Moko", False), ("Olut & Viini", False), ("Veikon Kone Oy", False),
        ("Straße Eins", False), ("مخبز الفجر", False), ("24 7 Shop", False), ("O'Neill", False),
    ],
)  # fmt: skip
def test_only_names_that_everybody_spells_alike_are_plain(name, plain):
    assert is_plain(name) is plain


def test_names_are_compared_without_case_accents_and_legal_form():
    assert name_key("CAFÉ Äitee Oy") == name_key("Cafe aitee")
    assert name_key("🍕 !") == ""
    assert name_key("مخبز الفجر")


@pytest.mark.parametrize(
    "country", ["FI", "US", "GB", "DE", "FR", "SE", "AU", "CA", "IN", "JP", "BR", "IT", "TH", "SA"]
)
def test_every_country_has_a_hundred_valid_numbers(country):
    book = PhoneBook()
    numbers = [book.next_number(country) for _ in range(100)]
    assert len(set(numbers)) == 100
    for number in numbers:
        parsed = phonenumbers.parse(number)
        assert phonenumbers.is_valid_number(parsed)
        assert phonenumbers.country_code_for_region(country) == parsed.country_code


def test_a_country_without_numbers_has_none():
    assert PhoneBook().next_number("XX") is None


@pytest.mark.parametrize(
    ("category", "kind", "tag"),
    [
        ("amenity=restaurant", "restaurant", ("amenity", "restaurant")),
        ("mexican_restaurant", "restaurant", ("amenity", "restaurant")),
        ("shop=florist", "florist", ("shop", "florist")),
        ("shop=yes", "store", ("shop", "yes")),
        ("something unheard of", "store", ("shop", "yes")),
        (None, "store", ("shop", "yes")),
    ],
)
def test_a_category_becomes_a_type_and_a_tag(category, kind, tag):
    assert google_type(category) == kind
    assert osm_tag(category) == tag


def test_every_type_that_the_product_may_ask_for_is_known_to_the_town():
    assert SEARCHABLE_TYPES <= FILTER_TYPES
    assert not FILTER_TYPES & RESPONSE_ONLY_TYPES
