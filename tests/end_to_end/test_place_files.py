"""Rehearsals on files of real records, and on one that holds everything such files get wrong."""

import csv
from pathlib import Path

import pytest

from tests.rehearsals import Rehearsals
from tests.shared_files import shared_file

pytestmark = [pytest.mark.xdist_group("rehearsals on files"), pytest.mark.timeout(600)]

SOUND = {"source": "osm", "category": "shop=books", "lat": "60.17", "lon": "24.94", "city": "Helsinki", "country": "FI"}
# What each row does to a sound one.
DIRT = [
    {"source_id": "n1", "name": "Bäckerei Müller 🥐", "phone": "09 123456", "website": "http://"},
    {"source_id": "n1", "name": "Bäckerei Müller 🥐", "phone": "09 123456", "website": "http://"},
    {"source_id": "n2", "name": "مخبز القدس", "city": "", "country": "", "lat": "", "lon": ""},
    {"source_id": "n3", "name": "מאפיית הזהב", "city": "", "website": "https://exa mple..com/%zz"},
    {"source_id": "n4", "name": "Null Island Café", "lat": "0", "lon": "0", "website": "javascript:alert(1)"},
    {"source_id": "n5", "name": 'Kampaamo "Sakset"', "country": "fi", "phone": "0401234567", "email": "x@y"},
    {"source_id": "n6", "name": ""},
    {"source_id": "", "name": "No Id"},
    {"source_id": "n7", "name": "花屋 🌸🌸🌸", "country": "XX", "phone": "abc", "website": "http://[::1"},
    {"source_id": "n8", "name": "Zahnarzt \u202eDr. Evil\u202c", "lat": "91.5", "lon": "-200", "country": "Finland"},
    {"source_id": "9", "name": "Ravintola Ääkkönen", "source": "", "lat": "60,175", "lon": "24,945", "website": "null"},
    {"source_id": "n10", "name": "Kirjakauppa " * 60},
    {"source_id": "n11", "name": "-"},
    {"source_id": "n12", "name": "Robert'); DROP TABLE leads;--", "category": "shop=car_repair"},
    {"source_id": "n13", "name": "<script>alert(1)</script> & Sons", "category": "shop=shoes"},
    {"source_id": "n14", "name": "{{ config }} {% raw %}", "category": "shop=tailor"},
    {"source_id": "n15", "name": '=HYPERLINK("http://x.test")', "category": "shop=optician"},
    {"source_id": "n16", "name": "Ünïcödé 👩\u200d🔧 Garage", "lat": "60.18"},
    {"source_id": "n16", "name": "A second row of one id", "lat": "60.18"},
    {"source_id": "n17", "name": "Kahvila", "category": "no-such-category", "city": "123", "lat": "60.181"},
    {"source_id": "n18", "name": "Kahvila", "category": "", "lat": "60.1811", "website": "HTTP://X.TEST:99999/"},
    {"source_id": "n19", "name": "Line\nbreak\x00 & nul", "lat": "60.182", "email": "a@b@c"},
]


@pytest.mark.parametrize("name", ["helsinki_osm.parquet", "overture_sf.parquet"])
def test_a_file_of_real_records_makes_a_town(rehearsals: Rehearsals, name: str):
    done = rehearsals.get(Path(name).stem, "--places", shared_file(name), "--leads", "10")
    assert done.failed == []
    assert done.code == 0, done.errors
    assert done.result["leads"] == 10
    assert done.left == []


def test_a_file_full_of_dirt_makes_a_town(rehearsals: Rehearsals, tmp_path: Path):
    file = tmp_path / "dirty.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        rows = csv.DictWriter(opened, fieldnames=[*SOUND, "source_id", "name", "phone", "email", "website"])
        rows.writeheader()
        rows.writerows(SOUND | dirt for dirt in DIRT)
    done = rehearsals.get("dirty", "--places", file, "--leads", "12")
    assert done.failed == []
    assert done.code == 0, done.errors
    assert done.result["leads"] >= 8
    assert done.result["sent"] > 0
