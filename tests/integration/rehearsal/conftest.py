"""One town of 100 businesses for all tests of its servers, and a clock that all of them share."""

import pytest

from leadgen_assets.rehearsal.population import populate
from leadgen_assets.storage.place_files import packaged_sample, read_place_file
from tests.conftest import MONDAY
from tracking_service.clock import FileClock


@pytest.fixture(scope="session")
def town_businesses():
    return populate(read_place_file(packaged_sample()), leads=100, seed=1)


@pytest.fixture(scope="session")
def town_clock(tmp_path_factory):
    return FileClock.create(tmp_path_factory.mktemp("town") / "clock", MONDAY)
