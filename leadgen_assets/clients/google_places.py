"""Google Places API (New), Text Search, over REST. What may be kept of its answers for how long is not decided here."""

import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import httpx

from leadgen_assets.clients.errors import ClientError
from leadgen_assets.clients.retries import BUSY, request_with_retries
from leadgen_assets.domain.place_types import SEARCHABLE_TYPES

LICENCE = "Google Maps Platform terms: place ids only beyond 30 days"
PAGE_SIZE = 20
MAX_PAGES = 3  # the API never gives more than 60 results to one query
_PLACE_FIELDS = (
    "id", "displayName", "formattedAddress", "postalAddress", "location", "types", "primaryType", "websiteUri",
    "nationalPhoneNumber",
    "internationalPhoneNumber", "rating", "userRatingCount", "businessStatus", "googleMapsUri",
)  # fmt: skip
FIELD_MASK = ",".join([*(f"places.{field}" for field in _PLACE_FIELDS), "nextPageToken"])
_STATUSES = {
    "OPERATIONAL": "operational", "CLOSED_TEMPORARILY": "closed_temporarily",
    "CLOSED_PERMANENTLY": "closed_permanently",
    "FUTURE_OPENING": "future_opening",
}  # fmt: skip
_TOWN = re.compile(r"\s*(\d{3} ?\d{1,3}|\d{4,6})\s+(\D+?)\s*$")  # `00100 Helsinki`, where no postal address came
_METRES_PER_DEGREE = 111_195.0


@dataclass(frozen=True, slots=True)
class TextSearch:
    """One category in one town; around a position, if it is known.

    Attributes:
        category: a place type.
        country: ISO 3166 alpha-2 or None.
        lat: degrees; None searches by the town's name alone.
        radius_meters: half the side of the square that results must lie in.
    """

    category: str
    city: str
    country: str | None
    lat: float | None
    lng: float | None
    radius_meters: int

    def body(self, page_token: str | None = None) -> dict[str, Any]:
        """The request's JSON; the same for every page but for its token, as the API demands."""
        body: dict[str, Any] = {"textQuery": f"{self.category.replace('_', ' ')} in {self.city}", "pageSize": PAGE_SIZE}
        if self.category in SEARCHABLE_TYPES:
            body |= {"includedType": self.category, "strictTypeFiltering": True}
        if self.country:
            body["regionCode"] = self.country
        if self.lat is not None and self.lng is not None:
            body["locationRestriction"] = {"rectangle": self._square(self.lat, self.lng)}
        return body | ({"pageToken": page_token} if page_token else {})

    def _square(self, lat: float, lng: float) -> dict[str, dict[str, float]]:
        north = self.radius_meters / _METRES_PER_DEGREE
        east = north / max(0.01, math.cos(math.radians(lat)))
        low = {"latitude": max(-90.0, lat - north), "longitude": (lng - east + 180) % 360 - 180}
        high = {"latitude": min(90.0, lat + north), "longitude": (lng + east + 180) % 360 - 180}
        return {"low": low, "high": high}


class GooglePlaces:
    """The API with one key; a context manager that closes its connections."""

    def __init__(
        self, base_url: str, api_key: str, *, timeout_seconds: float = 20.0, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._http = httpx.Client(base_url=base_url, timeout=timeout_seconds, trust_env=False)
        self._headers = {"X-Goog-Api-Key": api_key, "X-Goog-FieldMask": FIELD_MASK}
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def search(self, query: TextSearch, page_token: str | None = None) -> dict[str, Any]:
        """One page of results as the API gave it; `{}` where there are none.

        Raises:
            ClientError: with the API's own sentence; retryable for 429, 5xx and time-outs.
        """
        body = query.body(page_token)
        answer = request_with_retries(
            lambda: self._http.post("/v1/places:searchText", json=body, headers=self._headers),
            self._sleep,
            name="Google Places",
        )
        if answer.status_code != 200:
            raise ClientError(_refusal(answer), retryable=answer.status_code in BUSY)
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, dict) or not isinstance(found.get("places", []), list):
            raise ClientError(
                "Google Places answered with something that is no search result; check GOOGLE_PLACES_BASE_URL."
            )
        return found


def place_records(answer: dict[str, Any], *, category: str, country: str | None) -> list[dict[str, Any]]:
    """The records of one page of results, with the columns of `places` that the API fills; category and country of the
    search stand in where the answer has none.
    """
    return [
        _record(place, category, country)
        for place in answer.get("places", [])
        if isinstance(place, dict) and place.get("id")
    ]


def _record(place: dict[str, Any], category: str, country: str | None) -> dict[str, Any]:
    postal, location = place.get("postalAddress") or {}, place.get("location") or {}
    formatted = (place.get("formattedAddress") or "").split(",")
    town = next((found for found in map(_TOWN.match, formatted[1:]) if found), None)
    types = place.get("types") or [category]
    return {
        "source": "google",
        "source_id": place["id"],
        "name": (place.get("displayName") or {}).get("text"),
        "category": place.get("primaryType") or types[0],
        "lat": location.get("latitude"),
        "lon": location.get("longitude"),
        "street": (postal.get("addressLines") or formatted)[0],
        "postcode": postal.get("postalCode") or (town and town[1]),
        "city": postal.get("locality") or (town and town[2]),
        "country": postal.get("regionCode") or country,
        "phone": place.get("internationalPhoneNumber") or place.get("nationalPhoneNumber"),
        "website": place.get("websiteUri"),
        "rating": place.get("rating"),
        "review_count": place.get("userRatingCount"),
        "business_status": _STATUSES.get(place.get("businessStatus", "")),
        "maps_url": place.get("googleMapsUri"),
    }


def _refusal(answer: httpx.Response) -> str:
    try:
        error = answer.json()["error"]
        said = f"{error.get('status', '')}: {error.get('message', '')}"
    except (ValueError, KeyError, TypeError, AttributeError):
        said = "no reason given"
    hint = "; check GOOGLE_PLACES_API_KEY" if answer.status_code in {401, 403} or "API key" in said else ""
    return f"Google Places refused a search with {answer.status_code} {said[:300].rstrip('.')}{hint}."
