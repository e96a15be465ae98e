"""When harm stops all sending."""

from datetime import timedelta

import pytest

from leadgen_assets.domain.breaker import Figures, Tolerance, opened_by

TOLERANCE = Tolerance(timedelta(days=7), bounce_percent=5, complaint_percent=0.3)


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        (Figures(0, 0, 0, 0), None),
        (Figures(10, 2, 0, 0), None),  # one in five, but two addresses say nothing about a list
        (Figures(30, 3, 0, 0), "3 of 30 messages went to addresses that do not exist in 7 days"),
        (Figures(60, 3, 0, 0), None),  # exactly what is borne
        (Figures(200, 0, 1, 0), None),
        (Figures(200, 0, 2, 0), "2 of 200 messages were called spam in 7 days"),
        (Figures(1000, 0, 3, 0), None),
        (Figures(20, 0, 0, 3), "mail servers refused 3 of 20 messages by policy in 7 days"),
        (Figures(300, 0, 0, 3), None),
    ],
)
def test_the_breaker_opens_on_rates_and_never_on_single_cases(figures: Figures, said: str | None) -> None:
    assert opened_by(figures, TOLERANCE) == said
