"""Discovery against the rehearsal's town, whose truth says which records are one business."""

from collections import Counter

import dagster as dg
import pytest
from upath import UPath

from leadgen_assets.rehearsal.population import populate
from leadgen_assets.rehearsal.servers.overpass_api import OverpassApi
from leadgen_assets.rehearsal.servers.places_api import PlacesApi
from leadgen_assets.rehearsal.town_places import area_of
from leadgen_assets.resources import Platform
from leadgen_assets.settings import Settings
from leadgen_assets.stages import discovery
from leadgen_assets.storage.ledger import Connection
from leadgen_assets.storage.parquet_io import ParquetIOManager
from leadgen_assets.storage.place_files import packaged_sample, read_place_file
from leadgen_assets.storage.targets import DEFAULT_CATEGORIES, add_target
from tests.conftest import MONDAY
from tests.shared_files import shared_file
from tracking_service.clock import FileClock
from tracking_service.settings import env_file


@pytest.mark.parametrize("places", ["packaged sample", "helsinki_osm.parquet", "overture_sf.parquet"])
def test_every_business_of_the_town_is_one_lead(
    settings: Settings, ledger: Connection, clock: FileClock, places: str
) -> None:
    records = read_place_file(packaged_sample() if places == "packaged sample" else shared_file(places))
    businesses = populate(records, leads=300, seed=3)
    area = area_of([business.record for business in businesses])
    add_target(
        ledger,
        city=area.city,
        country=area.country,
        lat=area.lat,
        lng=area.lon,
        radius_meters=area.radius_metres,
        categories=DEFAULT_CATEGORIES,
        at=MONDAY,
    )
    google, osm = PlacesApi(businesses, clock), OverpassApi(businesses, clock)
    try:
        google.start(), osm.start()
        with env_file().open("a") as file:
            file.writelines(f"{name}={value}\n" for name, value in (google.settings() | osm.settings()).items())
        warehouse = ParquetIOManager(UPath(settings.warehouse_folder))
        result = dg.materialize(
            [discovery.places, discovery.leads],
            partition_key="2026-03-02",
            resources={"platform": Platform(), "io_manager": warehouse},
            instance=dg.DagsterInstance.ephemeral(),
        )
    finally:
        google.stop(), osm.stop()
    business_of = {key: business.key for business in businesses for key in business.source_keys}
    leads = result.output_for_node("leads")["place_keys"].to_list()
    owners = [{business_of[key] for key in keys} for keys in leads]
    assert all(len(owner) == 1 for owner in owners), "two businesses in one lead"
    assert max(Counter(next(iter(owner)) for owner in owners).values()) == 1, "one business in two leads"
    assert len(leads) == len(businesses)
    assert sum(len(keys) > 1 for keys in leads) > 30, "some are published by both sources"
