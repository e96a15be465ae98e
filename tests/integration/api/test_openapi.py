"""The OpenAPI document is held true: every route is in it, and what schemathesis sends is answered as documented."""

import re
from pathlib import Path

import falcon.inspect
import pytest

from leadgen_assets.settings import Settings
from tests.integration.api.conftest import KEY, WEBHOOK_TOKEN, Api
from tests.integration.api.contract import check_contract
from tracking_service.app import create_app
from tracking_service.clock import SystemClock
from tracking_service.counters import Counters
from tracking_service.management import Management

pytestmark = pytest.mark.xdist_group("api")

_ALSO_SERVED = {"/api/v1/openapi.json", "/api/v1/docs"}


def test_every_route_is_documented_and_the_reverse(api: Api, settings: Settings) -> None:
    document = api.stranger.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    documented = {
        (f"/api/v1{path}", method.upper()) for path, methods in document["paths"].items() for method in methods
    }
    applications = (
        create_app(settings, recorder=None, clock=SystemClock()),
        Management(settings, SystemClock(), Counters()).application,
    )
    served = {
        (re.sub(r":\w+}", "}", route.path), method.method)
        for application in applications
        for route in falcon.inspect.inspect_app(application).routes
        for method in route.methods
        if not method.internal and method.method != "HEAD" and route.path.startswith("/api/v1")
    }
    assert {(path, method) for path, method in served if path not in _ALSO_SERVED} == documented


def test_the_page_for_readers_needs_nothing_from_elsewhere(api: Api) -> None:
    answer = api.stranger.get("/docs")
    assert answer.status_code == 200
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    text = answer.text
    assert "/pipeline/trigger" in text
    assert "<script" not in text
    assert not re.search(r"(?:src|href)=['\"]?https?:", text)


def test_what_is_sent_is_answered_as_documented(api: Api, tmp_path: Path) -> None:
    done = check_contract(
        api.service.url, tmp_path, key=KEY, token=WEBHOOK_TOKEN, examples=2, phases="examples,fuzzing"
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
