"""Rehearsals on a file that holds everything such files get wrong: as it is, and once more without a route to anywhere
on a machine where WeasyPrint finds no Pango.
"""

import csv
from pathlib import Path

import pytest

from tests.rehearsals import WITHOUT_ROUTES, Rehearsals, Rehearsed, namespaces_refused

pytestmark = [pytest.mark.xdist_group("rehearsals of dirt"), pytest.mark.timeout(600)]

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


@pytest.fixture
def file(rehearsals: Rehearsals) -> Path:
    file = rehearsals.folder / "dirty.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        rows = csv.DictWriter(opened, fieldnames=[*SOUND, "source_id", "name", "phone", "email", "website"])
        rows.writeheader()
        rows.writerows(SOUND | dirt for dirt in DIRT)
    return file


@pytest.fixture
def dirty(rehearsals: Rehearsals, file: Path) -> Rehearsed:
    return rehearsals.get("dirty", "--places", file)


@pytest.fixture
def bare(rehearsals: Rehearsals, file: Path) -> Rehearsed:
    """The same once more: importing WeasyPrint fails as without its libraries, and there is no route where that is allowed."""
    folder = rehearsals.folder / "no-pango"
    folder.mkdir(exist_ok=True)
    (folder / "weasyprint.py").write_text("raise OSError(\"cannot load library 'libpango-1.0-0'\")\n")
    wrapper = () if namespaces_refused() else WITHOUT_ROUTES
    return rehearsals.get("bare", "--places", file, wrapper=wrapper, environment={"PYTHONPATH": str(folder)})


def test_a_file_full_of_dirt_makes_a_town(dirty: Rehearsed):
    assert dirty.failed == []
    assert dirty.code == 0, dirty.errors
    assert dirty.result["leads"] >= 14
    assert dirty.result["sent"] > 0


def test_the_same_seed_gives_the_same_counts(dirty: Rehearsed, bare: Rehearsed):
    """Whether or not there are PDFs; that another seed gives others is shown by the population and its visitors."""
    assert bare.counts == dirty.counts


def test_it_works_where_no_packet_can_leave(bare: Rehearsed):
    refused = namespaces_refused()
    if refused:
        pytest.skip(refused)
    assert bare.failed == []
    assert bare.code == 0, bare.errors


def test_without_pango_the_day_runs_and_the_proposals_are_said_to_be_missing(bare: Rehearsed):
    assert bare.code == 0, bare.failed or bare.errors
    assert bare.check("proposals_rendered")["state"] == "skipped"
    assert "pango" in bare.check("proposals_rendered")["detail"].lower()
    assert bare.result["proposal_path"] is None
    assert bare.result["sent"] > 0
    mails = list((bare.folder / "messages").glob("*.eml"))
    assert mails
    assert [mail for mail in mails if b"application/pdf" in mail.read_bytes()] == []
