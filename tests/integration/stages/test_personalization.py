"""The personalization stage in real runs: a model's server over HTTP, a real ledger, real partitions, real PDFs."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import dagster as dg
import polars as pl
import pytest
from upath import UPath

from leadgen_assets.domain import markers
from leadgen_assets.domain.identity import lead_id_of
from leadgen_assets.domain.pdf import PdfUnavailableError
from leadgen_assets.rehearsal.servers.llm_api import LlmApi
from leadgen_assets.resources import Platform
from leadgen_assets.settings import Settings
from leadgen_assets.stages import completions, personalization, printing
from leadgen_assets.stages.kinds import DRY_RUN_TAG, asset_options
from leadgen_assets.storage.journal import Capture, store_capture
from leadgen_assets.storage.ledger import Connection
from leadgen_assets.storage.parquet_io import ParquetIOManager
from leadgen_assets.storage.quotas import used
from leadgen_assets.storage.schemas import conform, frame_of
from tests.conftest import MONDAY
from tracking_service.clock import FileClock
from tracking_service.settings import env_file

DAY = MONDAY.date()
GIVEN = ("leads", "web_presence", "qualification_scores", "contacts")
NO_SITE = "No website found: none of 5 likely addresses leads to a site of its own."


class Stage:
    """Writes the partitions that come before the stage, and materialises the stage."""

    def __init__(self, model: LlmApi) -> None:
        self.model = model
        self.given(DAY, emails=3, phones=1)

    def given(self, day: date, *, emails: int, phones: int = 0) -> list[str]:
        """A day with so many leads of each route, all invented; returns the ids of those with an address."""
        keys = [f"osm:node/{100 * day.toordinal() + n}" for n in range(emails + phones)]
        ids = [str(lead_id_of(key)) for key in keys]
        common = {"industry": "bakery", "city": "Helsinki", "country": "FI", "first_seen_on": day}
        rows = {
            "places": [
                {"place_key": key, "source": "osm", "name": f"Bakery Number {chr(65 + n)}", "captured_at": MONDAY}
                for n, key in enumerate(keys)
            ],
            "leads": [common | {"lead_id": key, "name": f"Bakery Number {chr(65 + n)}"} for n, key in enumerate(ids)],
            "web_presence": [
                {"lead_id": key, "check": "own_site", "state": "absent", "detail": NO_SITE, "captured_at": MONDAY}
                for key in ids
            ],
            "qualification_scores": [{"lead_id": key, "decision": "qualified", "presence": NO_SITE} for key in ids],
            "contacts": [
                {"lead_id": key, "route": "email", "email": f"hello{n}@{day}.test", "email_origin": "record"}
                if n < emails
                else {"lead_id": key, "route": "phone"}
                for n, key in enumerate(ids)
            ],
        }
        for asset, listed in rows.items():
            path = Settings.load().warehouse_folder / asset / f"{day}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            conform(asset, frame_of(asset, listed)).write_parquet(path)
        return ids[:emails]

    def run(
        self, day: date = DAY, *, tags: dict[str, str] | None = None, pdfs: bool = False
    ) -> dg.ExecuteInProcessResult:
        """Materialise the stage for one day, in a fresh process's state; PDFs only where they are asked for."""
        inputs = [
            dg.AssetSpec(asset, partitions_def=asset_options("derivation", "x")["partitions_def"]) for asset in GIVEN
        ]
        assets = [
            personalization.draft_completions, personalization.email_drafts, personalization.proposals,
            personalization.model_answered, personalization.drafts_are_lawful, personalization.proposals_rendered,
        ]  # fmt: skip
        folder = UPath(Settings.load().warehouse_folder)
        return dg.materialize(
            [*inputs, *assets],
            selection=["draft_completions", "email_drafts", *(["proposals"] if pdfs else [])],
            partition_key=day.isoformat(),
            resources={"platform": Platform(), "io_manager": ParquetIOManager(folder)},
            instance=dg.DagsterInstance.ephemeral(),
            tags=tags,
            raise_on_error=False,
        )

    def outcomes(self, result: dg.ExecuteInProcessResult) -> list[str]:
        return result.output_for_node("draft_completions").sort("lead_id")["outcome"].to_list()


