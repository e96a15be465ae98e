"""A rehearsal on a file of real records that nobody cleaned; the other such files are read by the discovery tests."""

import pytest

from tests.rehearsals import Rehearsals
from tests.shared_files import shared_file

pytestmark = [pytest.mark.xdist_group("rehearsals of real records"), pytest.mark.timeout(600)]


def test_a_file_of_real_records_makes_a_town(rehearsals: Rehearsals):
    done = rehearsals.get("overture", "--places", shared_file("overture_sf.parquet"), "--leads", "10")
    assert done.failed == []
    assert done.code == 0, done.errors
    assert done.result["leads"] == 10
    assert done.left == []
