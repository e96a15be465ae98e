"""The town's population: the same for the same seed, in the published shares, with everybody that a rehearsal needs."""

import itertools
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from math import ceil
from pathlib import Path

import phonenumbers
import polars as pl
import pytest

from leadgen_assets.rehearsal.population import PopulationError, populate
from leadgen_assets.rehearsal.shares import FATES, FIRST_DAY, TAGGED_SITES, UNTAGGED_SITES, apportion
from leadgen_assets.rehearsal.town_names import name_key
from leadgen_assets.rehearsal.town_places import area_of, metres_between
from leadgen_assets.storage.place_files import packaged_sample, read_place_file
from leadgen_assets.storage.schemas import PLACE_FILE_COLUMNS

SEEDS = (1, 2, 3, 4, 5)
NEEDS_SITE = {"none", "weak", "dead_domain", "not_found", "broken", "parked", "foreign", "social_only"}


def placeless_records(number=400):
    """Records as a source without coordinates and opening hours gives them, most of them with a website."""
    trades = ("Bakery", "Dental Care", "Books", "Garage", "Flowers", "Yoga", "Tacos", "Law Office")
    people = ("Alder", "Birchall", "Cobb", "Dunmore", "Ellery", "Fenwick", "Gorham", "Hollis", "Ingram", "Jessup")
    places = ("North", "Harbor", "Sunset", "Mission", "Old Mill")
    names = [f"{who} {where} {what}" for what, who, where in itertools.product(trades, people, places)][:number]
    rows = [
        {
            "source": "overture",
            "source_id": f"id-{index}",
            "name": name,
            "category": "bakery" if index % 3 else "dentist",
            "street": f"{100 + index} Main St",
            "city": "San Francisco" if index % 10 else None,
            "country": "US",
            "phone": "(415) 981-0811",
            "website": f"https://shop{index}.com" if index % 9 else None,
        }
        for index, name in enumerate(names)
    ]
    return frame(rows)


def frame(rows):
    schema = {name: pl.Float64 if name in {"lat", "lon"} else pl.String for name in PLACE_FILE_COLUMNS}
    return pl.DataFrame([{name: row.get(name) for name in PLACE_FILE_COLUMNS} for row in rows], schema=schema)


@cache
def town(file, seed, leads=100):
    records = read_place_file(packaged_sample()) if file == "sample" else placeless_records()
    return tuple(populate(records, leads=leads, seed=seed))


towns = pytest.mark.parametrize(("file", "seed"), list(itertools.product(("sample", "placeless"), SEEDS)))


def mailed(businesses):
    """Those who need a site for everybody to see and can be written to."""
    return [one for one in businesses if one.email and one.needs_site and one.site_kind != "broken"]


def test_the_same_seed_gives_the_same_town_whatever_the_order_of_the_rows():
    records = read_place_file(packaged_sample())
    again = populate(records.sample(fraction=1, shuffle=True, seed=7), leads=100, seed=1)
    assert tuple(again) == town("sample", 1)


def test_another_seed_gives_another_town():
    first, second = town("sample", 1), town("sample", 2)
    assert {one.key for one in first} != {one.key for one in second}


@towns
def test_the_tags_are_right_and_wrong_in_the_published_shares(file, seed):
    businesses = town(file, seed)
    tagged = [one for one in businesses if one.listed_website]
    untagged = [one for one in businesses if not one.listed_website]
    assert (len(tagged), len(untagged)) == (50, 50)
    wrong = [one for one in tagged if one.site_kind not in {"healthy", "weak", "broken"}]
    assert len(wrong) == 5
    hidden = [one for one in untagged if one.site_kind == "healthy"]
    assert len(hidden) >= ceil(0.15 * len(untagged))
    assert 1 <= sum(one.undiscoverable for one in businesses) <= 3
    assert sum(one.findable for one in hidden) > len(hidden) / 2
    assert {one.site_kind for one in businesses} == {"healthy"} | NEEDS_SITE
    assert all(one.needs_site == (one.site_kind in NEEDS_SITE) for one in businesses)


