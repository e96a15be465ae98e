"""The Overpass client against a server that behaves as interpreters do."""

from collections.abc import Iterator
from typing import Any

import pytest

from leadgen_assets.clients.errors import ClientError
from leadgen_assets.clients.overpass import Overpass, business_query, place_records
from leadgen_assets.clients.overpass_tags import untagged
from leadgen_assets.storage.targets import DEFAULT_CATEGORIES
from tests.integration.place_servers import Asked, PlaceServer, place_server

TAGS = {"name": "Kahvila Käpy", "amenity": "cafe", "contact:phone": "+358 9 1234567", "contact:email": "hei@kapy.test",
        "addr:street": "Koivukatu", "url": "kapy.test", "contact:instagram": "kapy"}  # fmt: skip
ELEMENTS = [
    {"type": "node", "id": 1, "lat": 60.17, "lon": 24.94, "tags": TAGS},
    {
        "type": "way",
        "id": 2,
        "center": {"lat": 60.18, "lon": 24.95},
        "tags": {"name": "Kioski", "shop": "kiosk", "addr:country": "SE"},
    },
    {"type": "node", "id": 3, "lat": 60.17, "lon": 24.94},
]


def interpreter(request: Asked) -> tuple[int, Any]:
    if "leadgen" not in request.headers.get("user-agent", "").lower():
        return 406, "<html>Not Acceptable</html>"
    return 200, {"version": 0.6, "elements": ELEMENTS}


@pytest.fixture
def server() -> Iterator[PlaceServer]:
    with place_server(interpreter) as running:
        yield running


def overpass(server: PlaceServer, agent: str = "LeadgenBot/0.1") -> Overpass:
    return Overpass(f"{server.url}/api/interpreter", agent, sleep=lambda _: None)


def test_tags_become_records(server: PlaceServer) -> None:
    query = business_query(60.1699, 24.9384, 5000, ("cafe", "store", "bakery"))
    with overpass(server) as api:
        cafe, kiosk = place_records(api.search(query), country="FI")
    assert server.asked[0].query == query
    assert "(around:5000,60.169900,24.938400)" in query
    assert query.startswith("[out:json]")
    assert query.endswith("out tags center;")
    assert '"bakery' not in query, "a search for all shops covers bakeries"
    assert (cafe["source_id"], cafe["category"], cafe["phone"]) == ("node/1", "amenity=cafe", "+358 9 1234567")
    assert (cafe["email"], cafe["website"], cafe["instagram"], cafe["country"]) == (
        "hei@kapy.test",
        "kapy.test",
        "kapy",
        "FI",
    )
    assert (kiosk["source_id"], kiosk["lat"], kiosk["country"], kiosk["phone"]) == ("way/2", 60.18, "SE", None)


def test_only_what_was_asked_for_is_searched() -> None:
    query = business_query(60.0, 24.0, 900, ("plumber", "lawyer", "unicorn"))
    assert query is not None
    assert query.count("nwr[") == 2
    assert '["craft"~"^(plumber|hvac)$"]' in query
    assert '["shop"]' not in query
    assert business_query(60.0, 24.0, 900, ("unicorn",)) is None
    assert untagged(("bakery", "unicorn")) == ["unicorn"]
    assert untagged(DEFAULT_CATEGORIES) == []


@pytest.mark.parametrize(
    ("answer", "retryable", "says"),
    [
        ((200, {"elements": [], "remark": "runtime error: Query timed out after 61 seconds."}), True, "timed out"),
        ((429, "busy"), True, "429"),
        ((504, "busy"), True, "504"),
        ((400, "bad query"), False, "400"),
        ((200, "<html>"), False, "OVERPASS_URL"),
    ],
)  # fmt: skip
def test_a_failure_is_told_even_where_the_status_is_200(
    server: PlaceServer, answer: tuple[int, Any], retryable: bool, says: str
) -> None:
    server.answer = lambda _: answer
    with overpass(server) as api, pytest.raises(ClientError, match=says) as refused:
        api.search("[out:json];")
    assert refused.value.retryable is retryable


def test_an_anonymous_client_is_told_which_setting_to_mend(server: PlaceServer) -> None:
    with overpass(server, "python-httpx") as api, pytest.raises(ClientError, match="USER_AGENT"):
        api.search("[out:json];")
