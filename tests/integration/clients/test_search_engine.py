"""Questions to a search engine on loopback, and what its answers and its failures mean for a lead."""

import asyncio
import json
from typing import Any

import polars as pl

from leadgen_assets.clients.search_engine import SearchEngine, json_problem
from leadgen_assets.rehearsal.population import populate
from leadgen_assets.rehearsal.servers.search_api import SearchApi
from leadgen_assets.runtime.checkup import examine
from leadgen_assets.settings import Settings
from leadgen_assets.storage.place_files import packaged_sample
from tests.integration.web_servers import Reply, WebServer
from tracking_service.clock import FileClock


def ask(url: str, clock: FileClock, *questions: str, **more: Any) -> list[dict[str, Any]]:
    async def run() -> list[dict[str, Any]]:
        async with SearchEngine(url, clock, user_agent="LeadgenBot/0.1", timeout_seconds=1.0, **more) as engine:
            return [await engine.ask(words) for words in questions]

    return asyncio.run(run())


def detail(row: dict[str, Any]) -> dict[str, Any]:
    return json.loads(row["detail_json"])


def answer(*results: dict[str, str], silent: tuple[tuple[str, str], ...] = ()) -> Reply:
    body = {"query": "x", "number_of_results": 0, "results": results, "unresponsive_engines": silent}
    return Reply(body=json.dumps(body), headers={"Content-Type": "application/json"})


def test_results_are_read_and_a_silent_engine_makes_an_answer_partial(clock: FileClock) -> None:
    hit = {"url": "https://kulta.fi/", "title": "Kulta"}
    replies = {
        "/search?q=found&format=json&categories=general": answer(hit, {"title": "without address"}),
        "/search?q=nothing&format=json&categories=general": answer(),
        "/search?q=partly&format=json&categories=general": answer(hit, silent=(("bing", "CAPTCHA"),)),
        "/search?q=web+page&format=json&categories=general": Reply(body="<html>"),
        "/search?q=no+json&format=json&categories=general": Reply(403, "Forbidden"),
    }
    with WebServer({"127.0.0.1": replies}) as server:
        url = f"http://127.0.0.1:{server.port}/search"
        rows = ask(url, clock, "found", "nothing", "partly", "web page", "no json")
        headers = server.asked[0].headers
    assert [row["outcome"] for row in rows] == ["answered", "answered", "partial", "refused", "refused"]
    assert (rows[0]["kind"], rows[0]["url"], detail(rows[0])["results"]) == ("search", "found", [hit])
    assert detail(rows[2])["silent_engines"] == ["bing"]
    assert "search.formats" in detail(rows[4])["detail"]
    assert headers["User-Agent"] == "LeadgenBot/0.1"


def test_a_busy_engine_is_asked_once_more_and_after_three_failures_no_more(clock: FileClock) -> None:
    with WebServer({"127.0.0.1": {"*": Reply(429, "", {"Retry-After": "0"})}}) as server:
        rows = ask(f"http://127.0.0.1:{server.port}", clock, *"abcde")
        asked = len(server.asked)
    assert {row["outcome"] for row in rows} == {"unavailable"}
    assert asked == 2 * 3
    assert "not asked again" in detail(rows[-1])["detail"]


def test_a_spent_allowance_asks_nothing_and_chosen_engines_are_named(clock: FileClock) -> None:
    left = iter([True, False])
    with WebServer({"127.0.0.1": {"*": answer()}}) as server:
        url = f"http://127.0.0.1:{server.port}"
        rows = ask(url, clock, "first", "second", engines=("bing", "qwant"), may_ask=lambda: next(left))
        paths = [request.path for request in server.asked]
    assert [row["outcome"] for row in rows] == ["answered", "over_quota"]
    assert paths == ["/search?q=first&format=json&engines=bing%2Cqwant"]


def test_the_towns_engine_speaks_the_same_protocol_and_doctor_can_tell(clock: FileClock, settings: Settings) -> None:
    businesses = populate(pl.read_parquet(packaged_sample()), leads=30, seed=2)
    api = SearchApi(businesses, clock)
    api.start()
    try:
        url = api.settings()["SEARCH_URL"]
        one = next(b for b in businesses if b.site_kind == "healthy" and b.findable)
        [row] = ask(url, clock, f"{one.record['name']} {one.record['city']}")
        assert row["outcome"] == "answered"
        assert detail(row)["results"]
        api.interrupt = lambda words: 200
        assert ask(url, clock, "anything")[0]["outcome"] == "partial"
        assert json_problem(url, 1.0) is None
        assert len(api.requests) == 3  # the last one without a question, which no engine hears of
        found = {finding.name: finding for finding in examine(settings.model_copy(update={"search_url": url}))}
        assert found["web search"].state == "passed"
    finally:
        api.stop()
    assert "does not answer" in str(json_problem(url, 1.0))
    assert {finding.name: finding.state for finding in examine(settings)}["web search"] == "skipped"
    with WebServer({"127.0.0.1": {"*": Reply(403, "")}}) as server:
        assert "search.formats" in str(json_problem(f"http://127.0.0.1:{server.port}", 1.0))
