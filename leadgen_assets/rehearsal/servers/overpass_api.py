"""The town's Overpass: everything within the area of a query, as OpenStreetMap would tag it.

Of the query language only the area is understood; tag filters are left to the reader of the answer. What an element
looks like is in `rehearsal/listings.py`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import falcon
import falcon.asgi

from leadgen_assets.rehearsal.listings import osm_element, source_id
from leadgen_assets.rehearsal.servers.http_server import HttpServer
from leadgen_assets.rehearsal.town_places import metres_between
from leadgen_assets.rehearsal.truth import Business
from tracking_service.clock import Clock

_NUMBER = r"\s*(-?\d+(?:\.\d+)?)\s*"
_AROUND = re.compile(rf"around\s*:{_NUMBER},{_NUMBER},{_NUMBER}")
_BOX = re.compile(rf"[(:]{_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER}[)\]]")
_DEFAULT_AGENTS = ("python-httpx", "python-requests", "python-urllib", "curl/", "wget/", "aiohttp", "go-http-client")
_OUT_OF_TIME = 'runtime error: Query timed out in "query" at line 1 after 61 seconds.'
_COPYRIGHT = "The data included in this document is from www.openstreetmap.org. The data is made available under ODbL."


@dataclass(frozen=True, slots=True)
class OverpassQuery:
    """One request as it was answered: when (virtual time), the query, the HTTP status and how many elements."""

    at: datetime
    query: str
    status: int
    elements: int


class OverpassApi:
    """`POST` or `GET /api/interpreter` with the form field or parameter `data`.

    Args:
        businesses: the town's; those with an `osm:` key are mapped.
        clock: for the log and the time stamp of the data.

    Attributes:
        requests: what was asked, in order.
        interrupt: a hook for faults: given a query, returns an HTTP status to answer instead (429, 504), 200 for an
            answer that only remarks that the query ran out of time, or None.
    """

    def __init__(self, businesses: Sequence[Business], clock: Clock) -> None:
        self._clock = clock
        listed = [business for business in businesses if source_id(business, "osm")]
        self._elements = [(business, osm_element(business)) for business in listed]
        self.requests: list[OverpassQuery] = []
        self.interrupt: Callable[[str], int | None] = lambda query: None
        app = falcon.asgi.App()
        app.add_route("/api/interpreter", self)
        self._server = HttpServer(app)

    def start(self) -> None:
        """Serve until `stop`."""
        self._server.start()

    def stop(self) -> None:
        """Stop serving; safe to call twice."""
        self._server.stop()

    def settings(self) -> dict[str, str]:
        """The line that points the product here."""
        return {"OVERPASS_URL": f"{self._server.url}/api/interpreter"}

    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        """Answer one query."""
        self._respond(request, response, request.get_param("data") or "")

    async def on_post(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        """Answer one query, in a form or as the bare body."""
        raw = (await request.stream.read()).decode("utf-8", "replace")
        form = falcon.uri.parse_query_string(raw, keep_blank=True)
        query = form.get("data", raw)
        self._respond(request, response, query if isinstance(query, str) else query[0])

    def _respond(self, request: falcon.asgi.Request, response: falcon.asgi.Response, query: str) -> None:
        agent = (request.get_header("User-Agent") or "").lower()
        inside = _area_test(query)
        told = self.interrupt(query)
        elements: list[dict[str, Any]] = []
        status = 406 if not agent or agent.startswith(_DEFAULT_AGENTS) else told or (200 if inside else 400)
        if status == 200 and inside:
            elements = [] if told else self._within(inside)
            response.media = self._document(elements, remark=_OUT_OF_TIME if told else None)
        else:
            response.status = status
            response.content_type = falcon.MEDIA_HTML
            response.text = f"<html><body><p>Error: the query was refused with status {status}.</p></body></html>"
        self.requests.append(OverpassQuery(self._clock.now(), query, status, len(elements)))

    def _within(self, inside: Callable[[float, float], bool]) -> list[dict[str, Any]]:
        now = self._clock.now()
        mapped = (element for business, element in self._elements if business.is_listed(now))
        return [element for element in mapped if inside(*_position(element))]

    def _document(self, elements: list[dict[str, Any]], remark: str | None) -> dict[str, Any]:
        document: dict[str, Any] = {
            "version": 0.6,
            "generator": "Overpass API (town)",
            "osm3s": {"timestamp_osm_base": f"{self._clock.now():%Y-%m-%dT%H:%M:%SZ}", "copyright": _COPYRIGHT},
            "elements": elements,
        }
        return document | {"remark": remark} if remark else document


def _position(element: dict[str, Any]) -> tuple[float, float]:
    at = element.get("center", element)
    return at["lat"], at["lon"]


def _area_test(query: str) -> Callable[[float, float], bool] | None:
    """What the query's circles and boxes cover together, or None where it names no area."""
    circles = [tuple(map(float, circle)) for circle in _AROUND.findall(query)]
    boxes = [tuple(map(float, box)) for box in _BOX.findall(query)]
    if not circles and not boxes:
        return None
    return lambda lat, lon: (
        any(metres_between(lat, lon, *centre) <= radius for radius, *centre in circles)
        or any(south <= lat <= north and west <= lon <= east for south, west, north, east in boxes)
    )
