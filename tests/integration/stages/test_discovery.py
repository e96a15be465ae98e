"""The discovery stage in real runs: PostgreSQL, Parquet, and servers on loopback."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from upath import UPath

from leadgen_assets.resources import Platform
from leadgen_assets.settings import Settings
from leadgen_assets.stages import discovery
from leadgen_assets.stages.kinds import DRY_RUN_TAG
from leadgen_assets.storage.ledger import Connection
from leadgen_assets.storage.parquet_io import ParquetIOManager
from leadgen_assets.storage.place_files import packaged_sample
from leadgen_assets.storage.quotas import used
from leadgen_assets.storage.targets import add_target
from tests.conftest import MONDAY
from tests.integration.place_servers import Asked, google_error, google_place, place_server
from tracking_service.clock import FileClock
from tracking_service.settings import env_file

ASSETS = [discovery.places, discovery.leads, discovery.places_are_unique, discovery.leads_are_unique]


def append_settings(**lines: object) -> Settings:
    with env_file().open("a") as file:
        file.writelines(f"{name}={value}\n" for name, value in lines.items())
    return Settings.load()


def run(day: str = "2026-03-02", **options: Any) -> dg.ExecuteInProcessResult:
    """Materialise the stage for one day, in a fresh process's state."""
    settings = Settings.load()
    resources = {"platform": Platform(), "io_manager": ParquetIOManager(UPath(settings.warehouse_folder))}
    return dg.materialize(
        ASSETS, partition_key=day, resources=resources, instance=dg.DagsterInstance.ephemeral(), **options
    )


def frame(result: dg.ExecuteInProcessResult, asset: str) -> pl.DataFrame:
    return result.output_for_node(asset)


def bakeries(request: Asked) -> tuple[int, Any]:
    """Three pages of 20 bakeries, nothing of any other kind."""
    if request.json["includedType"] != "bakery":
        return 200, {}
    first = int(request.json.get("pageToken", "0"))
    places = [google_place(number) for number in range(first, first + 20)]
    return 200, {"places": places} | ({"nextPageToken": str(first + 20)} if first < 40 else {})


@pytest.fixture
def target(ledger: Connection) -> None:
    add_target(
        ledger, city="Helsinki", country="FI", lat=60.1699, lng=24.9384, categories=["bakery", "florist"], at=MONDAY
    )


def test_a_days_places_become_leads_and_the_next_day_brings_none_again(
    settings: Settings, ledger: Connection, clock: FileClock, target: None
) -> None:
    with place_server(bakeries) as google:
        append_settings(GOOGLE_PLACES_BASE_URL=google.url, GOOGLE_PLACES_API_KEY="k")
        first = run()
        assert first.success
        assert frame(first, "places").height == frame(first, "leads").height == 60
        assert frame(first, "places")["licence"].unique().to_list() == [
            "Google Maps Platform terms: place ids only beyond 30 days"
        ]
        assert used(ledger, "google_places", date(2026, 3, 1)) == len(google.asked) == 4
        text = ledger.execute("SELECT text FROM alert_outbox").fetchall()
        assert [row["text"] for row in text] == ["🔍 Discovery: 60 new leads found in 1 location"]
        clock.advance_to(MONDAY + timedelta(days=1))
        second = run("2026-03-03")
    assert frame(second, "places").height == 60
    assert frame(second, "leads").height == 0


def test_a_past_day_reads_back_what_was_captured_and_asks_nobody(
    settings: Settings, clock: FileClock, target: None
) -> None:
    with place_server(bakeries) as google:
        append_settings(GOOGLE_PLACES_BASE_URL=google.url, GOOGLE_PLACES_API_KEY="k")
        first = run()
        asked = len(google.asked)
        clock.advance_to(MONDAY + timedelta(days=3))
        again, never = run(), run("2026-03-04")
        assert len(google.asked) == asked
    for asset in ("places", "leads"):
        assert frame(again, asset).equals(frame(first, asset))
    assert frame(never, "places").height == 0


def test_a_run_that_died_goes_on_at_the_page_where_it_stopped(
    settings: Settings, ledger: Connection, target: None
) -> None:
    def dies(request: Asked) -> tuple[int, Any]:
        return (400, "dead") if request.json.get("pageToken") == "40" else bakeries(request)

    with place_server(dies) as google:
        append_settings(GOOGLE_PLACES_BASE_URL=google.url, GOOGLE_PLACES_API_KEY="k")
        first = run()
        assert frame(first, "places").height == 40
        google.asked.clear()
        google.answer = bakeries
        second = run()
        assert [request.json.get("pageToken") for request in google.asked] == ["40"]
    assert frame(second, "places").height == 60


def test_a_source_that_fails_leaves_the_others_and_is_named(settings: Settings, target: None) -> None:
    with place_server(lambda _: google_error(400, "INVALID_ARGUMENT", "API key not valid.")) as google:
        append_settings(GOOGLE_PLACES_BASE_URL=google.url, GOOGLE_PLACES_API_KEY="k", PLACES_FILE=packaged_sample())
        result = run()
    assert frame(result, "leads").height > 1100
    (made,) = [event for event in result.asset_materializations_for_node("places")]
    assert "GOOGLE_PLACES_API_KEY" in str(made.metadata["failures"].value)
    assert made.metadata["from_openstreetmap"].value == frame(result, "places").height


