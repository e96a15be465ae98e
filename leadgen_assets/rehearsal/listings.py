"""How each source lists a business: the same truth, spelt and placed a little differently, each in its own format.

Serving the listings belongs to `servers/`.
"""

import random
import unicodedata
from typing import Any

from leadgen_assets.rehearsal.shares import RESPELT_SHARE
from leadgen_assets.rehearsal.town_phones import national_form
from leadgen_assets.rehearsal.town_places import moved
from leadgen_assets.rehearsal.trades import google_types, osm_tag
from leadgen_assets.rehearsal.truth import Business

_SHIFT_METRES = 12.0  # the most that a source is off in each direction, so two sources are less than 30 m apart
_COUNTRY_NAMES = {
    "FI": "Finland", "US": "USA", "GB": "UK", "DE": "Germany", "FR": "France", "SE": "Sweden", "IN": "India", "CA":
    "Canada", "AU": "Australia", "IT": "Italy", "ES": "Spain", "NL": "Netherlands", "NO": "Norway", "DK": "Denmark",
    "EE": "Estonia", "JP": "Japan", "BR": "Brazil", "MX": "Mexico", "IE": "Ireland", "AT": "Austria", "CH":
    "Switzerland", "PL": "Poland",
}  # fmt: skip


def source_id(business: Business, source: str) -> str | None:
    """The id under which a source (`google`, `osm`) lists a business, or None where it does not."""
    prefix = f"{source}:"
    return next((key.removeprefix(prefix) for key in business.source_keys if key.startswith(prefix)), None)


def google_place(business: Business) -> dict[str, Any]:
    """A business as the Places API (New) writes a place, with every field the town knows; it has no email field."""
    record, rng = business.record, random.Random(f"google:{business.key}")
    lat, lon = _shifted(record, rng)
    place_id = source_id(business, "google") or ""
    place: dict[str, Any] = {
        "name": f"places/{place_id}",
        "id": place_id,
        "types": google_types(record["category"]),
        "primaryType": google_types(record["category"])[0],
        "displayName": {"text": record["name"], "languageCode": "fi" if record["country"] == "FI" else "en"},
        "formattedAddress": formatted_address(record),
        "addressComponents": _address_components(record),
        "postalAddress": {
            "regionCode": record["country"],
            "postalCode": record["postcode"] or "",
            "locality": record["city"],
            "addressLines": [_street_line(record)] if record["street"] else [],
        },
        "location": {"latitude": lat, "longitude": lon},
        "businessStatus": "OPERATIONAL",
        "googleMapsUri": f"https://maps.google.com/?cid={rng.randrange(10**18, 10**19)}",
        "pureServiceAreaBusiness": False,
    }
    if record["phone"]:
        place |= {"internationalPhoneNumber": record["phone"], "nationalPhoneNumber": national_form(record["phone"])}
    if business.listed_website:
        listed = business.listed_website
        place["websiteUri"] = listed if "://" in listed else f"http://{listed}/"
    if rng.random() < 0.9:
        place |= {"rating": round(min(5.0, max(1.0, rng.gauss(4.2, 0.5))), 1), "userRatingCount": rng.randint(1, 800)}
    return place


def osm_element(business: Business) -> dict[str, Any]:
    """A business as Overpass writes an element of `out tags center`, with its email address where it is published."""
    record, rng = business.record, random.Random(f"osm:{business.key}")
    lat, lon = _shifted(record, rng)
    kind, _, number = (source_id(business, "osm") or "").partition("/")
    trade, value = osm_tag(record["category"])
    tags = {
        "name": _respelt(record["name"], rng),
        trade: value,
        "addr:street": record["street"],
        "addr:housenumber": record["housenumber"],
        "addr:postcode": record["postcode"],
        "addr:city": record["city"],
        "addr:country": record["country"],
        rng.choice(("phone", "contact:phone")): record["phone"],
        rng.choice(("email", "contact:email")): record["email"],
        rng.choice(("website", "contact:website")): business.listed_website,
        "contact:facebook": record["facebook"],
        "contact:instagram": record["instagram"],
        "opening_hours": record["opening_hours"],
        "brand": record["brand"],
    }
    at = {"lat": lat, "lon": lon} if kind == "node" else {"center": {"lat": lat, "lon": lon}}
    return {"type": kind, "id": int(number), **at, "tags": {key: tag for key, tag in tags.items() if tag}}


def formatted_address(record: dict[str, Any]) -> str:
    """One line as the Places API writes it: street, postcode and city, country."""
    country = _COUNTRY_NAMES.get(record["country"], record["country"])
    if record["country"] in {"US", "CA"}:
        parts = [_street_line(record), record["city"], record["postcode"], country]
    else:
        parts = [_street_line(record), " ".join(filter(None, (record["postcode"], record["city"]))), country]
    return ", ".join(part for part in parts if part)


def _street_line(record: dict[str, Any]) -> str:
    street, number = record["street"] or "", record["housenumber"] or ""
    return (
        f"{number} {street}".strip() if record["country"] in {"US", "CA", "GB", "AU"} else f"{street} {number}".strip()
    )


def _address_components(record: dict[str, Any]) -> list[dict[str, Any]]:
    country = _COUNTRY_NAMES.get(record["country"], record["country"])
    parts = [
        (record["housenumber"], record["housenumber"], ["street_number"]),
        (record["street"], record["street"], ["route"]),
        (record["city"], record["city"], ["locality", "political"]),
        (country, record["country"], ["country", "political"]),
        (record["postcode"], record["postcode"], ["postal_code"]),
    ]
    return [{"longText": long, "shortText": short, "types": types} for long, short, types in parts if long]


def _shifted(record: dict[str, Any], rng: random.Random) -> tuple[float, float]:
    return moved(
        record["lat"],
        record["lon"],
        rng.uniform(-_SHIFT_METRES, _SHIFT_METRES),
        rng.uniform(-_SHIFT_METRES, _SHIFT_METRES),
    )


def _respelt(name: str, rng: random.Random) -> str:
    """At times another spelling that everybody would take for the same name."""
    if rng.random() >= RESPELT_SHARE:
        return name
    without_accents = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    return rng.choice(
        (name.upper(), name.lower(), without_accents if name.isascii() or len(without_accents) == len(name) else name)
    )
