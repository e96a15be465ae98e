"""Records in, leads out."""

import time
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from leadgen_assets.domain.identity import lead_id_of
from leadgen_assets.domain.leads import leads_and_left_out, new_leads
from leadgen_assets.storage.place_files import packaged_sample, read_place_file
from leadgen_assets.storage.schemas import SCHEMAS, conform, frame_of

DAY = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 4, tzinfo=UTC)
NOTHING = frame_of("places", [])


def a_place(key: str, name: str | None, **more: object) -> dict:
    source, _, source_id = key.partition(":")
    return {
        "place_key": key,
        "source": source,
        "source_id": source_id,
        "name": name,
        "captured_at": AT,
        "country": "FI",
    } | more


def leads_of(*places: dict, earlier: pl.DataFrame = NOTHING) -> list[dict]:
    return new_leads(frame_of("places", list(places)), earlier, DAY).to_dicts()


def test_a_lead_takes_the_best_of_its_records() -> None:
    google = a_place(
        "google:g1",
        "Kahvila Käpy",
        lat=60.17,
        lon=24.94,
        phone="09 123 4567",
        rating=4.5,
        website="https://www.facebook.com/kapy",
        licence="terms",
    )
    osm = a_place(
        "osm:node/1",
        "Kahvila Käpy",
        lat=60.1701,
        lon=24.94,
        street="Koivukatu",
        housenumber="3",
        postcode="00100",
        city="Helsinki",
        phone="+358 9 1234567",
        email="mailto:Hei@KAPY.test",
        website="www.kapy.test",
        category="amenity=cafe",
        licence="ODbL",
    )
    (lead,) = leads_of(google, osm)
    assert lead["lead_id"] == str(lead_id_of("google:g1"))
    assert (lead["place_keys"], lead["sources"]) == (["google:g1", "osm:node/1"], ["google", "osm"])
    assert (lead["phone"], lead["email"], lead["website"]) == ("+35891234567", "Hei@kapy.test", "http://www.kapy.test/")
    assert (lead["facebook"], lead["rating"], lead["industry"]) == ("https://www.facebook.com/kapy", 4.5, "cafe")
    assert (lead["address"], lead["licence"]) == ("Koivukatu 3, 00100 Helsinki", "ODbL; terms")
    assert lead["first_seen_on"] == DAY


def test_a_business_with_an_earlier_record_in_any_source_is_not_new() -> None:
    earlier = frame_of("places", [a_place("osm:node/1", "Kahvila Käpy", lat=60.17, lon=24.94)])
    assert leads_of(a_place("google:g1", "Kahvila Käpy", lat=60.1701, lon=24.94), earlier=earlier) == []
    assert leads_of(a_place("osm:node/1", "Kahvila Käpy", lat=60.17, lon=24.94), earlier=earlier) == []


def test_a_closed_business_stays_a_lead_and_stays_closed() -> None:
    closed = a_place("google:g1", "Kahvila Käpy", lat=60.17, lon=24.94, business_status="closed_permanently")
    unaware = a_place(
        "osm:node/1", "Kahvila Käpy", lat=60.17, lon=24.94, business_status="operational", city="Helsinki"
    )
    (lead,) = leads_of(closed, unaware)
    assert lead["business_status"] == "closed_permanently"


def test_chains_are_left_out_unless_they_are_wanted() -> None:
    google = a_place("google:g1", "Burger Palace", lat=60.17, lon=24.94)
    osm = a_place("osm:node/1", "Burger Palace", lat=60.1701, lon=24.94, category="amenity=fast_food", brand="Palace")
    places = frame_of("places", [google, osm])
    assert leads_and_left_out(places, NOTHING, DAY)[1] == {"a chain": 1}
    assert new_leads(places, NOTHING, DAY).is_empty()
    (lead,) = new_leads(places, NOTHING, DAY, include_chains=True).to_dicts()
    assert lead["brand"] == "Palace"