@towns
def test_a_hundred_businesses_give_enough_mail_and_every_kind_of_person_mailbox_and_machine(file, seed):
    due = mailed(town(file, seed))
    assert 33 <= len(due) <= 42
    tempers, mailboxes = Counter(one.temper for one in due), Counter(one.mailbox for one in due)
    assert min(tempers["opener"], tempers["clicker"], tempers["replier"]) >= 3
    assert min(tempers["unsubscriber"], tempers["out_of_office"], tempers["silent"]) >= 1
    assert min(mailboxes["unknown_user"], mailboxes["bounces_later"], mailboxes["full"]) >= 1
    assert mailboxes["accepts"] >= 25
    assert {one.machine for one in due} == {"none", "apple_prefetch", "gmail_proxy", "link_scanner"}
    for temper in ("opener", "clicker", "replier"):
        assert any(one.machine == "none" for one in due if one.temper == temper)
    assert any(one.reply_address != one.email for one in due if one.temper == "replier")


@towns
def test_published_addresses_are_in_the_record_and_hidden_ones_only_on_the_site(file, seed):
    for one in town(file, seed):
        assert one.record["email"] == (one.email if one.email_on == "record" else None)
        assert (one.email is None) == (one.email_on == "nowhere") == (one.mailbox == "none")
        if one.email_on == "site":
            assert one.site_host
            assert one.email.endswith(f"@{one.site_host}")
        if one.undiscoverable and one.email:
            assert not one.email.endswith(f"@{one.site_host}")
        if one.email_on == "record":
            assert any(key.startswith("osm:") for key in one.source_keys)


@towns
def test_some_who_need_a_site_can_only_be_called_and_some_only_be_visited(file, seed):
    silent = [one for one in town(file, seed) if one.needs_site and not one.email]
    assert sum(bool(one.record["phone"]) for one in silent) >= 10
    assert 1 <= sum(one.record["phone"] is None for one in silent) <= 4
    assert all(one.record["phone"] for one in town(file, seed) if one.site_host)


@towns
def test_names_of_the_town_are_reserved_valid_and_each_is_used_once(file, seed):
    businesses = town(file, seed)
    hosts = [one.site_host for one in businesses if one.site_host]
    mails = [one.email for one in businesses if one.email]
    keys = [key for one in businesses for key in one.source_keys]
    phones = [one.record["phone"] for one in businesses if one.record["phone"]]
    for names in (hosts, mails, keys, phones, [one.key for one in businesses]):
        assert len(names) == len(set(names))
    assert all(name.endswith(".test") for name in (*hosts, *mails))
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(phone)) for phone in phones)
    pages = {one.listed_website for one in businesses} | {one.record["facebook"] for one in businesses}
    assert all(".test" in page for page in pages - {None})


@towns
def test_no_two_businesses_could_be_taken_for_one_and_all_lie_in_the_towns_area(file, seed):
    businesses = town(file, seed)
    assert len({name_key(one.record["name"]) for one in businesses}) == len(businesses)
    area = area_of([one.record for one in businesses])
    for one in businesses:
        record = one.record
        assert record["city"]
        assert record["country"]
        assert metres_between(area.lat, area.lon, record["lat"], record["lon"]) < area.radius_metres


def test_what_the_real_record_knows_is_kept_and_its_contacts_are_not():
    records = read_place_file(packaged_sample())
    real = {f"{row['source']}:{row['source_id']}": row for row in records.iter_rows(named=True)}
    for one in town("sample", 1):
        row = real[one.key]
        for column in ("name", "category", "lat", "lon", "street", "housenumber", "opening_hours", "brand"):
            assert one.record[column] == row[column]
        for column in ("phone", "website", "facebook", "instagram"):
            assert one.record[column] is None or one.record[column] != row[column]


def test_a_thousand_businesses_keep_the_shares():
    businesses = town("sample", 1, leads=1000)
    assert len(businesses) == 1000
    assert sum(one.undiscoverable for one in businesses) == 20
    assert 360 <= len(mailed(businesses)) <= 410
    assert sum(one.site_kind == "broken" for one in businesses) == 10


