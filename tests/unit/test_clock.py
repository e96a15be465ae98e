"""The virtual clock is shared through its file and never goes back."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.conftest import MONDAY
from tracking_service.clock import FileClock, clock_at


def test_another_process_would_see_the_same_time(tmp_path: Path) -> None:
    driver = FileClock.create(tmp_path / "clock", MONDAY)
    reader = clock_at(tmp_path / "clock")
    driver.advance_to(MONDAY + timedelta(hours=15))
    assert reader.now() == MONDAY + timedelta(hours=15)
    assert reader.today("Europe/Helsinki") == date(2026, 3, 3)
    assert reader.today("UTC") == date(2026, 3, 2)


def test_the_clock_refuses_to_go_back(tmp_path: Path) -> None:
    driver = FileClock.create(tmp_path / "clock", MONDAY)
    with pytest.raises(ValueError, match="cannot go back"):
        driver.advance_to(MONDAY - timedelta(microseconds=1))
