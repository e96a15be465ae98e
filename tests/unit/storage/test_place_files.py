"""Files of place records, clean and dirty."""

from pathlib import Path

import polars as pl
import pytest

from leadgen_assets.storage.place_files import PlaceFileError, packaged_sample, read_place_file
from leadgen_assets.storage.schemas import PLACE_FILE_COLUMNS
from tests.shared_files import shared_file

DIRTY = """\
source,source_id,name,category,lat,lon,street,housenumber,postcode,city,country,phone,website,colour
invented,1,"  Kahvila\x07  Käpy ",amenity=cafe,"60,17",24.94,Koivukatu,3,00100,Helsinki,fi,09 123456,htp://broken,red
invented,1,Kahvila Käpy again,amenity=cafe,60.17,24.94,,,,,,,,
invented,2,🍕 Pizza 🦄,,nan,inf,,,,00100,UK,,null,
invented,3,مطعم \u202eالزيتون,,95.0,24.9,,,,Helsinki,Finland,,,
invented,4,,,60.1,24.9,,,,,,,,
,5,No source,,0,0,,,,,,,,
invented,,No id,,,,,,,,,,,
invented,6,"{long}",,-33.9,151.2,,,,Sydney,AU,,,
"""


@pytest.fixture
def dirty(tmp_path: Path) -> pl.DataFrame:
    path = tmp_path / "dirty.csv"
    path.write_text("\ufeff" + DIRTY.replace("{long}", "n" * 1000), "utf-8")
    return read_place_file(path)


def test_dirty_values_become_unknown_and_usable_rows_stay(dirty: pl.DataFrame) -> None:
    assert dirty["source_id"].to_list() == ["1", "2", "3", "5", "6"]
    assert dirty["name"].to_list()[:3] == ["Kahvila Käpy", "🍕 Pizza 🦄", "مطعم الزيتون"]
    assert dirty["lat"].to_list() == [60.17, None, None, None, -33.9]
    assert dirty["lon"].to_list() == [24.94, None, None, None, 151.2]
    assert dirty["city"].to_list() == ["Helsinki", None, "Helsinki", None, "Sydney"]
    assert dirty["country"].to_list() == ["FI", "GB", None, None, "AU"]
    assert dirty["source"].to_list() == ["invented", "invented", "invented", "file", "invented"]
    assert dirty["website"].to_list() == ["htp://broken", None, None, None, None]
    assert dirty["name"].str.len_chars().max() == 255


def test_further_columns_are_ignored_and_missing_ones_are_unknown(dirty: pl.DataFrame) -> None:
    assert tuple(dirty.columns) == PLACE_FILE_COLUMNS
    assert dirty["email"].null_count() == dirty.height


def test_a_csv_may_use_semicolons_and_other_capitals(tmp_path: Path) -> None:
    path = tmp_path / "places.csv"
    path.write_text('Source_ID;Name;City\n7;"Leipomo; Kahvila";Espoo\n')
    assert read_place_file(path).select("source_id", "name", "city").rows() == [("7", "Leipomo; Kahvila", "Espoo")]


def test_odd_column_types_of_a_parquet_file_are_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "places.parquet"
    frame = {
        "source_id": [1, 2],
        "name": ["One", "Two"],
        "phone": [["040 1"], []],
        "lat": [60, None],
        "lon": [24, None],
        "brand": [{"a": 1}, None],
    }
    pl.DataFrame(frame).write_parquet(path)
    found = read_place_file(path)
    assert found.select("source_id", "phone", "lat", "brand").rows() == [
        ("1", "040 1", 60.0, None),
        ("2", None, None, None),
    ]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("absent.csv", None, "does not exist"),
        ("empty.csv", b"", "it is empty"),
        ("noise.parquet", b"PAR1 and then nothing", "not a readable"),
        ("noise.bin", b"\x00\x01\x02\x00", "not a readable"),
        ("lacks.csv", b"source_id,title\n1,One\n", "has no column name"),
        ("lacks_both.csv", b"a,b\n1,2\n", "has no column source_id and no column name"),
        ("nameless.csv", b"source_id,name\n1,\n", "holds no record"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_in_one_sentence(
    tmp_path: Path, name: str, content: bytes | None, says: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PlaceFileError) as refused:
        read_place_file(path)
    assert says in str(refused.value)
    assert name in str(refused.value)
    assert str(refused.value).count("\n") == 0


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(PlaceFileError, match="not a readable"):
        read_place_file(tmp_path)


def test_the_packaged_sample_names_businesses_and_no_email_address() -> None:
    sample = read_place_file(packaged_sample())
    assert sample.height > 1200
    assert sample["email"].null_count() == sample.height
    assert not any(
        sample[column].str.contains(r"\S@\S+\.\S").any()
        for column in sample.columns
        if sample.schema[column] == pl.String
    )
    assert sample["name"].null_count() == sample["category"].null_count() == sample["lat"].null_count() == 0
    assert "Open Database License" in (packaged_sample().parent / "README.md").read_text("utf-8")


@pytest.mark.parametrize(("name", "rows"), [("helsinki_osm.parquet", 1287), ("overture_sf.parquet", 6618)])
def test_the_shared_files_are_read_whole(name: str, rows: int) -> None:
    records = read_place_file(shared_file(name))
    assert records.height == rows
    assert not records["city"].drop_nulls().str.contains(r"^\d+$").any()


def test_what_is_dropped_is_said_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "places.csv"
    path.write_text(
        "source_id,name,lat,lon,country,phone,email\n"
        "1,One,ninety,24.9,FI,09 1234,a@b.fi\n"
        "2,Two,152,24.9,Germany,abc,info.at.two\n"
        "1,Once more,60.1,24.9,FI,,\n"
        "3,,60.1,24.9,FI,,\n"
        '4,Four,60.1,24.9,de,null,"a@b.fi; c@d.fi"\n'
    )
    said: list[str] = []
    records = read_place_file(path, said.append)
    assert said == [
        "line 2: lat 'ninety' is not a number of degrees between -90 and 90; the row is used without it.",
        "line 3: lat '152' is not a number of degrees between -90 and 90; the row is used without it.",
        "line 3: country 'Germany' is not a country's code of two letters such as DE; the row is used without it.",
        "line 3: phone 'abc' is not a telephone number; the row is used without it.",
        "line 3: email 'info.at.two' is not an email address; the row is used without it.",
        "line 4 is left out: line 2 has the source_id '1' already.",
        "line 5 is left out: it has no name.",
    ]
    assert records.select("source_id", "lat", "country", "phone", "email").rows() == [
        ("1", None, "FI", "09 1234", "a@b.fi"),
        ("2", None, None, None, None),
        ("4", 60.1, "DE", None, "a@b.fi; c@d.fi"),
    ]
