"""Scoring days anew with other rules: no network, and everybody sees who would enter and who would leave."""

import json
import socket
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from typer.testing import CliRunner
from upath import UPath

from leadgen_assets.cli.main import app
from leadgen_assets.domain.presence import CHECKS
from leadgen_assets.domain.scoring import score_leads
from leadgen_assets.domain.scoring_rules import ScoringRulesError, packaged_rules, read_rules
from leadgen_assets.partitions import daily
from leadgen_assets.resources import Platform
from leadgen_assets.settings import Settings
from leadgen_assets.stages import qualification
from leadgen_assets.storage.ledger import Connection
from leadgen_assets.storage.parquet_io import ParquetIOManager
from leadgen_assets.storage.schemas import frame_of
from tests.conftest import MONDAY
from tracking_service.settings import env_file

DAYS = [date(2026, 3, 2) + timedelta(days=number) for number in range(4)]
WEAK = "00000000-0000-5000-8000-00000000000a"
NOBODY = "00000000-0000-5000-8000-00000000000b"
OPEN = "00000000-0000-5000-8000-00000000000c"


def presence(lead_id: str, **states: str) -> list[dict[str, Any]]:
    usual = {
        "operational": "present",
        "own_site": "present",
        "https": "present",
        "viewport": "present",
        "title_and_description": "present",
    }
    usual |= {"social_page": "absent", "phone_known": "present", "rating": "absent"} | states
    evidence = json.dumps(
        {
            "site_url": None,
            "candidates": [{"host": "a.test", "origin": "name", "verdict": "x", "reason": "does not exist"}],
        }
    )
    return [
        {
            "lead_id": lead_id,
            "check": check,
            "state": usual.get(check, "not_applicable"),
            "detail": f"{check} was looked at.",
            "evidence_json": evidence,
            "captured_at": MONDAY,
        }
        for check in CHECKS
    ]


def stored_days(settings: Settings) -> None:
    """A weak site, somebody without any, and an open question on each day, as a run left them."""
    weak = dict.fromkeys(("https", "viewport", "title_and_description"), "absent")
    without = {"own_site": "absent", **dict.fromkeys(weak, "not_applicable")}
    for number, day in enumerate(DAYS):
        rows = [
            *presence(WEAK[:-2] + f"{number}a", **weak),
            *presence(NOBODY[:-2] + f"{number}b", **without),
            *presence(OPEN[:-2] + f"{number}c", own_site="unknown"),
        ]
        frame = frame_of("web_presence", rows)
        for asset, content in (("web_presence", frame), ("qualification_scores", score_leads(frame))):
            path = settings.warehouse_folder / asset / f"{day}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            content.write_parquet(path)


def other_rules(path: Path, **changes: str) -> Path:
    """The packaged rules in which a site without https, layout and title is less bad."""
    text = (Path(qualification.__file__).parents[1] / "domain" / "scoring_rules.toml").read_text()
    text = text.replace('version = "2026-03"', 'version = "2026-04"')
    for check, points in changes.items():
        before, _, after = text.partition(f'check = "{check}"')
        head, _, tail = after.partition("points = ")
        text = f'{before}check = "{check}"{head}points = {points}\n{tail.partition(chr(10))[2]}'
    path.write_text(text)
    return path


def rescore(day: date) -> dict[str, Any]:
    upstream = dg.AssetSpec("web_presence", partitions_def=daily)
    resources = {"platform": Platform(), "io_manager": ParquetIOManager(UPath(Settings.load().warehouse_folder))}
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [upstream, qualification.qualification_scores], partition_key=str(day), resources=resources, instance=instance,
            tags={"dagster/backfill": "rules"},
        )  # fmt: skip
        [event] = result.asset_materializations_for_node("qualification_scores")
        return {name: value.value for name, value in event.metadata.items()}


