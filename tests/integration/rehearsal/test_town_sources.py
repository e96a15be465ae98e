"""The town's Places API and Overpass as their clients see them."""

from datetime import timedelta

import httpx
import pytest

from leadgen_assets.rehearsal.population import populate
from leadgen_assets.rehearsal.servers.overpass_api import OverpassApi
from leadgen_assets.rehearsal.servers.places_api import API_KEY, PlacesApi
from leadgen_assets.rehearsal.town_places import area_of, metres_between
from leadgen_assets.rehearsal.trades import SEARCHED_TYPES
from leadgen_assets.storage.place_files import packaged_sample, read_place_file

pytestmark = pytest.mark.xdist_group("town sources")

MASK = "places.id,places.displayName,places.websiteUri,places.location,nextPageToken"
AGENT = {"User-Agent": "LeadgenBot/0.1 (+https://studio.test/bot)"}


@pytest.fixture(scope="module")
def big_town():
    return populate(read_place_file(packaged_sample()), leads=600, seed=2)


@pytest.fixture(scope="module")
def places_server(big_town, town_clock):
    server = PlacesApi(big_town, town_clock)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def places(places_server):
    yield places_server
    places_server.requests.clear()
    places_server.interrupt = lambda body: None


@pytest.fixture(scope="module")
def overpass_server(big_town, town_clock):
    server = OverpassApi(big_town, town_clock)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def overpass(overpass_server):
    yield overpass_server
    overpass_server.requests.clear()
    overpass_server.interrupt = lambda query: None


def search(server, body, key=API_KEY, mask=MASK):
    headers = {"X-Goog-FieldMask": mask} if mask else {}
    headers |= {"X-Goog-Api-Key": key} if key else {}
    url = server.settings()["GOOGLE_PLACES_BASE_URL"]
    return httpx.post(f"{url}/v1/places:searchText", json=body, headers=headers)


def ask(server, query, headers=AGENT):
    return httpx.post(server.settings()["OVERPASS_URL"], data={"data": query}, headers=headers)


def test_a_search_gives_sixty_places_in_three_pages_and_then_no_token(places):
    body, pages = {"textQuery": "restaurant in Helsinki", "includedType": "restaurant", "pageSize": 20}, []
    token = None
    while True:
        answer = search(places, body | ({"pageToken": token} if token else {})).json()
        pages.append(answer["places"])
        token = answer.get("nextPageToken")
        if not token:
            break
    assert [len(page) for page in pages] == [20, 20, 20]
    assert len({place["id"] for page in pages for place in page}) == 60
    assert set(pages[0][0]) <= {"id", "displayName", "websiteUri", "location"}
    assert [request.places for request in places.requests] == [20, 20, 20]


def test_a_page_token_belongs_to_the_question_that_gave_it(places):
    token = search(places, {"textQuery": "restaurant in Helsinki"}).json()["nextPageToken"]
    other = search(places, {"textQuery": "cafe in Helsinki", "pageToken": token})
    assert other.status_code == 400
    assert other.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert search(places, {"textQuery": "restaurant in Helsinki", "pageToken": "nonsense"}).status_code == 400


def test_the_token_comes_only_when_the_mask_asks_for_it(places):
    assert "nextPageToken" not in search(places, {"textQuery": "restaurant in Helsinki"}, mask="places.id").json()


@pytest.mark.parametrize(
    ("change", "options", "status", "message"),
    [
        ({}, {"mask": None}, 400, "FieldMask is a required parameter"),
        ({}, {"mask": "places.emailAddress"}, 400, "Cannot find matching fields for path 'places.emailAddress'"),
        ({}, {"key": None}, 403, "unregistered callers"),
        ({}, {"key": "wrong"}, 400, "API key not valid"),
        ({"includedType": "food"}, {}, 400, "Unsupported types: food."),
        ({"includedType": "banana"}, {}, 400, "Unsupported types: banana."),
        ({"fields": "places.id"}, {}, 400, 'Unknown name "fields"'),
        ({"pageSize": -1}, {}, 400, "must not be negative"),
        ({"textQuery": " "}, {}, 400, "Empty text_query"),
        ({"locationRestriction": {"circle": {}}}, {}, 400, 'Unknown name "circle"'),
    ],
)
def test_a_wrong_request_is_refused_with_the_apis_envelope(places, change, options, status, message):
    answer = search(places, {"textQuery": "cafe in Helsinki"} | change, **options)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["code"] == status
    assert message in error["message"]


def test_nothing_found_is_an_empty_object(places):
    assert search(places, {"textQuery": "restaurant in Atlantis"}).json() == {}
    box = {"rectangle": {"low": {"latitude": 0, "longitude": 0}, "high": {"latitude": 1, "longitude": 1}}}
    assert search(places, {"textQuery": "restaurant in Helsinki", "locationRestriction": box}).json() == {}


def test_an_interruption_is_answered_as_google_would(places):
    places.interrupt = lambda body: 429
    answer = search(places, {"textQuery": "cafe in Helsinki"})
    assert (answer.status_code, answer.json()["error"]["status"]) == (429, "RESOURCE_EXHAUSTED")


