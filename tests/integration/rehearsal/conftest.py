"""One town of 100 businesses for all tests of its servers."""

import pytest

from leadgen_assets.rehearsal.population import populate
from leadgen_assets.storage.place_files import packaged_sample, read_place_file


@pytest.fixture(scope="session")
def town_businesses():
    return populate(read_place_file(packaged_sample()), leads=100, seed=1)
