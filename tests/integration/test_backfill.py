"""A backfill of everything over seven past days, from what a rehearsal left: green, silent, and the same in any order."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rehearsals import Rehearsals

pytestmark = [pytest.mark.xdist_group("rehearsal of the town"), pytest.mark.timeout(600)]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def backfilled(rehearsals: Rehearsals) -> dict:
    town = rehearsals.town()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.integration.backfill", str(town.folder)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": town.home},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_every_partition_of_every_asset_is_green(backfilled):
    assert backfilled["failed"] == []
    assert backfilled["partitions"] == dict.fromkeys(backfilled["assets"], 7)


def test_it_recomputes_what_there_is(backfilled):
    empty = [asset for asset, rows in backfilled["rows"].items() if rows == 0]
    assert empty == []


def test_it_changes_nothing_in_the_ledger(backfilled):
    """No send, no alert, no journal entry: every row of every table is as it was."""
    assert backfilled["changed_tables"] == []


def test_it_calls_nobody(backfilled):
    assert backfilled["called"] == []


def test_every_derivation_comes_out_as_it_was(backfilled):
    assert backfilled["recomputed_differently"] == []


def test_the_order_of_the_days_does_not_matter(backfilled):
    """Backwards, and with every derivation deleted first."""
    assert backfilled["order_matters"] == []


def test_one_partition_of_each_asset_can_be_materialised_by_itself(backfilled):
    assert backfilled["alone_differently"] == []
    assert backfilled["changed_by_hand"] == []
