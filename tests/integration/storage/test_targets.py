"""Where the operator looks for businesses."""

import pytest
from typer.testing import CliRunner

from leadgen_assets.cli.main import app
from leadgen_assets.domain.place_types import SEARCHABLE_TYPES
from leadgen_assets.settings import Settings
from leadgen_assets.storage.ledger import Connection
from leadgen_assets.storage.targets import TargetError, add_target, list_targets, seed_targets, switch_target
from tests.conftest import MONDAY


def test_the_first_target_is_seeded_once_with_categories_that_can_be_searched(ledger: Connection) -> None:
    ledger.autocommit = False
    assert seed_targets(ledger, MONDAY)
    assert not seed_targets(ledger, MONDAY)
    (target,) = list_targets(ledger, active_only=True)
    assert (target.label, target.radius_meters) == ("Helsinki, FI", 5000)
    assert set(target.categories) <= SEARCHABLE_TYPES
    assert len(target.categories) >= 13


def test_a_city_added_again_is_replaced(ledger: Connection) -> None:
    first = add_target(ledger, city="Espoo", country="fi", categories=["Bakery", "pet store", "bakery"], at=MONDAY)
    second = add_target(
        ledger, city="Espoo", country="FI", categories=["florist"], lat=60.2, lng=24.65, radius_meters=900, at=MONDAY
    )
    assert first.categories == ("bakery", "pet_store")
    assert first.id == second.id
    assert list_targets(ledger) == [second]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"categories": ["food"]}, "food_store"),
        ({"categories": [" "]}, "category"),
        ({"city": " "}, "city"),
        ({"country": "Finland"}, "two-letter"),
        ({"country": "XX"}, "two-letter"),
        ({"country": "UK"}, "GB"),
        ({"lat": 60.0}, "both"),
        ({"lat": 91.0, "lng": 0.0}, "globe"),
        ({"radius_meters": 0}, "radius"),
    ],
)
def test_a_target_that_cannot_be_searched_is_refused_with_a_reason(ledger: Connection, wrong: dict, says: str) -> None:
    with pytest.raises(TargetError, match=says):
        add_target(ledger, **({"city": "Espoo", "categories": ["bakery"], "at": MONDAY} | wrong))
    assert list_targets(ledger) == []


def test_a_target_is_switched_off_and_on_by_its_city(ledger: Connection) -> None:
    ledger.autocommit = False
    seed_targets(ledger, MONDAY)
    add_target(ledger, city="Nowhere", categories=["bakery"], at=MONDAY)
    assert switch_target(ledger, "Helsinki", "SE", active=False) == 0
    assert switch_target(ledger, "helsinki", "fi", active=False) == 1
    assert switch_target(ledger, "Nowhere", None, active=False) == 1
    assert list_targets(ledger, active_only=True) == []
    assert switch_target(ledger, "Helsinki", None, active=True) == 1
    assert [target.city for target in list_targets(ledger, active_only=True)] == ["Helsinki"]


def test_a_category_without_a_tag_is_named_when_it_is_added(settings: Settings, ledger: Connection) -> None:
    words = ["targets", "add", "Turku", "--country", "FI", "--lat", "60.45", "--lng", "22.27"]
    done = CliRunner().invoke(app, [*words, "--category", "bakeri", "--category", "zoo", "--category", "bar"])
    assert done.exit_code == 0, done.output
    _, *hints = done.output.splitlines()
    assert [hint.split()[0] for hint in hints] == ["bakeri", "OpenStreetMap"]
    assert hints[0].endswith("did you mean bakery?")
    assert "no tag for zoo" in hints[1]
