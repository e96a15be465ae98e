"""Towns in files: what is written is read again, and what is wrong is said in one sentence with its line."""

import json

import pytest

from leadgen_assets.rehearsal.population import populate
from leadgen_assets.rehearsal.town_files import TownFileError, read_town, write_town
from leadgen_assets.storage.place_files import packaged_sample, read_place_file


@pytest.fixture(scope="module")
def businesses():
    return populate(read_place_file(packaged_sample()), leads=100, seed=1)


@pytest.fixture
def lines(businesses, tmp_path):
    write_town(tmp_path / "town.jsonl", businesses)
    return [json.loads(line) for line in (tmp_path / "town.jsonl").read_text("utf-8").splitlines()]


def written(path, lines):
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf-8")
    return path


def test_a_town_that_was_written_is_read_again(businesses, tmp_path):
    write_town(tmp_path / "town.jsonl", businesses)
    assert read_town(tmp_path / "town.jsonl") == businesses


def test_the_day_of_opening_is_kept(tmp_path):
    records = read_place_file(packaged_sample())
    opening = populate(records, leads=10, seed=1, opening_days=3)
    write_town(tmp_path / "town.jsonl", opening)
    assert read_town(tmp_path / "town.jsonl") == opening


def test_absent_columns_of_a_record_are_null(lines, tmp_path):
    one = next(line for line in lines if line["record"]["opening_hours"] is None)
    del one["record"]["opening_hours"]
    assert read_town(written(tmp_path / "t.jsonl", ["", one]))[0].record["opening_hours"] is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"site_kind": "splendid"}, "site_kind: Input should be"),
        ({"mood": "good"}, "there is no field mood"),
        ({"findable": "perhaps"}, "findable: Input should be"),
        ({"email": "info@example.com"}, "email must be an address under .test"),
        ({"site_host": "example.com", "site_kind": "healthy"}, "site_host must end in .test"),
        ({"site_host": None, "site_kind": "healthy"}, "site_kind healthy needs a site_host"),
        ({"source_keys": []}, "source_keys is empty"),
        ({"source_keys": ["osm:node/abc"]}, "source key osm:node/abc is neither"),
        ({"record": {"name": "Only a name"}}, "record.source is missing"),
        ({"listed_website": "https://elsewhere.test/"}, "listed_website and record.website must be the same"),
    ],
)
def test_a_wrong_value_is_named_with_its_line(lines, tmp_path, change, said):
    healthy = next(line for line in lines if line["site_kind"] == "healthy" and line["email_on"] == "site")
    path = written(tmp_path / "t.jsonl", [lines[0], {**healthy, **change}] if lines[0] != healthy else [{}, healthy])
    with pytest.raises(TownFileError) as caught:
        read_town(path)
    message = str(caught.value)
    assert message.startswith("Line 2 of the town file ")
    assert said in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "Line 1 .* is not JSON"), ("[]", "Line 1 .* not a JSON object"), ("\n\n", "describes no business")],
)
def test_a_file_that_is_no_town_is_refused(tmp_path, text, said):
    with pytest.raises(TownFileError, match=said):
        read_town(written(tmp_path / "t.jsonl", [text]))


def test_a_missing_file_and_a_repeated_business_are_refused(lines, tmp_path):
    with pytest.raises(TownFileError, match="cannot be read"):
        read_town(tmp_path / "nowhere.jsonl")
    with pytest.raises(TownFileError, match=r"Line 2 .* already used by line 1"):
        read_town(written(tmp_path / "t.jsonl", [lines[0], lines[0]]))
