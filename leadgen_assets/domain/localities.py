"""What a position tells without asking anybody: its time zone, and through the zone its country.

The maps come with packages and cost some 40 MB, so they are opened on first use; the sender never needs them, because
zone and country are stored with each lead.
"""

import math
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from timezonefinder import TimezoneFinder


def zone_at(lat: float | None, lon: float | None) -> str | None:
    """The IANA zone of a position in degrees; None where there is none, at sea for example."""
    if lat is None or lon is None or not (math.isfinite(lat) and math.isfinite(lon)):
        return None
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        return None
    zone = _map().timezone_at(lat=lat, lng=lon)
    return zone if zone in countries_by_zone() and _is_known(zone) else None


def country_at(lat: float | None, lon: float | None) -> str | None:
    """The ISO 3166 alpha-2 code of the country whose zone a position lies in; None where there is none."""
    zone = zone_at(lat, lon)
    return countries_by_zone()[zone] if zone else None


@cache
def countries_by_zone() -> dict[str, str]:
    """The country of each zone, from the zone table of the time zone database (`zone.tab`, one country a zone)."""
    lines = files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {row[2]: row[0] for row in rows}


@cache
def _map() -> TimezoneFinder:
    return TimezoneFinder()


@cache
def _is_known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True
