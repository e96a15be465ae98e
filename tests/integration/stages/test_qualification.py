"""Qualification and contacts in real runs, judged by the truth of a small town over real DNS, HTTP and TLS."""

import random
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
import trustme
from upath import UPath

from leadgen_assets.domain.leads import new_leads
from leadgen_assets.rehearsal.population import populate
from leadgen_assets.rehearsal.servers.dns_server import DnsServer
from leadgen_assets.rehearsal.servers.site_answers import Answer
from leadgen_assets.rehearsal.servers.web_sites import WebSites
from leadgen_assets.rehearsal.truth import Business
from leadgen_assets.resources import Platform
from leadgen_assets.retention import drop_old_pages
from leadgen_assets.settings import Settings
from leadgen_assets.stages import contacts, qualification
from leadgen_assets.stages.kinds import asset_options, partition_day
from leadgen_assets.storage.ledger import Connection, ledger_connection
from leadgen_assets.storage.parquet_io import ParquetIOManager
from leadgen_assets.storage.place_files import packaged_sample
from leadgen_assets.storage.schemas import frame_of
from tests.conftest import MONDAY
from tracking_service.clock import FileClock
from tracking_service.settings import env_file

LEADS = 24


class SmallTown:
    """A town's name server and web, and its businesses as leads first seen on the Monday."""

    def __init__(self, businesses: list[Business], dns: DnsServer, web: WebSites) -> None:
        self.businesses, self.dns, self.web = businesses, dns, web
        by_key = {key: business for business in businesses for key in business.source_keys}
        self.places = frame_of("places", [_place(business) for business in businesses])
        self.leads = new_leads(self.places, self.places.clear(), MONDAY.date())
        self.by_lead = {row["lead_id"]: by_key[row["place_key"]] for row in self.leads.iter_rows(named=True)}

    def run(self, day: str = "2026-03-02") -> dg.ExecuteInProcessResult:
        """Materialise qualification and contacts for one day, in a fresh process's state."""

        @dg.asset(name="leads", **asset_options("derivation", "discovery", code_version="1"))
        def leads(context: dg.AssetExecutionContext) -> pl.DataFrame:
            return self.leads.filter(pl.col("first_seen_on") == partition_day(context))

        settings = Settings.load()
        observed = settings.warehouse_folder / "places" / f"{MONDAY.date()}.parquet"
        observed.parent.mkdir(parents=True, exist_ok=True)
        self.places.write_parquet(observed)
        resources = {"platform": Platform(), "io_manager": ParquetIOManager(UPath(settings.warehouse_folder))}
        stage = [
            leads, qualification.web_captures, qualification.web_presence, qualification.qualification_scores,
            qualification.scores_within_bounds, contacts.contacts,
        ]  # fmt: skip
        return dg.materialize(
            stage, partition_key=day, resources=resources, instance=dg.DagsterInstance.ephemeral(), raise_on_error=False
        )

    def judged(self, result: dg.ExecuteInProcessResult) -> list[tuple[Business, str]]:
        scores = result.output_for_node("qualification_scores")
        return [(self.by_lead[row["lead_id"]], row["decision"]) for row in scores.iter_rows(named=True)]

    @property
    def asked(self) -> int:
        return len(self.dns.requests) + len(self.web.requests)


def _place(business: Business) -> dict[str, Any]:
    source, _, source_id = business.source_keys[0].partition(":")
    known = {name: value for name, value in business.record.items() if name not in {"source", "source_id", "website"}}
    names = {
        "place_key": business.source_keys[0],
        "source": source,
        "source_id": source_id,
        "website": business.listed_website,
    }
    return known | names | {"captured_at": MONDAY}


@pytest.fixture
def town(settings: Settings, clock: FileClock, tmp_path: Path) -> Iterator[SmallTown]:
    businesses = populate(pl.read_parquet(packaged_sample()), leads=LEADS, seed=7)
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    dns, web = DnsServer(businesses, clock), WebSites(businesses, clock, ca)
    dns.start()
    web.start()
    lines = {"CA_FILE": tmp_path / "ca.pem", "PROBE_TIMEOUT_SECONDS": 3, **dns.settings(), **web.settings()}
    with env_file().open("a") as file:
        file.writelines(f"{name}={value}\n" for name, value in lines.items())
    try:
        yield SmallTown(businesses, dns, web)
    finally:
        web.stop()
        dns.stop()


