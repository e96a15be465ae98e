"""The real records that a town is built on: gaps filled, nothing that two businesses could be mistaken by.

What is then invented about them belongs to `population.py`.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, cos, floor, hypot, radians, sqrt
from statistics import median
from typing import Any

import polars as pl
from rapidfuzz.fuzz import token_set_ratio

from leadgen_assets.policies.left_out import reason_to_leave_out
from leadgen_assets.rehearsal.town_names import name_key
from leadgen_assets.storage.schemas import PLACE_FILE_COLUMNS

_METRES_PER_DEGREE = 111_320.0
_APART_METRES = 300.0
_ALIKE = 80.0
_FAR_METRES = 25_000.0  # a record further out than this is given a place in the town
_GRID_METRES = 60.0
_LONGEST_NAME = 100
_FALLBACK_CITY, _FALLBACK_COUNTRY = "Testville", "US"
_CENTRES = {
    "helsinki": (60.1699, 24.9384),
    "san francisco": (37.7749, -122.4194),
    "tampere": (61.4978, 23.761),
    "turku": (60.4518, 22.2666),
    "espoo": (60.2055, 24.6559),
    "stockholm": (59.3293, 18.0686),
    "london": (51.5074, -0.1278),
    "berlin": (52.52, 13.405),
    "paris": (48.8566, 2.3522),
    "kolkata": (22.5726, 88.3639),
    "delhi": (28.6139, 77.209),
    "new york": (40.7128, -74.006),
}
_NOWHERE = (-38.0, -20.0)  # the open sea, for a town that no map shows


@dataclass(frozen=True, slots=True)
class TownArea:
    """Where the town is: what a target for it says. Degrees and metres; the country is ISO 3166 alpha-2."""

    city: str
    country: str
    lat: float
    lon: float
    radius_metres: int


@dataclass(frozen=True, slots=True)
class TownPlace:
    """One real record with its gaps filled: `record` has PLACE_FILE_COLUMNS with city, country, lat and lon set."""

    key: str
    record: dict[str, Any]

    @property
    def tagged(self) -> bool:
        """The real record names a website."""
        return bool(self.record["website"])


def distinct_places(records: pl.DataFrame, rng: random.Random) -> Iterator[TownPlace]:
    """Every record that is a business of its own, in an order that only `rng` and the records decide.

    Each name occurs once in the town, and no two names within 300 m are alike, so that nobody can be blamed for taking
    two of them for one. Names without a letter and records without id are left out.
    """
    rows = sorted(_rows(records), key=lambda row: (row["source"], row["source_id"], row["name"]))
    _fill_gaps(rows)
    rng.shuffle(rows)
    names: set[str] = set()
    near: dict[tuple[int, int], list[tuple[str, float, float]]] = defaultdict(list)
    for row in rows:
        name = name_key(row["name"])
        if name not in names and not _crowded(name, row, near):
            names.add(name)
            near[_cell(row)].append((name, row["lat"], row["lon"]))
            yield TownPlace(f"{row['source']}:{row['source_id']}", row)


def area_of(records: list[dict[str, Any]]) -> TownArea:
    """The smallest target that covers the records of a town's businesses, with some room around."""
    if not records:
        raise ValueError("A town without businesses is nowhere.")
    lat, lon = median(row["lat"] for row in records), median(row["lon"] for row in records)
    farthest = max(metres_between(lat, lon, row["lat"], row["lon"]) for row in records)
    return TownArea(
        city=_commonest([row["city"] for row in records]) or _FALLBACK_CITY,
        country=_commonest([row["country"] for row in records]) or _FALLBACK_COUNTRY,
        lat=round(lat, 5),
        lon=round(lon, 5),
        radius_metres=min(50_000, ceil(farthest / 500 + 1) * 500),
    )


def metres_between(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """The distance of two positions in degrees, good for a town."""
    east = (other_lon - lon) * cos(radians((lat + other_lat) / 2))
    return hypot(east, other_lat - lat) * _METRES_PER_DEGREE


def moved(lat: float, lon: float, north_metres: float, east_metres: float) -> tuple[float, float]:
    """A position some metres away, in degrees."""
    degrees = east_metres / (_METRES_PER_DEGREE * max(cos(radians(lat)), 0.01))
    return round(lat + north_metres / _METRES_PER_DEGREE, 6), round(lon + degrees, 6)


def _rows(records: pl.DataFrame) -> Iterator[dict[str, Any]]:
    seen = set()
    for row in records.iter_rows(named=True):
        place = {column: row.get(column) for column in PLACE_FILE_COLUMNS}
        name = place["name"] = " ".join(str(place["name"] or "").split())
        place["source"] = place["source"] or "file"
        key = (place["source"], place["source_id"])
        if reason_to_leave_out([place]):  # no question of whether they need a site: not the town's to answer
            continue
        if place["source_id"] and key not in seen and len(name) <= _LONGEST_NAME and name_key(name):
            seen.add(key)
            yield place


def _fill_gaps(rows: list[dict[str, Any]]) -> None:
    city = _commonest([row["city"] for row in rows if _is_city(row["city"])]) or _FALLBACK_CITY
    country = _commonest([row["country"] for row in rows]) or _FALLBACK_COUNTRY
    lat, lon = _centre(rows, city)
    grid = _grid(len(rows), lat, lon)
    for row in rows:
        row["city"] = row["city"] if _is_city(row["city"]) else city
        row["country"] = row["country"] or country
        spot = next(grid)
        if row["lat"] is None or row["lon"] is None or metres_between(lat, lon, row["lat"], row["lon"]) > _FAR_METRES:
            row["lat"], row["lon"] = spot


def _centre(rows: list[dict[str, Any]], city: str) -> tuple[float, float]:
    placed = [row for row in rows if row["lat"] is not None and row["lon"] is not None]
    in_city = [row for row in placed if row["city"] == city] or placed
    if in_city:
        return median(row["lat"] for row in in_city), median(row["lon"] for row in in_city)
    return _CENTRES.get(city.casefold(), _NOWHERE)


def _grid(number: int, lat: float, lon: float) -> Iterator[tuple[float, float]]:
    side = ceil(sqrt(number)) or 1
    spots = list(range(side * side))
    random.Random(number).shuffle(spots)
    for spot in spots:
        row, column = divmod(spot, side)
        yield moved(lat, lon, (row - side / 2) * _GRID_METRES, (column - side / 2) * _GRID_METRES)


def _is_city(city: str | None) -> bool:
    return bool(city) and any(sign.isalpha() for sign in str(city))


def _commonest(values: list[str | None]) -> str | None:
    counts = Counter(value for value in values if value)
    return min(counts, key=lambda value: (-counts[value], value)) if counts else None


def _cell(row: dict[str, Any]) -> tuple[int, int]:
    metres_east = row["lon"] * _METRES_PER_DEGREE * cos(radians(row["lat"]))
    return floor(row["lat"] * _METRES_PER_DEGREE / _APART_METRES), floor(metres_east / _APART_METRES)


def _crowded(name: str, row: dict[str, Any], near: dict[tuple[int, int], list[tuple[str, float, float]]]) -> bool:
    """True where a neighbour within 300 m has a name like this one, or one that contains it."""
    down, across = _cell(row)
    return any(
        token_set_ratio(name, other) >= _ALIKE and metres_between(row["lat"], row["lon"], lat, lon) <= _APART_METRES
        for north in (down - 1, down, down + 1)
        for east in (across - 1, across, across + 1)
        for other, lat, lon in near.get((north, east), ())
    )
