"""OpenStreetMap through an Overpass interpreter: the businesses around a point, with their tags.

Public interpreters ask not to be the backend of an application, so the product uses one only where OVERPASS_URL is set.
"""

import time
from collections.abc import Callable
from typing import Any, Self

import httpx

from leadgen_assets.clients.errors import ClientError
from leadgen_assets.clients.overpass_tags import selectors_of
from leadgen_assets.clients.retries import BUSY, request_with_retries

LICENCE = "ODbL 1.0, © OpenStreetMap contributors"
_QUERY_TIMEOUT_SECONDS = 60
_CATEGORY_KEYS = ("shop", "amenity", "office", "craft", "healthcare", "tourism", "leisure")
_TAGS = {
    "street": ("addr:street", "addr:place"),
    "housenumber": ("addr:housenumber",),
    "postcode": ("addr:postcode",),
    "phone": ("phone", "contact:phone", "contact:mobile", "mobile"),
    "email": ("email", "contact:email"),
    "website": ("website", "contact:website", "url", "contact:url"),
    "facebook": ("contact:facebook", "facebook"),
    "instagram": ("contact:instagram", "instagram"),
    "opening_hours": ("opening_hours",),
    "brand": ("brand",),
}


class Overpass:
    """One interpreter; a context manager that closes its connections.

    Args:
        url: of the interpreter, such as `http://localhost:12345/api/interpreter`.
        user_agent: sent always; an interpreter refuses anonymous clients.
    """

    def __init__(self, url: str, user_agent: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._url = url
        self._http = httpx.Client(
            headers={"User-Agent": user_agent}, timeout=_QUERY_TIMEOUT_SECONDS + 30, trust_env=False
        )
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def search(self, query: str) -> dict[str, Any]:
        """The interpreter's whole answer to a query.

        Raises:
            ClientError: retryable where it was busy or ran out of time, which it may also say with status 200.
        """
        answer = request_with_retries(
            lambda: self._http.post(self._url, data={"data": query}), self._sleep, name="Overpass"
        )
        if answer.status_code == 406:
            raise ClientError("Overpass refuses this client (406): set USER_AGENT to a name and an address of yours.")
        if answer.status_code != 200:
            raise ClientError(
                f"Overpass refused a query with {answer.status_code}.", retryable=answer.status_code in BUSY
            )
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, dict) or not isinstance(found.get("elements"), list):
            raise ClientError("Overpass answered with something that is no result; check OVERPASS_URL.")
        remark = str(found.get("remark", ""))
        if "error" in remark or "timed out" in remark:
            raise ClientError(
                f"Overpass gave up on a query ({remark[:200]}); a smaller radius may help.", retryable=True
            )
        return found


def business_query(lat: float, lng: float, radius_meters: int, categories: tuple[str, ...]) -> str | None:
    """The query for named businesses of the categories (Google place types) within a radius; None where no tag is
    known for any of them.
    """
    selectors = selectors_of(categories)
    if not selectors:
        return None
    around = f'["name"](around:{radius_meters},{lat:.6f},{lng:.6f});'
    wanted = "".join(f"nwr{selector}{around}" for selector in selectors)
    return f"[out:json][timeout:{_QUERY_TIMEOUT_SECONDS}];({wanted});out tags center;"


def place_records(answer: dict[str, Any], *, country: str | None) -> list[dict[str, Any]]:
    """The records of an answer, with the columns of `places` that tags fill; the country of the search stands in
    where an element has none.
    """
    return [
        _record(element, country) for element in answer["elements"] if isinstance(element, dict) and element.get("tags")
    ]


def _record(element: dict[str, Any], country: str | None) -> dict[str, Any]:
    tags, middle = element["tags"], element.get("center") or element
    category = next((f"{key}={tags[key]}" for key in _CATEGORY_KEYS if key in tags), None)
    record = {
        "source": "osm",
        "source_id": f"{element.get('type')}/{element.get('id')}",
        "name": tags.get("name"),
        "category": category,
        "lat": middle.get("lat"),
        "lon": middle.get("lon"),
        "city": tags.get("addr:city"),
        "country": tags.get("addr:country") or country,
    }
    return record | {
        column: next((tags[name] for name in names if tags.get(name)), None) for column, names in _TAGS.items()
    }
