"""What a rehearsal must show, and what it may leave out because too few of those it wrote to would do it."""

import polars as pl
import pytest

from leadgen_assets.rehearsal.expectations import acts_too_rare
from leadgen_assets.rehearsal.population import populate
from leadgen_assets.rehearsal.truth import Business
from leadgen_assets.rehearsal.verdict import judge, judge_findings
from leadgen_assets.storage.place_files import packaged_sample

ACTS = {"opened_person", "clicked_person", "replied", "auto_replied", "unsubscribed"}
FOUND = {"needy": 100, "needy_qualified": 97, "undiscoverable": 4, "leads": 200}
NOTHING_WRONG = dict.fromkeys(
    ("false_qualified", "duplicate_sends", "lost_events", "misattributed_replies", "machine_as_person", "unknown_sends"), 0
)  # fmt: skip


@pytest.fixture(scope="module")
def businesses() -> list[Business]:
    return populate(pl.read_parquet(packaged_sample()), leads=300, seed=1)


def addresses(businesses: list[Business], *tempers: str) -> list[str]:
    needy = [one for one in businesses if one.needs_site and one.email and one.mailbox == "accepts"]
    return [one.email.upper() for one in needy if one.email and one.temper in tempers]


def test_acts_are_expected_of_those_who_were_written_to(businesses: list[Business]) -> None:
    assert acts_too_rare(businesses, []) == ACTS
    everybody = addresses(businesses, "opener", "clicker", "replier", "unsubscriber", "out_of_office")
    assert acts_too_rare(businesses, everybody) == set()
    assert acts_too_rare(businesses, addresses(businesses, "clicker")) == {"replied", "auto_replied", "unsubscribed"}
    one = addresses(businesses, "unsubscriber")[:1]
    assert "unsubscribed" in acts_too_rare(businesses, [*addresses(businesses, "replier"), *one])


def states(counts: dict[str, int], floors: dict[str, int], too_rare: set[str]) -> dict[str, str]:
    return {check.name: check.state for check in judge(NOTHING_WRONG | counts, floors, too_rare=too_rare)}


def test_a_floor_is_skipped_only_where_it_is_missed_for_want_of_people() -> None:
    floors = {"unsubscribed": 1}
    assert states({"unsubscribed": 0}, floors, {"unsubscribed"})["unsubscribed_floor"] == "skipped"
    assert states({"unsubscribed": 0}, floors, {"replied"})["unsubscribed_floor"] == "failed"
    assert states({"unsubscribed": 1}, floors, {"unsubscribed"})["unsubscribed_floor"] == "passed"


@pytest.mark.parametrize(
    ("counts", "reason", "expected"),
    [
        ({}, None, ["passed", "passed"]),
        ({"needy_qualified": 96}, None, ["failed", "passed"]),
        ({"undiscoverable": 6}, None, ["passed", "failed"]),
        ({"needy_qualified": 0}, "the town comes from a file", ["skipped", "skipped"]),
    ],
)
def test_nearly_everybody_in_need_is_found(counts: dict[str, int], reason: str | None, expected: list[str]) -> None:
    assert [check.state for check in judge_findings(FOUND | counts, reason)] == expected
