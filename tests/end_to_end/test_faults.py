"""A rehearsal in which everything goes wrong at once still makes no mistake, and leaves nothing behind."""

import pytest

from leadgen_assets.rehearsal.faults import CRASHES
from tests.rehearsals import Rehearsals, Rehearsed

pytestmark = [pytest.mark.xdist_group("rehearsal with faults"), pytest.mark.timeout(600)]


@pytest.fixture
def chaos(rehearsals: Rehearsals) -> Rehearsed:
    return rehearsals.get("chaos", "--leads", "20", "--faults", "chaos")


def test_no_fault_makes_the_product_lie_repeat_itself_or_forget(chaos: Rehearsed):
    assert chaos.failed == []
    assert chaos.code == 0, chaos.errors
    mistakes = ("duplicate_sends", "lost_events", "false_qualified", "misattributed_replies", "machine_as_person")
    assert {name: chaos.result[name] for name in mistakes} == dict.fromkeys(mistakes, 0)
    assert chaos.result["sent"] > 0
    assert chaos.left == []


def test_everything_that_can_crash_did(chaos: Rehearsed):
    detail = chaos.check("faults_injected")["detail"]
    assert [name for name in CRASHES if f" {name}" not in f" {detail}"] == []
    counted = [int(part.split()[0]) for part in detail.partition(";")[0].split(", ")]
    assert chaos.result["faults_injected"] == sum(counted) > len(CRASHES)