def test_the_towns_truth_agrees_with_every_decision_and_every_address(town: SmallTown, clock: FileClock) -> None:
    first = town.run()
    assert first.success
    judged = town.judged(first)
    assert len(judged) == len(town.businesses)
    wrongly = [b.key for b, decision in judged if decision == "qualified" and not b.needs_site and not b.undiscoverable]
    assert wrongly == []
    assert {b.site_kind for b, decision in judged if b.needs_site and decision != "qualified"} <= {"broken"}
    assert {decision for b, decision in judged if b.site_kind == "healthy" and b.findable} == {"disqualified"}
    assert {b.site_kind for b, decision in judged if decision == "qualified"} >= {"none", "weak", "social_only"}
    captures = first.output_for_node("web_captures")
    assert captures["captured_at"].dt.date().unique().to_list() == [MONDAY.date()]
    assert captures.filter(pl.col("kind") == "plan")["lead_id"].n_unique() == len(town.businesses)
    routes = first.output_for_node("contacts")
    published = {lead_id: b.email for lead_id, b in town.by_lead.items() if b.email_on != "nowhere"}
    assert all(row["email"] == published.get(row["lead_id"]) for row in routes.iter_rows(named=True))
    assert routes.filter(pl.col("route") == "email").height > LEADS // 5
    assert set(routes["route"]) <= {"email", "phone", "visit"}

    clock.advance_to(MONDAY + timedelta(days=1))
    second = town.run("2026-03-03")
    broken = [decision for b, decision in town.judged(second) if b.site_kind == "broken"]
    assert broken == ["qualified"] * len([b for b in town.businesses if b.site_kind == "broken"])


def test_one_days_captures_are_asked_for_once_and_a_past_day_asks_nothing(
    town: SmallTown, clock: FileClock, ledger: Connection
) -> None:
    first = town.run()
    asked = town.asked
    again = town.run()
    assert town.asked == asked
    town.web.stop()
    town.dns.stop()
    clock.advance_to(MONDAY + timedelta(days=1))
    past = town.run()
    for asset in ("web_captures", "web_presence", "qualification_scores", "contacts"):
        frames = [result.output_for_node(asset) for result in (first, again, past)]
        assert frames[0].equals(frames[1])
        assert frames[0].equals(frames[2])
    [stored] = ledger.execute("SELECT count(*) AS leads FROM captures WHERE asset = 'web_captures'").fetchall()
    assert stored["leads"] == len(town.businesses)
    assert all(visit.user_agent.startswith("LeadgenBot/") for visit in town.web.requests)


def test_pages_go_after_ninety_days_and_what_they_said_stays(
    town: SmallTown, clock: FileClock, settings: Settings
) -> None:
    ledger_of = partial(ledger_connection, settings.database_url)
    first = town.run()
    clock.advance_to(MONDAY + timedelta(days=90))
    dropped = [drop_old_pages(ledger_of, settings, clock)]
    clock.advance_to(MONDAY + timedelta(days=91))
    dropped += [drop_old_pages(ledger_of, settings, clock) for _ in range(2)]
    pages = first.output_for_node("web_captures")["body"]
    leads = first.output_for_node("web_captures").filter(pl.col("body").is_not_null())["lead_id"].n_unique()
    none = {"captured_pages": 0, "page_rows": 0}
    assert dropped == [none, {"captured_pages": leads, "page_rows": pages.len() - pages.null_count()}, none]
    assert leads > 0

    past = town.run()
    assert past.success
    captures = [result.output_for_node("web_captures") for result in (first, past)]
    assert captures[1]["body"].null_count() == captures[1].height
    assert captures[0].drop("body").equals(captures[1].drop("body"))
    for asset in ("web_presence", "qualification_scores", "contacts"):
        assert first.output_for_node(asset).equals(past.output_for_node(asset)), asset


