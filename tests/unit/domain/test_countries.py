"""Which countries may be written to, and what a position tells about its country."""

import pytest

from leadgen_assets.domain.countries import country_refusal, country_rules
from leadgen_assets.domain.localities import countries_by_zone, country_at, zone_at


@pytest.mark.parametrize(
    ("lat", "lon", "zone", "country"),
    [
        (60.17, 24.94, "Europe/Helsinki", "FI"),
        (65.8481, 24.1466, "Europe/Helsinki", "FI"),  # Tornio; Haparanda is on the other bank of the river
        (65.8355, 24.1368, "Europe/Stockholm", "SE"),
        (48.57, 7.75, "Europe/Paris", "FR"),  # Strasbourg, and Kehl across the Rhine
        (48.57, 7.81, "Europe/Berlin", "DE"),
        (43.09, -79.05, "America/New_York", "US"),
        (28.6, 77.2, "Asia/Kolkata", "IN"),
        (0.0, -30.0, None, None),  # the Atlantic
        (None, 24.94, None, None),
        (float("nan"), 24.94, None, None),
        (91.0, 24.94, None, None),
    ],
)
def test_a_position_tells_zone_and_country(
    lat: float | None, lon: float | None, zone: str | None, country: str | None
) -> None:
    assert (zone_at(lat, lon), country_at(lat, lon)) == (zone, country)


def test_every_rule_names_a_real_country_a_reason_and_a_source() -> None:
    real = set(countries_by_zone().values())
    for code, rule in country_rules().items():
        assert code in real
        assert rule.rule in {"open", "companies", "opt_in"}
        assert len(rule.reason) > 10
        assert rule.source
        assert rule.read in {"summary", "knowledge"}


@pytest.mark.parametrize("country", ["FI", "DE", "ZZ", None])
def test_a_country_is_refused_without_a_basis(country: str | None) -> None:
    assert country_refusal(country, {})


def test_a_basis_opens_one_country_and_never_the_unknown() -> None:
    bases = {"FI": "companies only, checked in the trade register"}
    assert country_refusal("FI", bases) is None
    assert "agreed beforehand" in str(country_refusal("DE", bases))
    assert "no rule is known" in str(country_refusal("ZZ", bases))
    assert country_refusal(None, bases) == "its country is not known"
    assert country_refusal("US", {}) is None
