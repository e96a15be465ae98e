"""Makes the packaged sample of real businesses from an OpenStreetMap extract: named, raw tags, no emails.

    uv run --with "osmium>=4,<5" python scripts/extract_sample.py EXTRACT.osm.pbf SAMPLE.parquet

`leadgen_assets/samples/README.md` says where the extract comes from. The same extract gives the same rows in the same
order. pyosmium is a dependency of this script alone.
"""

import argparse
from pathlib import Path

import osmium
import polars as pl

from leadgen_assets.storage.schemas import PLACE_FILE_COLUMNS

# The first key an element carries names its category, so a pharmacy tagged as shop and amenity counts once.
_AMENITIES = """
    restaurant cafe fast_food bar pub nightclub ice_cream biergarten food_court bank bureau_de_change pharmacy
    dentist doctors clinic veterinary cinema theatre arts_centre bicycle_rental car_rental car_wash driving_school
    language_school music_school dancing_school prep_school kindergarten childcare coworking_space studio
    internet_cafe marketplace conference_centre events_venue money_transfer payment_centre stripclub gambling casino
    public_bath
"""
_STAYS = "hotel hostel guest_house apartment motel gallery museum attraction"
_LEISURE = "fitness_centre sports_centre dance bowling_alley amusement_arcade escape_game sauna spa tanning_salon"
_CHOSEN: dict[str, frozenset[str] | None] = {  # None: every value
    "shop": None,
    "amenity": frozenset(_AMENITIES.split()),
    "office": None,
    "craft": None,
    "healthcare": None,
    "tourism": frozenset(_STAYS.split()),
    "leisure": frozenset(_LEISURE.split()),
}
_IGNORED = frozenset({"no", "vacant", "disused", "government", "diplomatic", "political_party", "religion"})
_TAGS = {
    "street": ("addr:street",),
    "housenumber": ("addr:housenumber",),
    "postcode": ("addr:postcode",),
    "city": ("addr:city",),
    "country": ("addr:country",),
    "phone": ("phone", "contact:phone", "contact:mobile"),
    "website": ("website", "contact:website", "url"),
    "facebook": ("contact:facebook", "facebook"),
    "instagram": ("contact:instagram", "instagram"),
    "opening_hours": ("opening_hours",),
    "brand": ("brand",),
}


def category_of(tags: osmium.osm.TagList) -> str | None:
    """The first `key=value` that makes the element a business, or None."""
    for key, chosen in _CHOSEN.items():
        value = tags.get(key)
        if value and value not in _IGNORED and (chosen is None or value in chosen):
            return f"{key}={value}"
    return None


def position_of(element: osmium.osm.OSMObject) -> tuple[float, float] | None:
    """Latitude and longitude: a node's own, or the middle of a way's outline; None for what has neither."""
    if element.is_node():
        return element.location.lat, element.location.lon
    if element.is_way():
        places = [node.location for node in element.nodes if node.location.valid()]
        if not places:
            return None
        lats, lons = [place.lat for place in places], [place.lon for place in places]
        return (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
    return None


def rows_of(extract: Path) -> list[dict[str, object]]:
    """One row per named business, with the columns of a place file."""
    rows: list[dict[str, object]] = []
    for element in osmium.FileProcessor(str(extract)).with_locations().with_filter(osmium.filter.KeyFilter("name")):
        category, position = category_of(element.tags), position_of(element)
        if category is None or position is None:
            continue
        kind = "node" if element.is_node() else "way"
        row: dict[str, object] = {
            "source": "openstreetmap",
            "source_id": f"{kind}/{element.id}",
            "name": element.tags["name"],
            "category": category,
            "lat": round(position[0], 7),
            "lon": round(position[1], 7),
        }
        for column, names in _TAGS.items():
            row[column] = next((element.tags[name] for name in names if name in element.tags), None)
        rows.append(row | {"email": None})
    return rows


def main() -> None:
    """Write the sample as compressed Parquet, sorted by its id."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("extract", type=Path)
    parser.add_argument("sample", type=Path)
    arguments = parser.parse_args()
    text = dict.fromkeys(PLACE_FILE_COLUMNS, pl.String)
    frame = pl.DataFrame(rows_of(arguments.extract), schema=text | {"lat": pl.Float64, "lon": pl.Float64}).sort(
        "source_id"
    )
    frame.write_parquet(arguments.sample, compression="zstd", compression_level=19, statistics=False)


if __name__ == "__main__":
    main()