def test_a_killed_run_goes_on_after_the_last_lead_it_finished(
    town: SmallTown, ledger: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, stored = qualification.store_capture, []

    def dies_after_twenty(*arguments: Any) -> bool:
        if len(stored) == 20:
            raise RuntimeError("the process dies")
        stored.append(arguments[3].subject)
        return store(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(qualification, "store_capture", dies_after_twenty)
        assert not town.run().success
    kept = {row["subject"] for row in ledger.execute("SELECT subject FROM captures").fetchall()}
    assert kept == set(stored)
    before = {row["subject"]: row["captured_at"] for row in ledger.execute("SELECT * FROM captures").fetchall()}
    assert town.run().success
    after = {row["subject"]: row["captured_at"] for row in ledger.execute("SELECT * FROM captures").fetchall()}
    assert len(after) == len(town.businesses)
    assert before.items() <= after.items()


def test_with_the_resolver_down_nothing_is_qualified_and_the_next_day_decides(
    town: SmallTown, clock: FileClock
) -> None:
    town.dns.interrupt = lambda host: "servfail"
    down = town.run()
    assert {decision for _, decision in town.judged(down)} == {"unknown"}
    assert down.output_for_node("contacts").is_empty()
    town.dns.interrupt = lambda host: None
    clock.advance_to(MONDAY + timedelta(days=1))
    up = town.run("2026-03-03")
    assert len(town.judged(up)) == len(town.businesses)
    assert {b.site_kind for b, decision in town.judged(up) if decision == "unknown"} <= {"broken"}


def test_faults_of_the_network_never_make_a_healthy_site_qualify(town: SmallTown, clock: FileClock) -> None:
    rng = random.Random(3)
    dns_faults = {host: rng.choice([None, None, "servfail"]) for host in sorted(town.dns._names)}
    web_faults = {host: rng.choice([None, None, 403, 503, 500]) for host in sorted(town.dns._names)}
    town.dns.interrupt = dns_faults.get
    town.web.interrupt = lambda host, path: Answer(web_faults[host]) if web_faults.get(host) else None
    for number in range(3):
        day = MONDAY + timedelta(days=number)
        clock.advance_to(day)
        if number:
            town.dns.interrupt, town.web.interrupt = lambda host: None, lambda host, path: None
        judged = town.judged(town.run(day.date().isoformat()))
        assert [
            b.key for b, decision in judged if decision == "qualified" and not b.needs_site and not b.undiscoverable
        ] == []
        if not number:
            assert any(decision == "unknown" for _, decision in judged)


def test_leads_that_an_outage_left_behind_are_captured_on_a_later_day(town: SmallTown, clock: FileClock) -> None:
    settings = Settings.load()
    (settings.warehouse_folder / "leads").mkdir(parents=True)
    town.leads.write_parquet(settings.warehouse_folder / "leads" / "2026-03-02.parquet")
    clock.advance_to(MONDAY + timedelta(days=3))
    late = town.run("2026-03-05")
    assert len(town.judged(late)) == len(town.businesses)
    assert town.run("2026-03-02").output_for_node("web_captures").is_empty()


def test_a_score_out_of_bounds_or_a_decision_that_does_not_follow_fails_the_check() -> None:
    def passes(lower: int, upper: int, decision: str) -> bool:
        row = {"lead_id": "a", "score_lower": lower, "score_upper": upper, "decision": decision}
        return qualification.scores_within_bounds(frame_of("qualification_scores", [row])).passed

    assert passes(90, 90, "qualified")
    assert passes(5, 90, "unknown")
    assert not passes(90, 110, "qualified")
    assert not passes(-5, 10, "disqualified")
    assert not passes(60, 40, "qualified")
    assert not passes(5, 90, "qualified")


def test_a_host_that_leads_share_is_asked_once_a_day_whichever_run_comes_to_it(
    town: SmallTown, clock: FileClock
) -> None:
    [owner, *_] = [lead_id for lead_id, b in town.by_lead.items() if b.site_kind == "weak"]
    host = town.by_lead[owner].site_host or ""
    sharers = [lead_id for lead_id, b in town.by_lead.items() if b.site_kind == "none"][:4]
    shared = town.leads.filter(pl.col("lead_id").is_in([owner, *sharers])).with_columns(
        website=pl.lit(f"http://{host}/")
    )

    def asked() -> int:
        names = [name for name in town.dns.requests if host in str(name)]
        return len(names) + len([visit for visit in town.web.requests if host in visit.url])

    town.leads = shared.filter(pl.col("lead_id").is_in([owner, sharers[0]]))
    town.run()
    before = asked()
    assert before > 0
    town.leads = shared.filter(pl.col("lead_id") != sharers[3])
    captures = town.run().output_for_node("web_captures")
    assert captures["lead_id"].n_unique() == 4
    assert asked() == before
    pages = captures.filter((pl.col("kind") == "http") & pl.col("url").str.contains(host, literal=True))
    answered = pages.filter(pl.col("outcome") == "answered").group_by("lead_id").agg(pl.col("body").unique().sort())
    assert answered["lead_id"].n_unique() == 4
    assert answered["body"].n_unique() == 1

    clock.advance_to(MONDAY + timedelta(days=1))
    town.leads = shared.with_columns(
        first_seen_on=pl.when(pl.col("lead_id") == sharers[3]).then(MONDAY.date() + timedelta(days=1)).otherwise("first_seen_on")
    )  # fmt: skip
    town.run("2026-03-03")
    assert asked() > before
