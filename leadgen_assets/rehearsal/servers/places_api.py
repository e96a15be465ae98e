"""The town's Places API (New): text search over what the town's businesses tell Google, with its checks and its pages.

What a place looks like is in `rehearsal/listings.py`. The API never tells an email address.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import falcon
import falcon.asgi

from leadgen_assets.rehearsal.listings import google_place, source_id
from leadgen_assets.rehearsal.servers.http_server import HttpServer
from leadgen_assets.rehearsal.shares import GOOGLE_RESULTS_PER_TYPE
from leadgen_assets.rehearsal.town_names import folded
from leadgen_assets.rehearsal.town_places import area_of
from leadgen_assets.rehearsal.trades import FILTER_TYPES, RESPONSE_ONLY_TYPES
from leadgen_assets.rehearsal.truth import Business
from tracking_service.clock import Clock

API_KEY = "town-places-key"
_PAGE = 20
_PAGING = frozenset({"pageSize", "pageToken", "maxResultCount"})
_FIELDS = _PAGING | frozenset({
    "textQuery", "includedType", "strictTypeFiltering", "locationBias", "locationRestriction", "languageCode",
    "regionCode", "openNow", "minRating", "priceLevels", "rankPreference", "includePureServiceAreaBusinesses",
    "includeFutureOpeningBusinesses",
})  # fmt: skip
_PLACE_FIELDS = frozenset({
    "name", "id", "displayName", "formattedAddress", "shortFormattedAddress", "addressComponents", "postalAddress",
    "location", "types", "primaryType", "primaryTypeDisplayName", "websiteUri", "nationalPhoneNumber",
    "internationalPhoneNumber", "rating", "userRatingCount", "businessStatus", "googleMapsUri",
    "pureServiceAreaBusiness", "movedPlace", "movedPlaceId", "regularOpeningHours", "currentOpeningHours",
    "priceLevel", "viewport", "photos", "utcOffsetMinutes", "plusCode", "attributions",
})  # fmt: skip
_NO_MASK = (
    "FieldMask is a required parameter. See https://cloud.google.com/apis/docs/system-parameters#definitions on how to"
    " provide it."
)


@dataclass(frozen=True, slots=True)
class Search:
    """One request as it was answered: when (virtual time), what was asked, the HTTP status and how many places."""

    at: datetime
    body: dict[str, Any]
    field_mask: str
    status: int
    places: int


class _RefusedError(Exception):
    def __init__(self, http_status: int, status: str, message: str, reason: str | None = None) -> None:
        super().__init__(message)
        self.http_status = http_status
        details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}]
        self.envelope = {"error": {"code": http_status, "message": message, "status": status}}
        if reason:
            self.envelope["error"]["details"] = details


class PlacesApi:
    """`POST /v1/places:searchText`.

    Args:
        businesses: the town's; those with a `google:` key are listed, in this order.
        clock: for the log only.

    Attributes:
        requests: what was asked, in order.
        interrupt: a hook for faults: given a request body, returns an HTTP status to answer instead, or None.
    """

    def __init__(self, businesses: Sequence[Business], clock: Clock) -> None:
        self._clock = clock
        listed = [business for business in businesses if source_id(business, "google")]
        self._places = [(business, google_place(business)) for business in listed]
        self._cities = {folded(business.record["city"]) for business in businesses}
        self._town = folded(area_of([business.record for business in businesses]).city)
        self.requests: list[Search] = []
        self.interrupt: Callable[[dict[str, Any]], int | None] = lambda body: None
        app = falcon.asgi.App()
        app.add_route("/v1/places:searchText", self)
        self._server = HttpServer(app)

    def start(self) -> None:
        """Serve until `stop`."""
        self._server.start()

    def stop(self) -> None:
        """Stop serving; safe to call twice."""
        self._server.stop()

    def settings(self) -> dict[str, str]:
        """The lines that point the product here."""
        return {"GOOGLE_PLACES_BASE_URL": self._server.url, "GOOGLE_PLACES_API_KEY": API_KEY}

    async def on_post(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        """Answer one search."""
        body: dict[str, Any] = {}
        mask = (
            request.get_header("X-Goog-FieldMask") or request.get_param("fields") or request.get_param("$fields") or ""
        )
        try:
            body = _parsed(await request.stream.read())
            self._check_caller(request.get_header("X-Goog-Api-Key") or request.get_param("key"), body)
            paths = _mask_paths(mask)
            _check_body(body)
            answer = self._answer(body, paths)
            response.media = answer
            self._log(body, mask, 200, len(answer.get("places", ())))
        except _RefusedError as refusal:
            response.status = refusal.http_status
            response.media = refusal.envelope
            self._log(body, mask, refusal.http_status, 0)

    def _log(self, body: dict[str, Any], mask: str, status: int, places: int) -> None:
        self.requests.append(Search(self._clock.now(), body, mask, status, places))

    def _check_caller(self, key: str | None, body: dict[str, Any]) -> None:
        if key is None:
            raise _RefusedError(
                403,
                "PERMISSION_DENIED",
                "Method doesn't allow unregistered callers (callers without established identity)."
                " Please use API Key or other form of API consumer identity to call this API.",
            )
        if key != API_KEY:
            raise _RefusedError(
                400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", "API_KEY_INVALID"
            )
        status = self.interrupt(body)
        if status is not None:
            name = {429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}.get(status, "INTERNAL")
            raise _RefusedError(status, name, f"The town's Places API was told to answer {status}.")

    def _answer(self, body: dict[str, Any], paths: frozenset[str]) -> dict[str, Any]:
        question = {name: value for name, value in body.items() if name not in _PAGING}
        digest = hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()[:16]
        start = _offset(body.get("pageToken"), digest)
        size = min(body.get("pageSize") or body.get("maxResultCount") or _PAGE, _PAGE)
        found = self._found(body)[:GOOGLE_RESULTS_PER_TYPE]
        page = found[start : start + size]
        answer: dict[str, Any] = {}
        if page and any(path == "*" or path.startswith("places") for path in paths):
            answer["places"] = [_masked(place, paths) for place in page]
        if start + size < len(found) and paths & {"*", "nextPageToken"}:
            answer["nextPageToken"] = _token(start + size, digest)
        return answer

    def _found(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        what, city = _read_query(body["textQuery"])
        if city is not None and city != self._town and city not in self._cities:
            return []
        kind = body.get("includedType") or _type_named(what)
        inside = _area_test(body.get("locationRestriction"))
        now = self._clock.now()
        return [
            place
            for business, place in self._places
            if business.is_listed(now)
            and ((kind is None and _named(place, what)) or kind in place["types"])
            and (city in (None, self._town) or city == folded(place["postalAddress"]["locality"]))
            and inside(place["location"])
            and place.get("rating", 0) >= (body.get("minRating") or 0)
        ]


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise _RefusedError(400, "INVALID_ARGUMENT", "Invalid JSON payload received.")
    return body


def _mask_paths(mask: str) -> frozenset[str]:
    paths = frozenset(path.strip() for path in mask.split(",") if path.strip())
    if not paths:
        raise _RefusedError(400, "INVALID_ARGUMENT", _NO_MASK)
    for path in paths - {"*", "places", "nextPageToken", "searchUri", "routingSummaries", "contextualContents"}:
        top, _, field = path.partition(".")
        if top != "places" or field.partition(".")[0] not in _PLACE_FIELDS | {"*"}:
            message = f"Error expanding 'fields' parameter. Cannot find matching fields for path '{path}'."
            raise _RefusedError(400, "INVALID_ARGUMENT", message)
    return paths


def _check_body(body: dict[str, Any]) -> None:
    for name in body.keys() - _FIELDS:
        message = f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
        raise _RefusedError(400, "INVALID_ARGUMENT", message)
    if not isinstance(body.get("textQuery"), str) or not body["textQuery"].strip():
        raise _RefusedError(400, "INVALID_ARGUMENT", "Empty text_query in the request.")
    kind = body.get("includedType")
    if kind is not None and (not isinstance(kind, str) or kind in RESPONSE_ONLY_TYPES or kind not in FILTER_TYPES):
        raise _RefusedError(400, "INVALID_ARGUMENT", f"Unsupported types: {kind}.")
    for name in ("pageSize", "maxResultCount"):
        size = body.get(name)
        if size is not None and (not isinstance(size, int) or size < 0):
            raise _RefusedError(400, "INVALID_ARGUMENT", f"Invalid {name}: it must not be negative.")
    bias, restriction = body.get("locationBias"), body.get("locationRestriction")
    if bias and restriction:
        message = "location_bias and location_restriction must not be set at the same time."
        raise _RefusedError(400, "INVALID_ARGUMENT", message)
    if restriction and set(restriction) != {"rectangle"}:
        name = next(iter(set(restriction) - {"rectangle"}), "rectangle")
        message = (
            f"Invalid JSON payload received. Unknown name \"{name}\" at 'location_restriction': Cannot find field."
        )
        raise _RefusedError(400, "INVALID_ARGUMENT", message)
    radius = (bias or {}).get("circle", {}).get("radius", 0)
    if not 0 <= radius <= 50_000:
        raise _RefusedError(400, "INVALID_ARGUMENT", "Invalid circle.radius: it must be between 0 and 50000.")


def _token(start: int, digest: str) -> str:
    return base64.urlsafe_b64encode(f"{start}.{digest}".encode()).decode()


def _offset(token: str | None, digest: str) -> int:
    if not token:
        return 0
    try:
        start, _, of = base64.urlsafe_b64decode(token.encode()).decode().partition(".")
        number = int(start)
    except ValueError:
        raise _RefusedError(400, "INVALID_ARGUMENT", "Invalid page token.") from None
    if of != digest:
        message = "Request parameters for paging requests must match the initial SearchText request."
        raise _RefusedError(400, "INVALID_ARGUMENT", message)
    return number


def _read_query(text: str) -> tuple[str, str | None]:
    """`<what> in <city>`; a country or state behind the city is left out."""
    what, sign, where = folded(text).rpartition(" in ")
    return (what.strip(), where.split(",")[0].strip()) if sign else (folded(text).strip(), None)


def _type_named(what: str) -> str | None:
    name = re.sub(r"[^a-z0-9]+", "_", what).strip("_")
    return next(
        (kind for kind in (name, name.removesuffix("s"), name.removesuffix("es")) if kind in FILTER_TYPES), None
    )


def _named(place: dict[str, Any], what: str) -> bool:
    return what in folded(place["displayName"]["text"])


def _area_test(restriction: dict[str, Any] | None) -> Callable[[dict[str, float]], bool]:
    if not restriction:
        return lambda location: True
    low, high = restriction["rectangle"].get("low", {}), restriction["rectangle"].get("high", {})
    south, north = low.get("latitude", 0.0), high.get("latitude", 0.0)
    west, east = low.get("longitude", 0.0), high.get("longitude", 0.0)
    return lambda at: south <= at["latitude"] <= north and west <= at["longitude"] <= east


def _masked(place: dict[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    fields = {path.removeprefix("places.").partition(".")[0] for path in paths if path.startswith("places.")}
    everything = bool({"*", "places", "places.*"} & set(paths))
    return {name: value for name, value in place.items() if everything or name in fields}
