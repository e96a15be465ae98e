"""Addresses as people read them: every part once, however much of it a source wrote into the street."""

import pytest

from leadgen_assets.domain.addresses import address_line, with_city

SF = "San Francisco"


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        (("Koivukatu", "3", "00100", "Helsinki"), "Koivukatu 3, 00100 Helsinki"),
        (("Koivukatu 3, Helsinki", None, None, "Helsinki"), "Koivukatu 3, Helsinki"),
        (("Koivukatu 3, Helsinki", None, "00100", "Helsinki"), "Koivukatu 3, 00100 Helsinki"),
        (("Koivukatu 3 HELSINKI", None, None, "Helsinki"), "Koivukatu 3 HELSINKI"),
        (("Koivukatu 3 B 00100 Helsinki", None, "00100", "Helsinki"), "Koivukatu 3 B 00100 Helsinki"),
        (("Helsinki, Koivukatu 3", None, "00100", "Helsinki"), "Koivukatu 3, 00100 Helsinki"),
        (("598 Haight St, San Francisco, CA 94117", None, "94117", SF), "598 Haight St, San Francisco, CA 94117"),
        (("548 Market St, San Francisco, CA", None, "94104", SF), "548 Market St, 94104 San Francisco, CA"),
        (("36 Geary St. San Francisco CA 94108", None, "94108", SF), "36 Geary St. San Francisco CA 94108"),
        (("Columbus, San Francisco , 94133", None, "94133", SF), "Columbus, San Francisco, 94133"),
        (("1 High St, London SW1A 1AA", None, "SW1A1AA", "London"), "1 High St, London SW1A 1AA"),
        (("Koivukatu", "3", "00100", None), "Koivukatu 3, 00100"),
        (("Koivukatu", None, None, None), "Koivukatu"),
        ((None, "3", "00100", "Helsinki"), None),
        (("Helsinki", None, "00100", "Helsinki"), None),
        (("00100 Helsinki, ", None, "00100", "Helsinki"), None),
    ],
)
def test_an_address_names_its_town_once(parts: tuple[str | None, ...], line: str | None) -> None:
    assert address_line(*parts) == line


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        (("12 Rue de Paris", None, "75001", "Paris"), "12 Rue de Paris, 75001 Paris"),
        (("1700 Rockville Pike", None, "20852", "Rockville"), "1700 Rockville Pike, 20852 Rockville"),
        (("31 San Francisco Pier 33", None, "94124", SF), "31 San Francisco Pier 33, 94124 San Francisco"),
        (("Tampere", "5", "33100", "Tampere"), "Tampere 5, 33100 Tampere"),
    ],
)
def test_a_street_named_after_a_town_is_not_the_town(parts: tuple[str | None, ...], line: str) -> None:
    assert address_line(*parts) == line


def test_a_name_that_ends_in_its_city_is_not_followed_by_it() -> None:
    assert with_city("Parturi Töölö Helsinki", "helsinki") == "Parturi Töölö Helsinki"
    assert with_city("Helsinki Bakery", "Helsinki") == "Helsinki Bakery, Helsinki"
    assert with_city("Antioch", "Och") == "Antioch, Och"
    assert with_city("Bakery", None) == "Bakery"
