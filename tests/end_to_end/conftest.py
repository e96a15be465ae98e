"""One `leadgen up` for all tests that look at it; those tests share a worker (`xdist_group("up")`)."""

from collections.abc import Iterator

import pytest

from tests.standing import Standing


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """Everything running, after one rehearsed day; nothing of it is left behind."""
    everything = Standing(tmp_path_factory.mktemp("up") / "home")
    try:
        everything.start()
        yield everything
    finally:
        everything.end()
