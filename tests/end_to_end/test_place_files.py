"""Rehearsals on files of real records that nobody cleaned."""

from pathlib import Path

import pytest

from tests.rehearsals import Rehearsals
from tests.shared_files import shared_file

pytestmark = [pytest.mark.xdist_group("rehearsals of real records"), pytest.mark.timeout(600)]


@pytest.mark.parametrize("name", ["helsinki_osm.parquet", "overture_sf.parquet"])
def test_a_file_of_real_records_makes_a_town(rehearsals: Rehearsals, name: str):
    done = rehearsals.get(Path(name).stem, "--places", shared_file(name), "--leads", "10")
    assert done.failed == []
    assert done.code == 0, done.errors
    assert done.result["leads"] == 10
    assert done.left == []
