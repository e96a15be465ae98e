"""The town's web search: a SearXNG instance that speaks its JSON API about the town's own sites.

It knows most sites and not all, as search engines do; which is in `rehearsal/search_index.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import falcon
import falcon.asgi

from leadgen_assets.rehearsal.search_index import SearchIndex
from leadgen_assets.rehearsal.servers.http_server import HttpServer
from leadgen_assets.rehearsal.truth import Business
from tracking_service.clock import Clock

_ENGINES = ("town search", "town crawler")
_PAGE_SIZE = 10
_PARAMETERS = frozenset({"q", "format", "categories", "engines", "language", "pageno", "time_range", "safesearch"})


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """One request as it was answered: when (virtual time), what was asked for, the HTTP status, how many results."""

    at: datetime
    words: str
    status: int
    results: int


class SearchApi:
    """`GET` or `POST /search` with `q` and `format=json`; other formats are not offered (403).

    Args:
        businesses: the town's.
        clock: for the log only.

    Attributes:
        requests: what was asked, in order.
        interrupt: a hook for faults: given a query, returns an HTTP status to answer instead (429), 200 for an answer
            in which no engine gave results in time, or None.
    """

    def __init__(self, businesses: Sequence[Business], clock: Clock) -> None:
        self._clock = clock
        self._index = SearchIndex(businesses)
        self.requests: list[SearchQuery] = []
        self.interrupt: Callable[[str], int | None] = lambda words: None
        app = falcon.asgi.App()
        app.add_route("/search", self)
        self._server = HttpServer(app)

    def start(self) -> None:
        """Serve until `stop`."""
        self._server.start()

    def stop(self) -> None:
        """Stop serving; safe to call twice."""
        self._server.stop()

    def settings(self) -> dict[str, str]:
        """The lines that point the product here, where nobody minds how fast it asks."""
        return {"SEARCH_URL": self._server.url, "SEARCH_PAUSE_SECONDS": "0", "SEARCH_REQUESTS_PER_DAY": "100000"}

    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        """Answer one search."""
        self._respond({name: request.get_param(name) or "" for name in _PARAMETERS}, response)

    async def on_post(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        """Answer one search in a form."""
        form = await request.get_media()
        self._respond({name: str(form.get(name) or "") for name in _PARAMETERS}, response)

    def _respond(self, asked: dict[str, str], response: falcon.asgi.Response) -> None:
        words = asked["q"].strip()
        told = self.interrupt(words) if words else None
        found: list[dict[str, Any]] = []
        if asked["format"] != "json":  # looked at before the question, as the real one does
            status = 403
        elif not words:
            status = 400
        else:
            status = told or 200
        if status == 200:
            found = [] if told else self._results(words, asked["pageno"])
            silent = [[engine, "timeout"] for engine in _ENGINES] if told else []
            response.media = _document(words, found, silent)
        else:
            response.status = status
            response.media = {"error": "No query"}
        self.requests.append(SearchQuery(self._clock.now(), words, status, len(found)))

    def _results(self, words: str, page: str) -> list[dict[str, Any]]:
        first = (max(1, int(page)) - 1) * _PAGE_SIZE if page.isdigit() else 0
        hits = self._index.search(words)[first : first + _PAGE_SIZE]
        return [
            {
                "url": hit.url, "title": hit.title, "content": hit.content, "engine": _ENGINES[0],
                "engines": list(_ENGINES), "category": "general", "template": "default.html", "positions": [place],
                "score": round(1 / place, 3), "publishedDate": None,
            }
            for place, hit in enumerate(hits, first + 1)
        ]  # fmt: skip


def _document(words: str, results: list[dict[str, Any]], silent: list[list[str]]) -> dict[str, Any]:
    return {
        "query": words,
        "number_of_results": len(results),
        "results": results,
        "answers": [],
        "corrections": [],
        "infoboxes": [],
        "suggestions": [],
        "unresponsive_engines": silent,
    }
