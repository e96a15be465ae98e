"""Cut an OpenStreetMap extract into a file of places for PLACES_FILE: named businesses around a point.

    uv run --with osmium python scripts/places_from_osm.py EXTRACT.osm.pbf LAT LON KILOMETRES COUNTRY places.csv

The data stay under the Open Database License; every row says so by its source. Needs pyosmium, which the product itself
does not.
"""

import csv
import sys
from math import cos, hypot, radians
from typing import Any

import osmium  # type: ignore[import-not-found]

KEYS = ("shop", "amenity", "craft", "office", "tourism", "leisure", "healthcare")
# Amenities that are businesses; benches and letter boxes are none.
AMENITIES = frozenset(
    "restaurant cafe bar pub fast_food ice_cream dentist doctors veterinary pharmacy".split()  # noqa: SIM905
)
CONTACTS = ("phone", "email", "website", "facebook", "instagram")
KILOMETRES_PER_DEGREE = 111.2
COLUMNS = (
    "source", "source_id", "name", "category", "lat", "lon", "street", "housenumber", "postcode", "city", "country",
    "phone", "email", "website", "facebook", "instagram", "opening_hours", "brand",
)  # fmt: skip


def row_of(thing: Any, tags: dict[str, str], lat: float, lon: float, country: str) -> dict[str, object] | None:
    """One row, None for what is no named business."""
    kind = next((key for key in KEYS if key in tags), None)
    if "name" not in tags or kind is None or (kind == "amenity" and tags[kind] not in AMENITIES):
        return None
    return {
        "source": "osm",
        "source_id": f"{'node' if thing.is_node() else 'way'}/{thing.id}",
        "name": tags["name"],
        "category": f"{kind}={tags[kind]}",
        "lat": f"{lat:.6f}",
        "lon": f"{lon:.6f}",
        **{part: tags.get(f"addr:{part}") for part in ("street", "housenumber", "postcode", "city")},
        "country": country,
        **{name: tags.get(name) or tags.get(f"contact:{name}") for name in CONTACTS},
        "opening_hours": tags.get("opening_hours"),
        "brand": tags.get("brand"),
    }


def middle(thing: Any) -> tuple[float, float] | None:
    """Where it is: a node's own position, a way's first point; relations have none here."""
    if thing.is_node():
        return thing.location.lat, thing.location.lon
    if thing.is_way():
        found = next((node.location for node in thing.nodes if node.location.valid()), None)
        return (found.lat, found.lon) if found else None
    return None


def main(extract: str, lat: str, lon: str, kilometres: str, country: str, output: str) -> None:
    """Write the file and say how many there are."""
    count, here = 0, (float(lat), float(lon))
    with open(output, "w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, fieldnames=COLUMNS)
        rows.writeheader()
        for thing in osmium.FileProcessor(extract).with_locations():
            at = middle(thing) if "name" in thing.tags else None
            if at is None:
                continue
            north, east = at[0] - here[0], (at[1] - here[1]) * cos(radians(here[0]))
            if hypot(north, east) * KILOMETRES_PER_DEGREE > float(kilometres):
                continue
            row = row_of(thing, {tag.k: tag.v for tag in thing.tags}, *at, country)
            if row:
                rows.writerow(row)
                count += 1
    sys.stdout.write(f"{count} places in {output}, © OpenStreetMap contributors (ODbL).\n")


if __name__ == "__main__":
    if len(sys.argv) != 7:
        sys.exit(__doc__)
    main(*sys.argv[1:])
