"""What makes a target location possible: the rules that the API and the pipeline share. Storing is elsewhere."""

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

RESPONSE_ONLY_TYPES = {
    "food": "restaurant, cafe or food_store",
    "establishment": "store",
    "point_of_interest": "tourist_attraction",
    "health": "doctor, dentist or pharmacy",
    "finance": "bank or accounting",
    "general_contractor": "roofing_contractor, painter or plumber",
    "place_of_worship": "community_center",
    "landmark": "tourist_attraction",
}
"""Google's place types that cannot be asked for, and what to ask for instead (its documentation's Table B)."""


def tidy_categories(categories: Iterable[str]) -> tuple[str, ...]:
    """Categories as they are searched for: lower case, underscores, each once, in order."""
    return tuple(
        dict.fromkeys(category.strip().lower().replace(" ", "_") for category in categories if category.strip())
    )


def location_problem(
    city: str,
    categories: Sequence[str],
    country: str | None,
    lat: float | None,
    lng: float | None,
    radius_meters: int,
) -> str | None:
    """Why a location cannot be a target, in one sentence, or None where it can."""
    if not city or len(city) > 100:
        return "A target needs the name of a city, of at most 100 characters."
    if not categories:
        return f"The target {city} needs at least one category, such as bakery."
    for category in categories:
        if category in RESPONSE_ONLY_TYPES:
            return f"The category {category} cannot be searched for; use {RESPONSE_ONLY_TYPES[category]} instead."
    if country and country.upper() not in _countries():
        return f"{country!r} is not the two-letter code of a country, such as FI (or GB for the United Kingdom)."
    if (lat is None) != (lng is None):
        return f"The target {city} needs both lat and lng, or neither."
    if lat is not None and lng is not None and not (-90 <= lat <= 90 and -180 <= lng <= 180):
        return f"The position {lat}, {lng} of {city} is not on the globe."
    return None if 1 <= radius_meters <= 50_000 else "The radius must be between 1 and 50000 metres."


@cache
def _countries() -> frozenset[str]:
    """ISO 3166 codes, as the time zone database lists them, and XK, which everybody uses for Kosovo."""
    lines = files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text(encoding="utf-8").splitlines()
    return frozenset(line[:2] for line in lines if not line.startswith("#")) | {"XK"}
