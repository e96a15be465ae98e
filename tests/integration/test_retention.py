"""Google's content goes after thirty days; the ids of its places, other sources' records and newer days stay."""

from datetime import date, timedelta
from functools import partial

from leadgen_assets.clients.google_places import LICENCE
from leadgen_assets.domain.leads import new_leads
from leadgen_assets.retention import drop_expired_content
from leadgen_assets.settings import Settings
from leadgen_assets.stages.place_sources import places_of
from leadgen_assets.storage.journal import Capture, read_captures, store_capture
from leadgen_assets.storage.ledger import Connection, ledger_connection
from leadgen_assets.storage.warehouse import Warehouse
from tests.conftest import MONDAY
from tests.ledger_rows import a_lead
from tracking_service.clock import FileClock

OLD = MONDAY.date()
ANSWER = {
    "places": [{"id": "ChIJ1", "displayName": {"text": "Kahvila"}, "nationalPhoneNumber": "09 123", "rating": 4.5}],
    "nextPageToken": "more",
}


def captured(ledger: Connection, settings: Settings, day: date) -> None:
    """One answer of Google and one of OpenStreetMap, with the partitions that they make."""
    at = MONDAY + (day - OLD)
    google = {"city": "Helsinki", "country": "FI", "category": "cafe", "answer": ANSWER}
    element = {"type": "node", "id": 5, "tags": {"name": "Leipomo", "shop": "bakery"}, "lat": 60.1, "lon": 24.9}
    osm = {"city": "Helsinki", "country": "FI", "answer": {"elements": [element]}}
    store_capture(ledger, "places", day, Capture("google:1", at, "google", google, licence=LICENCE))
    store_capture(ledger, "places", day, Capture("osm:1", at, "osm", osm, licence="ODbL"))
    places = places_of(read_captures(ledger, "places", day))
    for asset, frame in (("places", places), ("leads", new_leads(places, places.clear(), day))):
        path = settings.warehouse_folder / asset / f"{day}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(path)


def test_only_ids_stay_after_thirty_days(settings: Settings, ledger: Connection, clock: FileClock) -> None:
    captured(ledger, settings, OLD)
    captured(ledger, settings, OLD + timedelta(days=5))
    google = {"source": "google", "licence": LICENCE, "phone": "+35891", "lat": 60.1, "lng": 24.9, "rating": 4.5}
    called = a_lead(ledger, "Kahvila", place_id="google:ChIJ1", **google)
    written = a_lead(ledger, "Kirjoitettu", place_id="google:ChIJ2", queued_at=MONDAY, **google)
    merged = a_lead(ledger, "Molemmat", place_id="google:ChIJ3", **google | {"licence": f"{LICENCE}; ODbL"})
    ledger_of = partial(ledger_connection, settings.database_url)

    clock.advance_to(MONDAY + timedelta(days=30))
    assert set(drop_expired_content(ledger_of, settings, clock).values()) == {0}
    clock.advance_to(MONDAY + timedelta(days=31))
    dropped = drop_expired_content(ledger_of, settings, clock)
    assert dropped == {"captured_places": 1, "leads": 2, "place_rows": 1, "lead_rows": 1}
    assert set(drop_expired_content(ledger_of, settings, clock).values()) == {0}

    old, newer = (
        {c.source: c.payload for c in read_captures(ledger, "places", OLD + timedelta(days=n))} for n in (0, 5)
    )
    assert old["google"]["answer"] == {"places": [{"id": "ChIJ1"}], "nextPageToken": "more"}
    assert newer["google"]["answer"] == ANSWER
    assert old["osm"] == newer["osm"]
    rows = {row["id"]: row for row in ledger.execute("SELECT * FROM leads").fetchall()}
    assert (rows[called]["business_name"], rows[called]["phone"]) == ("known to Google only", None)
    assert (rows[written]["business_name"], rows[written]["phone"]) == ("Kirjoitettu", "+35891")
    assert {rows[lead]["lat"] for lead in (called, written)} == {None}
    assert rows[merged]["lat"] == 60.1
    warehouse = Warehouse(settings.warehouse_folder)
    assert warehouse.read("leads", until=OLD)["name"].to_list() == ["Leipomo"]
    places = warehouse.read("places", until=OLD)
    assert dict(places.select("place_key", "name").iter_rows()) == {"google:ChIJ1": None, "osm:node/5": "Leipomo"}
    again = warehouse.read("places", since=OLD + timedelta(days=5))
    assert new_leads(again, places, OLD + timedelta(days=5)).is_empty()  # known by its id alone