def test_a_town_that_opens_over_days_is_the_same_town_with_as_many_on_each_day():
    records = read_place_file(packaged_sample())
    opening = populate(records, leads=100, seed=1, opening_days=5)
    assert [replace(one, opens_on=None) for one in opening] == list(town("sample", 1))
    days = Counter(one.opens_on for one in opening)
    assert days == {None: 20, **{FIRST_DAY + timedelta(days=number): 20 for number in range(1, 5)}}
    noon = datetime(2026, 3, 3, 12, tzinfo=UTC)
    assert sum(one.is_listed(noon) for one in opening) == 40


def test_a_small_or_dirty_file_gives_the_town_that_it_can():
    rows = [
        {"source": "file", "source_id": "1", "name": "  Καφενείο\tΑυγή ", "city": "7"},
        {
            "source": "file",
            "source_id": "2",
            "name": "مخبز الفجر",
            "lat": 24.7,
            "lon": 46.6,
            "website": "htp:/broken url",
        },
        {"source": "file", "source_id": "2", "name": "مخبز الفجر"},
        {"source": "file", "source_id": "3", "name": "🍕🍕"},
        {"source": "file", "source_id": "4", "name": "Pizza 🍕 Roma", "lat": -60.0, "lon": 10.0, "phone": "12"},
        {"source": "file", "source_id": "5", "name": None},
        {"source": None, "source_id": "6", "name": "PIZZA 🍕 ROMA", "country": "SA", "city": "Riyadh"},
        {"source": "file", "source_id": "7", "name": "O" * 300},
    ]
    businesses = populate(frame(rows), leads=100, seed=1)
    assert len(businesses) == 3
    assert {one.record["city"] for one in businesses} == {"Riyadh"}
    assert area_of([one.record for one in businesses]).radius_metres <= 2000
    assert all(one.site_host is None or one.site_host.isascii() for one in businesses)


@pytest.mark.parametrize("website", ["https://somewhere.com", None])
def test_a_file_where_all_or_none_have_a_website_still_gives_both(website):
    rows = [
        {"source": "file", "source_id": str(index), "name": row["name"], "website": website, "city": "Turku"}
        for index, row in enumerate(placeless_records(100).iter_rows(named=True))
    ]
    businesses = populate(frame(rows), leads=30, seed=1)
    assert Counter(bool(one.listed_website) for one in businesses) == {True: 15, False: 15}
    assert {one.record["country"] for one in businesses} == {"US"}


def test_no_town_without_places_or_businesses():
    with pytest.raises(PopulationError, match="hold no record"):
        populate(frame([{"source": "file", "source_id": "1", "name": "!!"}]), leads=5, seed=1)
    with pytest.raises(PopulationError, match="at least one business"):
        populate(placeless_records(), leads=0, seed=1)


def test_shares_become_whole_numbers_that_add_up():
    for total in range(300):
        for shares in (TAGGED_SITES, UNTAGGED_SITES, FATES):
            counts = apportion(total, shares)
            assert sum(counts.values()) == total
            assert all(abs(counts[name] - share * total) < 1.01 for name, share in shares.items())
    assert apportion(10, {"a": 1.0, "b": 0.0, "c": 0.0}, {"b": 2, "c": 1}) == {"a": 7, "b": 2, "c": 1}
    assert apportion(2, {"a": 1.0, "b": 0.0, "c": 0.0, "d": 0.0}, {"b": 2, "c": 1}) == {"a": 0, "b": 1, "c": 1, "d": 0}


def test_the_packaged_sample_and_the_documented_file_agree_on_the_shares():
    text = (Path(__file__).parents[3] / "docs" / "town.md").read_text("utf-8")
    for shares in (TAGGED_SITES, UNTAGGED_SITES, FATES):
        for name, share in shares.items():
            assert f"| `{name}` | {share * 100:g} %" in text, name
