"""Who may call the management API, and what a call without a key learns: nothing."""

from contextlib import suppress
from uuid import uuid4

import httpx
import pytest

from tests.integration.api.conftest import KEY, OTHER_KEY, Api
from tests.integration.tracking import ServiceProcess

pytestmark = pytest.mark.xdist_group("api")

PATHS = ("/leads", f"/leads/{uuid4()}", "/leads/", "/nothing", "/pipeline/trigger", "/reports/2026-03-02", "/", "")


@pytest.mark.parametrize("headers", [{}, {"X-API-Key": "wrong"}, {"X-API-Key": ""}, {"X-API-Key": KEY[:-1]}])
def test_without_a_valid_key_every_path_answers_alike(api: Api, headers: dict[str, str]) -> None:
    answers = [
        api.stranger.request(method, path, headers=headers) for path in PATHS for method in ("GET", "POST", "DELETE")
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert {answer.headers["content-type"] for answer in answers} == {"application/problem+json"}
    assert "www-authenticate" in answers[0].headers


def test_each_key_opens_the_api(api: Api) -> None:
    for key in (KEY, OTHER_KEY):
        assert api.stranger.get("/leads", headers={"X-API-Key": key}).status_code == 200


def test_errors_are_problem_details_and_nothing_is_cached(api: Api) -> None:
    for answer, status in (
        (api.client.get("/nothing"), 404),
        (api.client.delete("/leads"), 405),
        (api.client.get("/leads", params={"statuss": "qualified"}), 400),
        (api.client.get("/leads", params={"status": "brilliant"}), 400),
        (api.client.post("/locations", content=b"{"), 415),
        (api.client.post("/locations", content=b"{", headers={"Content-Type": "application/json"}), 400),
        (api.client.post("/locations", json={"city": "Espoo"}), 422),
    ):
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["cache-control"].startswith("no-store")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.json()["status"] == status
        assert answer.json()["title"]
        assert answer.json()["detail"].endswith(".")
    assert api.client.get("/leads", params={"statuss": "x"}).json()["errors"][0]["field"] == "statuss"


def test_bodies_are_bounded(api: Api) -> None:
    def endless():
        while True:
            yield b" " * 10_000

    json_type = {"Content-Type": "application/json"}
    assert api.client.post("/locations", content=b" " * 100_000, headers=json_type).status_code == 413
    with suppress(httpx.WriteError, httpx.RemoteProtocolError):  # the service hangs up on who goes on talking
        answer = api.client.post("/locations", content=endless(), headers=json_type)
        assert answer.status_code == 413


def test_a_key_that_calls_too_often_waits_and_others_do_not(api: Api) -> None:
    settings_file = api.service._file
    with ServiceProcess(settings_file, API_CALLS_PER_MINUTE=3, LEADGEN_HOME=f"{settings_file.parent}/second") as slow:
        url = f"{slow.url}/api/v1/locations"
        statuses = [httpx.get(url, headers={"X-API-Key": KEY}).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        assert int(httpx.get(url, headers={"X-API-Key": KEY}).headers["retry-after"]) in range(1, 22)
        assert httpx.get(url, headers={"X-API-Key": OTHER_KEY}).status_code == 200
