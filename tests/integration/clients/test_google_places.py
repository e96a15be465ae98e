"""The Places API client against a server that keeps the API's rules."""

from collections.abc import Iterator
from typing import Any

import pytest

from leadgen_assets.clients.errors import ClientError
from leadgen_assets.clients.google_places import GooglePlaces, TextSearch, place_records
from tests.integration.place_servers import Asked, PlaceServer, google_error, google_place, place_server

BAKERIES = TextSearch("bakery", "Helsinki", "FI", 60.1699, 24.9384, 5000)


def pages_of_45(request: Asked) -> tuple[int, Any]:
    """45 places on three pages; every parameter but the token must stay the same."""
    if not request.headers.get("x-goog-fieldmask"):
        return google_error(400, "INVALID_ARGUMENT", "FieldMask is a required parameter.")
    body = dict(request.json)
    first = int(body.pop("pageToken", "0").removeprefix("after-"))
    if body["textQuery"] != "bakery in Helsinki" or body["pageSize"] > 20:
        return google_error(400, "INVALID_ARGUMENT", "Parameters differ from the first page.")
    answer: dict[str, Any] = {"places": [google_place(number) for number in range(first, min(45, first + 20))]}
    if first + 20 < 45 and "nextPageToken" in request.headers["x-goog-fieldmask"]:
        answer["nextPageToken"] = f"after-{first + 20}"
    return 200, answer


@pytest.fixture
def server() -> Iterator[PlaceServer]:
    with place_server(pages_of_45) as running:
        yield running


def client(server: PlaceServer, pauses: list[float] | None = None) -> GooglePlaces:
    return GooglePlaces(server.url, "key", timeout_seconds=1, sleep=(pauses if pauses is not None else []).append)


def test_a_search_pages_to_its_end_with_the_key_and_mask_in_the_headers(server: PlaceServer) -> None:
    found, token = [], None
    with client(server) as api:
        while True:
            answer = api.search(BAKERIES, token)
            found += place_records(answer, category="bakery", country="FI")
            token = answer.get("nextPageToken")
            if not token:
                break
    assert [record["source_id"] for record in found] == [f"g{number}" for number in range(45)]
    assert len(server.asked) == 3
    request = server.asked[0]
    assert (request.path, request.headers["x-goog-api-key"]) == ("/v1/places:searchText", "key")
    assert request.json["includedType"] == "bakery"
    square = request.json["locationRestriction"]["rectangle"]
    assert square["low"]["latitude"] == pytest.approx(60.1699 - 5000 / 111_195, abs=1e-6)
    assert square["high"]["longitude"] > 24.9384 + 0.08


def test_a_record_has_what_the_place_says_and_nothing_more() -> None:
    place = google_place(
        3, internationalPhoneNumber="+358 9 1234567", rating=4.4, userRatingCount=7, businessStatus="CLOSED_PERMANENTLY"
    )
    (record,) = place_records({"places": [place]}, category="bakery", country="FI")
    assert record["name"] == "Leipomo 3"
    assert (record["street"], record["postcode"], record["city"], record["country"]) == (
        "Koivukatu 3",
        "00100",
        "Helsinki",
        "FI",
    )
    assert (record["business_status"], record["website"], record["review_count"]) == ("closed_permanently", None, 7)


def test_an_empty_answer_is_no_result_and_a_bare_place_is_a_record() -> None:
    assert place_records({}, category="bakery", country=None) == []
    (record,) = place_records({"places": [{"id": "x"}]}, category="bakery", country=None)
    assert (record["name"], record["lat"], record["category"]) == (None, None, "bakery")


def test_a_category_that_is_no_known_type_is_searched_by_its_words(server: PlaceServer) -> None:
    body = TextSearch("sauna_builder", "Espoo", None, None, None, 5000).body()
    assert body == {"textQuery": "sauna builder in Espoo", "pageSize": 20}


@pytest.mark.parametrize(
    ("status", "name", "message", "retryable", "requests"),
    [
        (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", False, 1),
        (403, "PERMISSION_DENIED", "Places API (New) has not been used.", False, 1),
        (400, "INVALID_ARGUMENT", "Unsupported types: food.", False, 1),
        (429, "RESOURCE_EXHAUSTED", "Quota exceeded.", True, 3),
        (503, "UNAVAILABLE", "Try again.", True, 3),
    ],
)
def test_a_refusal_is_one_sentence_and_only_a_busy_one_is_tried_again(
    server: PlaceServer, status: int, name: str, message: str, retryable: bool, requests: int
) -> None:
    server.answer = lambda _: google_error(status, name, message)
    pauses: list[float] = []
    with (
        client(server, pauses) as api,
        pytest.raises(ClientError, match=message.split(".")[0].replace("(", r"\(").replace(")", r"\)")) as refused,
    ):
        api.search(BAKERIES)
    assert refused.value.retryable is retryable
    assert len(server.asked) == requests
    assert pauses == [0.5, 1.0][: requests - 1]


def test_a_busy_moment_passes(server: PlaceServer) -> None:
    server.answer = lambda request: (
        google_error(503, "UNAVAILABLE", "x") if len(server.asked) == 1 else pages_of_45(request)
    )
    with client(server) as api:
        assert len(api.search(BAKERIES)["places"]) == 20


@pytest.mark.parametrize("content", ["<html>", "[]", '{"places": 3}', ""])
def test_an_answer_that_is_no_result_is_said_to_be_none(server: PlaceServer, content: str) -> None:
    server.answer = lambda _: (200, content)
    with client(server) as api, pytest.raises(ClientError, match="GOOGLE_PLACES_BASE_URL"):
        api.search(BAKERIES)


def test_nobody_at_home_is_worth_another_try_later() -> None:
    with GooglePlaces("http://127.0.0.1:9", "key", sleep=lambda _: None) as api, pytest.raises(ClientError) as refused:
        api.search(BAKERIES)
    assert refused.value.retryable