@pytest.fixture
def model(clock: FileClock) -> Iterator[LlmApi]:
    server = LlmApi(clock)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def stage(settings: Settings, model: LlmApi) -> Stage:
    setting(GROQ_BACKOFF_SECONDS="0", GROQ_TIMEOUT_SECONDS="2", **model.settings())
    return Stage(model)


def setting(**lines: str) -> None:
    with Path(env_file()).open("a") as file:
        file.writelines(f"{name}={value}\n" for name, value in lines.items())


def checks_of(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {check.check_name: check.passed for check in result.get_asset_check_evaluations()}


def test_every_lead_with_an_address_gets_a_checked_letter_and_a_proposal(stage: Stage) -> None:
    result = stage.run(pdfs=True)
    assert result.success
    assert stage.outcomes(result) == ["answered"] * 3
    drafts, proposals = result.output_for_node("email_drafts"), result.output_for_node("proposals")
    assert set(drafts["written_by"]) == {"model"}
    assert all(
        row["to_email"].endswith(".test") and markers.OFFER in row["html"] for row in drafts.iter_rows(named=True)
    )
    assert set(proposals["state"]) == {"rendered"}
    assert set(proposals["pages"]) == {4}
    assert proposals["filename"].to_list()[0].startswith("Bakery_Number_")
    assert all(content.startswith(b"%PDF") for content in proposals["pdf"])
    assert checks_of(result) == {"model_answered": True, "drafts_are_lawful": True, "proposals_rendered": True}


def test_a_second_run_and_a_past_day_ask_nothing_and_give_the_same(stage: Stage, clock: FileClock) -> None:
    first = stage.run(pdfs=True)
    asked = len(stage.model.requests)
    again = stage.run(pdfs=True)
    clock.advance_to(MONDAY + timedelta(days=3))
    later = stage.run(tags={"dagster/backfill": "b1"}, pdfs=True)
    assert asked == len(stage.model.requests) == 3
    for asset in ("draft_completions", "email_drafts", "proposals"):
        assert first.output_for_node(asset).equals(again.output_for_node(asset))
        assert first.output_for_node(asset).equals(later.output_for_node(asset))


def test_a_past_day_on_which_nothing_was_asked_stays_empty(stage: Stage, clock: FileClock) -> None:
    clock.advance_to(MONDAY + timedelta(days=1))
    result = stage.run(pdfs=True)
    assert result.success
    assert [result.output_for_node(asset).height for asset in ("draft_completions", "email_drafts", "proposals")] == [
        0
    ] * 3
    assert stage.model.requests == []


def test_a_dry_run_asks_nothing_drafts_all_the_same_and_leaves_the_real_run_to_ask(stage: Stage) -> None:
    dry = stage.run(tags={DRY_RUN_TAG: "true"})
    assert stage.outcomes(dry) == ["not_configured"] * 3
    assert set(dry.output_for_node("email_drafts")["written_by"]) == {"template"}
    assert stage.model.requests == []
    assert stage.outcomes(stage.run()) == ["answered"] * 3


def test_without_a_key_the_letters_are_ours_and_the_check_warns(stage: Stage) -> None:
    setting(GROQ_API_KEY="")
    result = stage.run()
    assert result.success
    assert stage.outcomes(result) == ["not_configured"] * 3
    assert result.output_for_node("email_drafts").height == 3
    assert checks_of(result) == {"model_answered": False, "drafts_are_lawful": True}


def test_a_wrong_key_is_tried_once_and_the_day_goes_on(stage: Stage) -> None:
    setting(GROQ_API_KEY="gsk_wrong")
    result = stage.run()
    assert result.success
    assert stage.outcomes(result) == ["not_configured"] * 3
    assert len(stage.model.requests) == 1


def test_the_days_tokens_are_never_exceeded_and_what_was_not_used_is_given_back(
    stage: Stage, ledger: Connection
) -> None:
    question = personalization.prompt_for(personalization.facts_of({"name": "Bakery Number A"}, {"presence": NO_SITE}))
    one = question.estimated_tokens + completions.MAX_COMPLETION_TOKENS
    setting(GROQ_DAILY_TOKENS=str(one + 400))
    result = stage.run()
    assert result.success
    assert stage.outcomes(result).count("answered") == 1
    assert stage.outcomes(result).count("over_budget") == 2
    spent = result.output_for_node("draft_completions").select(pl.sum("prompt_tokens", "completion_tokens")).row(0)
    assert used(ledger, completions.QUOTA, DAY) == sum(spent) > 0


def test_a_provider_that_keeps_failing_is_given_up_and_the_day_goes_on(stage: Stage) -> None:
    stage.given(DAY, emails=6)
    stage.model.fault_for = lambda _: "server_error"
    result = stage.run()
    assert result.success
    assert stage.outcomes(result) == ["unavailable"] * 6
    assert len(stage.model.requests) == 3 * 4  # three leads of four attempts each
    assert result.output_for_node("email_drafts").height == 6


def test_broken_json_falls_back_to_our_own_letter(stage: Stage) -> None:
    stage.model.fault_for = lambda _: "broken_json"
    result = stage.run()
    assert stage.outcomes(result) == ["answered"] * 3
    assert set(result.output_for_node("email_drafts")["written_by"]) == {"template"}


def test_a_run_that_was_killed_half_way_goes_on_where_it_stopped(stage: Stage, ledger: Connection) -> None:
    done = str(lead_id_of(f"osm:node/{100 * DAY.toordinal()}"))
    payload: dict[str, Any] = {"outcome": "answered", "model": "m", "answer": "{}", "prompt_sha256": "0"}
    store_capture(ledger, "draft_completions", DAY, Capture(done, MONDAY, "groq", payload, UUID(done)))
    assert stage.outcomes(stage.run()) == ["answered"] * 3
    assert len(stage.model.requests) == 2


def test_leads_that_an_outage_left_unasked_are_caught_up_within_some_days(stage: Stage, clock: FileClock) -> None:
    setting(CATCH_UP_DAYS="2")
    clock.advance_to(MONDAY + timedelta(days=2))
    stage.given(DAY + timedelta(days=2), emails=1)
    result = stage.run(DAY + timedelta(days=2))
    assert result.output_for_node("email_drafts").height == 3 + 1
    clock.advance_to(MONDAY + timedelta(days=3))
    stage.given(DAY + timedelta(days=3), emails=1)
    assert stage.run(DAY + timedelta(days=3)).output_for_node("email_drafts").height == 1


def test_leads_left_for_too_long_are_not_caught_up(stage: Stage, clock: FileClock) -> None:
    setting(CATCH_UP_DAYS="2")
    clock.advance_to(MONDAY + timedelta(days=3))
    stage.given(DAY + timedelta(days=3), emails=1)
    assert stage.run(DAY + timedelta(days=3)).output_for_node("email_drafts").height == 1


def test_an_erased_answer_is_tolerated(stage: Stage, ledger: Connection) -> None:
    stage.run()
    ledger.execute("UPDATE captures SET payload = '{}' WHERE asset = 'draft_completions' AND subject ="
                   " (SELECT min(subject) FROM captures WHERE asset = 'draft_completions')")  # fmt: skip
    result = stage.run()
    assert result.success
    assert result.output_for_node("email_drafts").height == 2
    assert len(stage.model.requests) == 3


def test_without_a_postal_address_nothing_goes_further(stage: Stage) -> None:
    setting(POSTAL_ADDRESS="")
    result = stage.run(pdfs=True)
    assert not result.success
    assert checks_of(result)["drafts_are_lawful"] is False
    assert not (Settings.load().warehouse_folder / "proposals").exists()


def test_a_services_file_that_cannot_be_used_stops_with_one_sentence(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "services.toml"
    file.write_text("packages = []\nconsultation = 'first call'\n")
    setting(SERVICES_FILE=str(file))
    result = stage.run()
    failure = result.failure_data_for_node("email_drafts")
    assert failure is not None
    assert "names 0 packages; the price page needs exactly 3" in str(failure.user_failure_data or failure.error)


def test_where_no_pdf_can_be_made_the_letters_still_go(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(*_: object, **__: object) -> None:
        raise PdfUnavailableError("Install libpango-1.0-0.")

    monkeypatch.setattr(printing, "render_pdf", unavailable)
    result = stage.run(pdfs=True)
    assert result.success
    proposals = result.output_for_node("proposals")
    assert (set(proposals["state"]), set(proposals["reason"])) == ({"not_rendered"}, {"Install libpango-1.0-0."})
    assert checks_of(result)["proposals_rendered"] is False