@pytest.mark.parametrize(("status", "retries"), [(403, False), (429, True)])
def test_nothing_at_all_fails_the_run_in_one_sentence(
    settings: Settings, target: None, status: int, retries: bool
) -> None:
    with place_server(lambda _: google_error(status, "SOME_STATUS", "Not today.")) as google:
        append_settings(GOOGLE_PLACES_BASE_URL=google.url, GOOGLE_PLACES_API_KEY="k")
        with pytest.raises(
            dg.Failure, match=f"Google Places refused a search with {status} SOME_STATUS: Not today"
        ) as failed:
            run()
    assert failed.value.allow_retries is retries


def test_the_month_s_free_requests_are_never_exceeded(settings: Settings, ledger: Connection, target: None) -> None:
    with place_server(bakeries) as google:
        append_settings(GOOGLE_PLACES_BASE_URL=google.url, GOOGLE_PLACES_API_KEY="k", GOOGLE_PLACES_MONTHLY_REQUESTS=60)
        run()
        run()
        assert len(google.asked) == 2, "60 requests for the 30 days that are left of the month"
    assert used(ledger, "google_places", date(2026, 3, 1)) == 2


def test_a_dry_run_asks_google_nothing_and_tells_nobody(settings: Settings, ledger: Connection, target: None) -> None:
    with place_server(bakeries) as google:
        append_settings(GOOGLE_PLACES_BASE_URL=google.url, GOOGLE_PLACES_API_KEY="k", PLACES_FILE=packaged_sample())
        result = run(tags={DRY_RUN_TAG: "true"})
        assert google.asked == []
    assert frame(result, "leads").height > 1100
    assert ledger.execute("SELECT count(*) AS n FROM alert_outbox").fetchone()["n"] == 0


def test_overpass_and_google_records_of_one_business_are_one_lead(settings: Settings, target: None) -> None:
    element = {
        "type": "node",
        "id": 5,
        "lat": 60.1701,
        "lon": 24.931,
        "tags": {"name": "LEIPOMO 1 Oy", "shop": "bakery", "email": "a@leipomo.test"},
    }

    def interpreter(_: Asked) -> tuple[int, Any]:
        return 200, {"elements": [element]}

    with place_server(bakeries) as google, place_server(interpreter) as osm:
        append_settings(GOOGLE_PLACES_BASE_URL=google.url, GOOGLE_PLACES_API_KEY="k", OVERPASS_URL=osm.url)
        found = frame(run(), "leads")
    both = found.filter(pl.col("place_keys").list.contains("osm:node/5")).row(0, named=True)
    assert (both["place_keys"], both["email"], found.height) == (["google:g1", "osm:node/5"], "a@leipomo.test", 60)
    assert "ODbL" in both["licence"]


def test_openstreetmap_is_not_asked_for_what_it_has_no_tag_for(settings: Settings, ledger: Connection) -> None:
    add_target(ledger, city="Oulu", country="FI", lat=65.0, lng=25.5, categories=["unicorn"], at=MONDAY)
    with place_server(lambda _: (200, {"elements": []})) as osm:
        append_settings(OVERPASS_URL=osm.url)
        failed = run(raise_on_error=False)
        assert not failed.success
        assert "unicorn in Oulu, FI" in failed.failure_data_for_node("places").user_failure_data.description
        assert osm.asked == []
        add_target(ledger, city="Oulu", country="FI", lat=65.0, lng=25.5, categories=["unicorn", "plumber"], at=MONDAY)
        found = run()
        assert [asked.query.count("nwr[") for asked in osm.asked] == [1]
    [event] = found.asset_materializations_for_node("places")
    assert "unicorn" in str(event.metadata["failures"].value)


def test_a_file_is_taken_in_daily_portions_once(
    settings: Settings, clock: FileClock, target: None, tmp_path: Path
) -> None:
    path = tmp_path / "places.csv"
    path.write_text("source_id,name,city\n" + "".join(f"{n},Invented Shop {n},Helsinki\n" for n in range(7)))
    append_settings(PLACES_FILE=path, PLACES_FILE_ROWS_PER_DAY=4)
    run()  # a second run of the same day takes no second portion
    seen = []
    for day in range(3):
        seen.append(frame(run(f"2026-03-0{2 + day}"), "places"))
        clock.advance_to(MONDAY + timedelta(days=day + 1))
    assert [rows.height for rows in seen] == [4, 3, 0]
    assert seen[0]["place_key"].to_list() == [f"file:{n}" for n in range(4)]
    assert (seen[0]["target_city"][0], seen[0]["country"][0]) == ("Helsinki", "FI")


def test_an_unreadable_file_is_named(settings: Settings, tmp_path: Path) -> None:
    append_settings(PLACES_FILE=tmp_path / "absent.csv")
    result = run(raise_on_error=False)
    assert "absent.csv does not exist" in result.failure_data_for_node("places").user_failure_data.description


def test_no_source_is_an_empty_day_and_no_failure(settings: Settings) -> None:
    result = run()
    assert result.success
    assert frame(result, "leads").height == 0