@pytest.mark.parametrize(
    ("name", "category", "reason"),
    [
        ("Säästöpankki", "amenity=bank", "a bank"),
        ("Keskuspankki", "office=central_bank", "a bank"),
        ("Virasto", "Local government office", "a public body"),
        ("Museo", "tourism=museum", "a museum"),
        ("Kirkko", "hindu_temple", "a place of worship"),
        ("Vanhan kaupungin seurakunta", "store", "a place of worship"),
        ("Vanha kirkkopuisto", "amenity=bicycle_rental", "an unattended amenity"),
        ("Otto.", "ATM", "an unattended amenity"),
        ("Zara", "shop=clothes", "a chain"),
        ("K-Market Kamppi", "store", "a chain"),
        ("McDonald’s", "amenity=fast_food", "a chain"),
        ("Zaranja", "shop=clothes", None),
        ("Hair by Zara", "shop=hairdresser", None),
        ("Ravintola Bank", "amenity=restaurant", None),
        ("Museokauppa", "shop=gift", None),
        ("Pyöräliike", "shop=bicycle", None),
        ("Seurakuntakatu 3", None, None),
        ("Taidegalleria", "tourism=gallery", None),
    ],
)
def test_who_is_no_customer_is_left_out_with_a_reason(name: str, category: str | None, reason: str | None) -> None:
    leads, left_out = leads_and_left_out(frame_of("places", [a_place("x:1", name, category=category)]), NOTHING, DAY)
    assert (leads.height, left_out) == ((0, {reason: 1}) if reason else (1, {}))


def test_a_place_that_was_left_out_is_no_lead_when_another_source_lists_it_later() -> None:
    earlier = frame_of("places", [a_place("osm:node/1", "Nooa", lat=60.17, lon=24.94, category="amenity=bank")])
    assert leads_of(a_place("google:g1", "Nooa", lat=60.1701, lon=24.94, category="store"), earlier=earlier) == []


def test_impossible_values_become_unknown_and_an_erased_record_makes_no_lead() -> None:
    (lead,) = leads_of(
        a_place("x:1", "🦄 بقالة", phone="12", website="htp://broken", email="nobody", facebook="kapy.cafe"),
        a_place("x:2", None),
    )
    assert (lead["phone"], lead["website"], lead["email"], lead["industry"]) == (None, None, None, "other")
    assert lead["facebook"] == "https://www.facebook.com/kapy.cafe"


def test_the_days_of_a_month_share_no_lead_whatever_is_seen_again() -> None:
    sample = _places(1)
    first, later = sample.head(900), sample.tail(600)
    one = new_leads(first, NOTHING, DAY)
    two = new_leads(later.with_columns(pl.col("captured_at") + timedelta(days=1)), first, DAY + timedelta(days=1))
    keys = [*one["place_keys"].explode(), *two["place_keys"].explode()]
    assert len(keys) == len(set(keys))
    assert two.height > 200
    assert new_leads(first.sample(fraction=1, shuffle=True, seed=3), NOTHING, DAY).equals(one)


def test_six_thousand_records_take_seconds() -> None:
    places = _places(5)
    started = time.process_time()
    assert new_leads(places, NOTHING, DAY).height > 5_500
    assert time.process_time() - started < 12


def _places(copies: int) -> pl.DataFrame:
    """The packaged sample, several times, each copy moved out of the others' way."""
    sample = read_place_file(packaged_sample())
    moved = [
        sample.with_columns(
            pl.col("source_id") + f"#{copy}", pl.col("lat") + copy * 0.02, pl.col("phone").str.slice(0, 9) + str(copy)
        )
        for copy in range(copies)
    ]
    frame = pl.concat(moved).with_columns(
        (pl.col("source") + ":" + pl.col("source_id")).alias("place_key"), pl.lit(AT).alias("captured_at")
    )
    return conform(
        "places",
        frame.with_columns(pl.lit(None).alias(name) for name in SCHEMAS["places"].names() if name not in frame.columns),
    )