def test_overpass_maps_what_lies_around_and_nothing_else(overpass, big_town):
    area = area_of([business.record for business in big_town])
    everything = ask(overpass, f'[out:json];nwr["shop"](around:{area.radius_metres},{area.lat},{area.lon});out center;')
    elements = everything.json()["elements"]
    assert len(elements) == sum(any(key.startswith("osm:") for key in business.source_keys) for business in big_town)
    near = ask(overpass, f"[out:json];nwr(around:300,{area.lat},{area.lon});out tags center;").json()["elements"]
    assert 0 < len(near) < len(elements)
    for element in near:
        at = element.get("center", element)
        assert metres_between(area.lat, area.lon, at["lat"], at["lon"]) <= 300
    box = f"{area.lat - 0.003},{area.lon - 0.003},{area.lat + 0.003},{area.lon + 0.003}"
    assert 0 < len(ask(overpass, f"[out:json];nwr({box});out center;").json()["elements"]) < len(elements)


def test_overpass_tells_the_address_of_everybody_who_publishes_one_in_the_record(overpass, big_town):
    area = area_of([business.record for business in big_town])
    answer = ask(overpass, f"[out:json];nwr(around:{area.radius_metres},{area.lat},{area.lon});out center;").json()
    mails = {
        tags.get("email") or tags.get("contact:email") for tags in (element["tags"] for element in answer["elements"])
    }
    assert mails - {None} == {business.email for business in big_town if business.email_on == "record"}


def test_overpass_refuses_anonymous_clients_and_says_when_it_ran_out_of_time(overpass):
    assert ask(overpass, "nwr(around:1,1,1);", headers={}).status_code == 406
    assert ask(overpass, "nwr;out;").status_code == 400
    overpass.interrupt = lambda query: 200
    answer = ask(overpass, "nwr(around:1,1,1);")
    assert "timed out" in answer.json()["remark"]
    overpass.interrupt = lambda query: 504
    assert ask(overpass, "nwr(around:1,1,1);").status_code == 504
    assert [request.status for request in overpass.requests] == [406, 400, 200, 504]


def test_a_business_is_listed_from_the_day_it_opens(clock):
    opening = populate(read_place_file(packaged_sample()), leads=20, seed=1, opening_days=2)
    places, overpass = PlacesApi(opening, clock), OverpassApi(opening, clock)
    area = area_of([business.record for business in opening])
    everything = f"[out:json];nwr(around:{area.radius_metres},{area.lat},{area.lon});out center;"
    known = []
    for server in (places, overpass):
        server.start()
    for _ in range(2):
        found = {f"osm:{one['type']}/{one['id']}" for one in ask(overpass, everything).json()["elements"]}
        answer = search(places, {"textQuery": "a in Helsinki"}).json()
        found |= {f"google:{place['id']}" for place in answer.get("places", [])}
        known.append(sum(bool(found.intersection(business.source_keys)) for business in opening))
        clock.advance_to(clock.now() + timedelta(days=1))
    for server in (places, overpass):
        server.stop()
    assert 0 < known[0] <= 10 < known[1]


def test_every_business_is_reached_by_the_usual_searches_or_by_overpass(places, overpass, big_town):
    found = set()
    for kind in SEARCHED_TYPES:
        body = {"textQuery": f"{kind.replace('_', ' ')} in Helsinki", "includedType": kind}
        token = ""
        while token is not None:
            answer = search(places, body | ({"pageToken": token} if token else {})).json()
            found |= {f"google:{place['id']}" for place in answer.get("places", [])}
            token = answer.get("nextPageToken")
    area = area_of([business.record for business in big_town])
    answer = ask(overpass, f"[out:json];nwr(around:{area.radius_metres},{area.lat},{area.lon});out center;").json()
    found |= {f"osm:{element['type']}/{element['id']}" for element in answer["elements"]}
    assert [business.key for business in big_town if not found.intersection(business.source_keys)] == []


def test_the_two_records_of_a_business_are_close_share_a_phone_and_look_alike(places, overpass, big_town):
    area = area_of([business.record for business in big_town])
    answer = ask(overpass, f"[out:json];nwr(around:{area.radius_metres},{area.lat},{area.lon});out center;").json()
    elements = {f"osm:{element['type']}/{element['id']}": element for element in answer["elements"]}
    mask = "places.id,places.displayName,places.location,places.internationalPhoneNumber"
    listed = search(places, {"textQuery": "cafe in Helsinki"}, mask=mask).json()["places"]
    shown = {f"google:{place['id']}": place for place in listed}
    pairs = [
        (shown[keys[0]], elements[keys[1]])
        for keys in (business.source_keys for business in big_town)
        if len(keys) == 2 and keys[0] in shown
    ]
    assert len(pairs) >= 10
    for place, element in pairs:
        at = element.get("center", element)
        there = place["location"]
        assert metres_between(there["latitude"], there["longitude"], at["lat"], at["lon"]) < 35
        tags = element["tags"]
        assert (tags.get("phone") or tags.get("contact:phone")) == place.get("internationalPhoneNumber")
        assert tags["name"].casefold()[0] == place["displayName"]["text"].casefold()[0]
