"""Which records are taken for one business, and how often that is right on labelled pairs."""

import random

import polars as pl

from leadgen_assets.domain.addresses import comparable_address
from leadgen_assets.domain.hosts import host_kind
from leadgen_assets.domain.matching import Identity, one_business
from leadgen_assets.domain.names import name_words
from leadgen_assets.domain.phones import normalised_phone
from leadgen_assets.domain.web_addresses import normalised_url, site_host
from tests.shared_files import shared_file

HERE = (60.1700, 24.9400)
A_BLOCK_AWAY = (60.1708, 24.9405)  # about 95 m
ACROSS_TOWN = (60.1850, 24.9400)


def a_record(
    key: str,
    name: str,
    *,
    phone: str | None = None,
    host: str | None = None,
    street: str | None = None,
    number: str | None = None,
    city: str | None = None,
    at: tuple[float, float] | None = None,
) -> Identity:
    return Identity(key, name_words(name), phone, host, comparable_address(street, number, None, city), at)


def groups(*records: Identity) -> list[list[str]]:
    return one_business(records)


def test_one_name_within_a_block_in_two_sources_is_one_business() -> None:
    first, second = a_record("google:1", "Kahvila Käpy Oy", at=HERE), a_record("osm:1", "KAHVILA KAPY", at=A_BLOCK_AWAY)
    assert groups(first, second) == [["google:1", "osm:1"]]


def test_one_name_across_town_is_two_businesses() -> None:
    assert (
        len(groups(a_record("google:1", "Kahvila Käpy", at=HERE), a_record("osm:1", "Kahvila Käpy", at=ACROSS_TOWN)))
        == 2
    )


def test_branches_of_a_chain_stay_apart_though_phone_and_site_are_shared() -> None:
    central = {"phone": "+358201234567", "host": "kiosk.test", "city": "Helsinki"}
    first = a_record("google:1", "Kioski", street="Mannerheimintie", number="5", at=HERE, **central)
    second = a_record("google:2", "Kioski", street="Aleksanterinkatu", number="52", at=A_BLOCK_AWAY, **central)
    assert len(groups(first, second)) == 2


def test_branches_do_not_merge_through_a_record_without_an_address() -> None:
    first = a_record("a:1", "Kioski", phone="+358201234567", at=HERE)
    second = a_record("b:1", "Kioski", phone="+358201234567", at=ACROSS_TOWN)
    vague = a_record("c:1", "Kioski", phone="+358201234567")
    found = groups(first, second, vague)
    assert len(found) == 2
    assert ["a:1", "b:1"] not in [group[:2] for group in found]


def test_one_phone_at_one_address_joins_a_short_and_a_long_name() -> None:
    here = {"phone": "+14155550123", "street": "12 Main St", "city": "Springfield"}
    assert len(groups(a_record("a:1", "Sea Star", **here), a_record("b:1", "The Sea Star of Springfield", **here))) == 1


def test_departments_and_neighbours_with_one_switchboard_stay_apart() -> None:
    here = {"phone": "+14155550123", "street": "12 Main Street", "city": "Springfield"}
    for one, other in [
        ("First Bank", "First Bank ATM"),
        ("Rose Mortgage - Ann Lee", "Rose Mortgage - Bo Gil"),
        ("Profile 1", "Profile 7"),
    ]:
        assert len(groups(a_record("a:1", one, **here), a_record("b:1", other, **here))) == 2, (one, other)


def test_two_kiosks_of_one_source_in_one_block_are_two() -> None:
    assert len(groups(a_record("osm:1", "Kioski", at=HERE), a_record("osm:2", "Kioski", at=A_BLOCK_AWAY))) == 2


def test_the_order_of_records_does_not_matter() -> None:
    records = [
        a_record(f"{source}:{n}", f"Shop {n // 2}", at=(60.17 + n * 1e-3, 24.94)) for n in range(20) for source in "ab"
    ]
    expected = one_business(records)
    random.Random(7).shuffle(records)
    assert one_business(records) == expected
    assert any(len(group) > 1 for group in expected)


def test_names_of_emoji_alone_match_nothing() -> None:
    assert len(groups(a_record("a:1", "🍕🍕", at=HERE), a_record("b:1", "🍕🍕", at=HERE))) == 2


def test_right_to_left_names_match_as_others_do() -> None:
    assert len(groups(a_record("a:1", "مطعم الزيتون", at=HERE), a_record("b:1", "مطعم الزيتون", at=A_BLOCK_AWAY))) == 1


def test_labelled_pairs_are_joined_with_at_least_98_percent_precision_and_55_percent_recall() -> None:
    pairs = pl.read_parquet(shared_file("overture_match_pairs_dev.parquet"))
    right = wrong = same = 0
    for row in pairs.iter_rows(named=True):
        joined = len(one_business([_side(row, "a"), _side(row, "b")])) == 1
        same += row["same_place"]
        right += joined and row["same_place"]
        wrong += joined and not row["same_place"]
    assert right / (right + wrong) >= 0.98
    assert right / same >= 0.55


def _side(row: dict, side: str) -> Identity:
    def value(name: str) -> str | None:
        return row[f"{side}_{name}"]

    host = site_host(normalised_url(value("website")))
    phone = normalised_phone(value("phone"), value("country"))
    address = comparable_address(value("street"), None, value("postcode"), value("city"))
    return Identity(
        f"{side}:{row['pair_id']}",
        name_words(value("name")),
        phone,
        None if host is None or host_kind(host) else host,
        address,
        None,
    )
