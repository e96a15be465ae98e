"""Phones, addresses of the web and trades in one form."""

import pytest

from leadgen_assets.domain.industries import INDUSTRIES, industry_of
from leadgen_assets.domain.phones import normalised_phone
from leadgen_assets.domain.web_addresses import facebook_of, instagram_of, normalised_email, normalised_url
from leadgen_assets.storage.place_files import packaged_sample, read_place_file


@pytest.mark.parametrize(
    ("raw", "country", "expected"),
    [
        ("+358 9 625 466", None, "+3589625466"),
        ("(415) 981-0811", "US", "+14159810811"),
        ("09 625466; 040 1234567", "FI", "+3589625466"),
        ("00358 9 625466", None, "+3589625466"),
        ("625466", None, None),
        ("+109161081670", "US", None),
        ("call us 🙂", "FI", None),
        (None, "FI", None),
    ],
)
def test_a_phone_is_one_possible_number_in_e164_or_unknown(
    raw: str | None, country: str | None, expected: str | None
) -> None:
    assert normalised_phone(raw, country) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("WWW.Shop.TEST/Menu", "http://www.shop.test/Menu"),
        ("https://shop.test#top", "https://shop.test/"),
        ("https://äiti.test", "https://xn--iti-pla.test/"),
        ("one.test; two.test", "http://one.test/"),
        ("htp://shop.test", None),
        ("http:www.shop.test", None),
        ("https://user@shop.test", None),
        ("https://shop.test:99999/", None),
        ("http://192.0.2.1/", None),
        ("http://", None),
        ("no website", None),
        ("http://[::1", None),
    ],
)
def test_a_url_is_usable_or_unknown(raw: str, expected: str | None) -> None:
    assert normalised_url(raw) == expected


def test_pages_and_addresses_are_found_where_sources_put_them() -> None:
    assert facebook_of(None, "https://m.facebook.com/kapy") == "https://m.facebook.com/kapy"
    assert facebook_of("https://notfacebook.test/") is None
    assert instagram_of("instagram.com/kapy") == "http://instagram.com/kapy"
    assert normalised_email("mailto:Hei@Kapy.TEST?subject=x") == "Hei@kapy.test"
    assert normalised_email("hei(at)kapy.test") is None


@pytest.mark.parametrize(
    ("category", "industry"),
    [
        ("shop=bakery", "bakery"),
        ("bakery", "bakery"),
        ("clothing_store", "clothing_store"),
        ("pizza_restaurant", "restaurant"),
        ("shop=something_new", "store"),
        ("office=company", "professional_service"),
        ("beauty_salon", "beauty_salon"),
        ("pet_store", "pet_store"),
        ("shop=hairdresser", "hair_salon"),
        ("home_goods_store", "home_goods_store"),
        ("food_store", "food_store"),
        ("atms", "public_body"),
        ("Dining and Drinking > Restaurant > Deli", "restaurant"),
        ("", "other"),
        (None, "other"),
        ("wormhole", "other"),
    ],
)
def test_every_source_s_categories_become_our_trades(category: str | None, industry: str) -> None:
    assert industry_of(category) == industry


def test_nearly_every_category_of_the_sample_has_a_trade() -> None:
    trades = [industry_of(category) for category in read_place_file(packaged_sample())["category"]]
    assert set(trades) <= set(INDUSTRIES)
    assert trades.count("other") < len(trades) / 100