def test_other_weights_over_past_days_ask_nobody_and_show_who_enters_and_leaves(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_days(settings)
    called: list[Any] = []
    monkeypatch.setattr(socket.socket, "connect", lambda self, address: called.append(address))
    monkeypatch.setattr(socket.socket, "sendto", lambda self, *arguments: called.append(arguments))
    same = rescore(DAYS[0])
    assert (same["entered"], same["left"], same["rules_version"]) == (0, 0, "2026-03")
    assert "changes" not in same
    with env_file().open("a") as file:
        file.write(f"SCORING_RULES_FILE={other_rules(tmp_path / 'rules.toml', https='5', viewport='5')}\n")
    for number, day in enumerate(DAYS):
        shown = rescore(day)
        assert (shown["entered"], shown["left"]) == (0, 1)
        [change] = shown["changes"]
        assert change["lead_id"] == WEAK[:-2] + f"{number}a"
        assert (change["before"], change["after"], change["score_before"]) == ("qualified", "disqualified", "70")
        assert (shown["rules_before"], shown["rules_version"]) == ("2026-03", "2026-04")
    assert called == []
    scores = pl.read_parquet(sorted((settings.warehouse_folder / "qualification_scores").iterdir()))
    assert scores["rules_version"].unique().to_list() == ["2026-04"]


def test_why_shows_every_point_with_its_evidence_and_what_would_change(
    settings: Settings, ledger: Connection, tmp_path: Path
) -> None:
    stored_days(settings)
    weak, open_question = WEAK[:-2] + "0a", OPEN[:-2] + "0c"
    for lead_id, email, decision in ((weak, "info@weak.test", "qualified"), (open_question, None, "unknown")):
        ledger.execute(
            "INSERT INTO leads (id, place_id, business_name, city, email, source, discovered_at, updated_at, decision, rules_version)"
            " VALUES (%s, %s, %s, 'Helsinki', %s, 'osm', %s, %s, %s, '2026-03')",
            (lead_id, f"osm:node/{lead_id[-2:]}", f"Business {lead_id[-2:]}", email, MONDAY, MONDAY, decision),
        )  # fmt: skip
    found = why("INFO@weak.test")
    assert (found["score"], found["decision"], found["moves"]) == ([70, 70], "qualified", None)
    points = {point["check"]: point for point in found["points"]}
    assert sum(point["points"][0] for point in points.values()) == 70
    assert points["https"] == {
        "check": "https",
        "state": "absent",
        "points": [20, 20],
        "most": 20,
        "detail": "https was looked at.",
    }
    assert "If it had valid https: qualified" not in " ".join(found["would_change"])
    assert found["asked"][0]["reason"] == "does not exist"
    undecided = why("business 0c")
    assert (undecided["score"], undecided["decision"]) == ([15, 90], "unknown")
    assert any("no site of its own were left: qualified" in text for text in undecided["would_change"])
    assert any("a healthy site of its own were found: disqualified" in text for text in undecided["would_change"])
    assert undecided["next_look"] == "2026-03-03"
    what_if = why(weak, "--rules", str(other_rules(tmp_path / "rules.toml", https="5", viewport="5")))
    assert (what_if["decision"], what_if["moves"], what_if["stored"]["decision"]) == (
        "disqualified",
        "would leave",
        "qualified",
    )
    assert why("NESS 0A")["lead"]["id"] == weak
    for nobody in ("nobody@weak.test", "", "%", "business"):
        assert CliRunner().invoke(app, ["why", nobody]).exit_code == 2
    assert "2026-03" in CliRunner().invoke(app, ["why", weak]).output


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"social_page": "60", "phone_known": "40"}, "a healthy site could qualify"),
        ({"https": "-5"}, "greater than or equal to 0"),
        ({"https": '"many"'}, "valid integer"),
        ({"https": "["}, "cannot be read"),
    ],
)
def test_rules_that_are_not_sound_are_refused_in_one_sentence(
    tmp_path: Path, change: dict[str, str], said: str
) -> None:
    with pytest.raises(ScoringRulesError, match=said):
        read_rules(other_rules(tmp_path / "rules.toml", **change))


def test_the_packaged_rules_are_sound() -> None:
    assert packaged_rules().version == "2026-03"


def why(*arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["why", *arguments, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)
