"""A web search through a SearXNG instance, or whatever speaks its JSON API: one row of `web_captures` a question.

SearXNG is free software that an operator runs; public instances do not offer JSON. It asks several engines and says
which of them gave no answer, so "nothing found" can be told from "nothing asked". Which results count is decided in the
domain.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from leadgen_assets.clients.retries import BUSY
from tracking_service.clock import Clock

_ATTEMPTS = 2
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 5.0
_FAILURES_IN_A_ROW = 3
_MOST_BYTES = 2 * 1024 * 1024
_MOST_RESULTS = 30
_TITLE_CHARACTERS = 200
_NO_JSON = "403: it offers no JSON; add json to search.formats in its settings.yml"

Found = tuple[str, dict[str, Any]]


class SearchEngine:
    """Asks one question at a time, with a pause after each; an asynchronous context manager.

    After three failures in a row nothing more is asked.

    Args:
        url: of the instance (`http://localhost:8888`), with or without `/search`.
        engines: of the instance's engines those to ask; its own choice where empty.
        may_ask: reserves one question of the day's allowance; false where it is used up.
        clock: the time of each row.
        user_agent: the one name this product goes by.
        timeout_seconds: for each answer.
        pause_seconds: between two questions: the engines behind the instance block whoever asks too fast.
    """

    def __init__(
        self, url: str, clock: Clock, *, engines: Sequence[str] = (), may_ask: Callable[[], bool] = lambda: True,
        user_agent: str, timeout_seconds: float, pause_seconds: float = 0.0,
    ) -> None:  # fmt: skip
        self._url, self._clock, self._may_ask = search_address(url), clock, may_ask
        self._chosen = {"engines": ",".join(engines)} if engines else {"categories": "general"}
        self._pause_seconds = pause_seconds
        self._client = httpx.AsyncClient(headers={"User-Agent": user_agent}, timeout=timeout_seconds, trust_env=False)
        self._turn = asyncio.Lock()
        self._failures = 0

    async def __aenter__(self) -> "SearchEngine":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def ask(self, words: str) -> dict[str, Any]:
        """One row of kind `search`, without lead_id and ordinal.

        `url` is what was asked for. `outcome` is answered (every engine that was asked answered), partial, unavailable,
        refused or over_quota; `detail_json` has results (url and title of each), silent_engines and detail.
        """
        async with self._turn:
            if self._failures >= _FAILURES_IN_A_ROW:
                outcome, detail = "unavailable", _problem("it failed several times in a row; not asked again now")
            elif not self._may_ask():
                outcome, detail = "over_quota", _problem("the day's SEARCH_REQUESTS_PER_DAY are used up")
            else:
                outcome, detail = await self._look_up(words)
                self._failures = self._failures + 1 if outcome in {"unavailable", "refused"} else 0
                await asyncio.sleep(self._pause_seconds)
        return {
            **dict.fromkeys(("status", "final_url", "content_type", "body")),
            "origin": "search",
            "kind": "search",
            "url": words,
            "outcome": outcome,
            "detail_json": json.dumps(detail, ensure_ascii=False),
            "captured_at": self._clock.now().isoformat(),
        }

    async def _look_up(self, words: str) -> Found:
        found: Found = ("unavailable", _problem("no answer"))
        pause = _FIRST_PAUSE_SECONDS
        for attempt in range(_ATTEMPTS):
            if attempt:
                await asyncio.sleep(pause)
            try:
                answer = await self._client.get(self._url, params={"q": words, "format": "json", **self._chosen})
            except httpx.TimeoutException:
                found = "unavailable", _problem("no answer in time")
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                found = "unavailable", _problem(f"it cannot be reached: {type(error).__name__}")
            else:
                if answer.status_code not in BUSY:
                    return _read(answer)
                found = "unavailable", _problem(f"it answers {answer.status_code}")
                pause = max(pause, _wanted_pause(answer))
        return found


def search_address(url: str) -> str:
    """Where an instance is asked, from its address as an operator writes it."""
    bare = url.rstrip("/")
    return bare if bare.endswith("/search") else f"{bare}/search"


def json_problem(url: str, timeout_seconds: float) -> str | None:
    """What keeps an instance from answering questions in JSON, or None; asks no engine.

    SearXNG looks at the format before it looks for a question, so a request without one tells.
    """
    try:
        answer = httpx.get(search_address(url), params={"format": "json"}, timeout=timeout_seconds, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"does not answer ({type(error).__name__}); mend SEARCH_URL or the network"
    if answer.status_code == httpx.codes.FORBIDDEN:
        return f"answers {_NO_JSON}"
    is_json = "json" in answer.headers.get("content-type", "")
    if answer.status_code in {httpx.codes.OK, httpx.codes.BAD_REQUEST} and is_json:
        return None
    return f"answers {answer.status_code}, which is no search API; check SEARCH_URL"


def _read(answer: httpx.Response) -> Found:
    if answer.status_code == httpx.codes.FORBIDDEN:
        return "refused", _problem(_NO_JSON)
    if answer.status_code != httpx.codes.OK or len(answer.content) > _MOST_BYTES:
        return "refused", _problem(f"it answers {answer.status_code} with {len(answer.content)} bytes")
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("results"), list):
        return "refused", _problem("its answer is no search result; check SEARCH_URL")
    results = [
        {"url": str(one["url"]), "title": str(one.get("title") or "")[:_TITLE_CHARACTERS]}
        for one in found["results"]
        if isinstance(one, dict) and one.get("url")
    ]
    silent = sorted({_engine_name(one) for one in found.get("unresponsive_engines") or ()})
    detail = {"results": results[:_MOST_RESULTS], "silent_engines": silent, "detail": None}
    return ("partial" if silent else "answered"), detail


def _engine_name(entry: Any) -> str:
    """`["bing", "CAPTCHA"]` in today's SearXNG; plain names in others."""
    return str(entry[0]) if isinstance(entry, list) and entry else str(entry)


def _problem(text: str) -> dict[str, Any]:
    return {"results": [], "silent_engines": [], "detail": text}


def _wanted_pause(answer: httpx.Response) -> float:
    wanted = answer.headers.get("Retry-After", "")
    return min(float(wanted), _LONGEST_PAUSE_SECONDS) if wanted.isdigit() else 0.0
