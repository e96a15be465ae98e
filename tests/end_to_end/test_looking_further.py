"""After a rehearsal the other commands see its data, say so, and never mix it with one's own."""

import json
import re
from pathlib import Path

import pytest

from tests.rehearsals import Rehearsals, Rehearsed, processes_of, run_leadgen

pytestmark = [pytest.mark.xdist_group("rehearsal of the town"), pytest.mark.timeout(600)]


@pytest.fixture
def town(rehearsals: Rehearsals) -> Rehearsed:
    return rehearsals.town()


def asked(town: Rehearsed, *arguments: str) -> tuple[dict | list, str]:
    """What a command printed as JSON and what it said beside it."""
    done = run_leadgen(*arguments, "--json", home=Path(town.home))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_what_was_rehearsed_last_is_looked_at_and_named(town: Rehearsed, tmp_path: Path):
    found, said = asked(town, "call-sheet", "--output", str(tmp_path / "calls.xlsx"))
    assert "In the last `leadgen rehearse`; --in own looks elsewhere." in said
    assert found["calls"] or found["visits"]
    lead = (found["calls"] or found["visits"])[0]["lead_id"]
    judged, said = asked(town, "why", lead, "--in", "rehearsal")
    assert said == ""
    assert judged["decision"] == "qualified"
    assert processes_of(Path(town.home)) == []


def test_the_warehouse_answers_questions_and_nothing_else(town: Rehearsed, tmp_path: Path):
    rows, _ = asked(town, "sql", "SELECT count(*) AS n, min(partition_day) AS first FROM leads", "--in", "rehearsal")
    assert rows == [{"n": 30, "first": "2026-03-02"}]


def test_an_opt_out_never_lands_in_a_rehearsal_by_guess(town: Rehearsed):
    home = Path(town.home)
    done = run_leadgen("suppress", "owner@shop.test", home=home)
    assert done.returncode == 2
    assert re.search(r"--in own .*--in rehearsal", done.stderr)
    assert not (home / "postgres").exists()
