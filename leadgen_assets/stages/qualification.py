"""The qualification stage: what the web says about every lead, what that means check by check, and the decision."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import dagster as dg
import polars as pl

from leadgen_assets.clients.address_guard import AddressGuard
from leadgen_assets.clients.answers_of_the_day import AnswersOfTheDay, Recall, hosts_of
from leadgen_assets.clients.dns import DnsClient
from leadgen_assets.clients.mail_exchangers import ask_mail_exchangers
from leadgen_assets.clients.probing import Prober
from leadgen_assets.clients.rdap import RegistryClient
from leadgen_assets.clients.search_engine import SearchEngine
from leadgen_assets.clients.web import WebClient
from leadgen_assets.domain.hosts import host_kind
from leadgen_assets.domain.mail_domains import domains_to_ask
from leadgen_assets.domain.presence import judge_presence
from leadgen_assets.domain.probe_plan import Lead, Row, probe_lead
from leadgen_assets.domain.rechecks import due_for_capture
from leadgen_assets.domain.registrations import domain_to_ask
from leadgen_assets.domain.score_changes import changes_between
from leadgen_assets.domain.scoring import score_leads
from leadgen_assets.domain.scoring_rules import ScoringRulesError, packaged_rules, rules_of
from leadgen_assets.partitions import daily
from leadgen_assets.resources import Platform
from leadgen_assets.settings import Settings, settings_or_defaults
from leadgen_assets.stages.kept_pages import as_it_was
from leadgen_assets.stages.kinds import asset_options, materialized, may_observe, partition_day
from leadgen_assets.stages.known_leads import known_leads
from leadgen_assets.storage.journal import Capture, capture_days, captures_of_host, read_captures, store_capture
from leadgen_assets.storage.quotas import reserve
from leadgen_assets.storage.schemas import SCHEMAS, frame_of
from tracking_service.clock import Clock

_LONGEST_DNS_SECONDS = 5.0
_SEARCH_QUOTA = "web_search"
_HISTORY_DAYS = 120  # how far back captures and decisions matter to a lead that is still unknown
_SHOWN_CHANGES = 200
_MANY_CHARACTERS = 100_000
_WITHOUT_BODIES = [name for name in SCHEMAS["web_captures"].names() if name != "body"]


def _rules_version() -> str:
    """For the code version: the definitions must load even where the operator's file is broken."""
    try:
        return rules_of(settings_or_defaults().scoring_rules_file).version
    except ScoringRulesError:
        return packaged_rules().version


@dg.asset(**asset_options("observation", "qualification", "dnspython", "httpx", personal=True))
def web_captures(context: dg.AssetExecutionContext, platform: Platform, leads: pl.DataFrame) -> dg.Output[pl.DataFrame]:
    """DNS answers and HTTP exchanges for every candidate site of the day's leads, journaled lead by lead.

    Also captured on the day itself: leads that an outage left without a capture, and leads whose decision is unknown,
    again after 1, 2, 4, ... days. A past day returns what was captured then.
    """
    day = partition_day(context)
    if may_observe(context, platform):
        _observe(context, platform, leads, day)
    with platform.ledger() as connection:
        captures = read_captures(connection, "web_captures", day)
    rows = [
        row | {"lead_id": capture.subject, "ordinal": ordinal}
        for capture in captures
        for ordinal, row in enumerate(capture.payload)
    ]
    frame = captures_frame(rows)
    outcomes = frame.filter(pl.col("kind") != "plan").group_by("outcome").len().sort("outcome")
    return materialized(
        frame,
        "kind",
        "origin",
        "outcome",
        "status",
        data_version=True,
        leads=len(captures),
        **dict(outcomes.iter_rows()),
    )


@dg.asset(**asset_options("derivation", "qualification", "polars", code_version="5", personal=True))
def web_presence(
    context: dg.AssetExecutionContext, platform: Platform, web_captures: pl.DataFrame
) -> dg.Output[pl.DataFrame]:
    """Each check of each captured lead: present, absent, unknown or not applicable, with its evidence.

    Absent is said only after every candidate was answered in full; an error of a site counts once it lasts, so captures
    of earlier days are read too. A day whose pages are no longer kept stays as it was judged.
    """
    day = partition_day(context)
    frame = as_it_was(context, platform, "web_presence", day)
    if frame is None:
        captured = web_captures["lead_id"].unique()
        known = known_leads(platform, captured, day)
        earlier = platform.warehouse.read(
            "web_captures",
            since=day - timedelta(days=_HISTORY_DAYS),
            until=day - timedelta(days=1),
            columns=_WITHOUT_BODIES,
        )
        frame = judge_presence(known, web_captures, earlier.filter(pl.col("lead_id").is_in(captured.implode())))
    own = frame.filter(pl.col("check") == "own_site").group_by("state").len().sort("state")
    counts = {f"own_site_{state}": count for state, count in own.iter_rows()}
    return materialized(frame, "check", "state", data_version=True, **counts)


@dg.asset(**asset_options("derivation", "qualification", "polars", code_version=f"2-{_rules_version()}", personal=True))
def qualification_scores(
    context: dg.AssetExecutionContext, platform: Platform, web_presence: pl.DataFrame
) -> dg.Output[pl.DataFrame]:
    """The score of each lead as an interval within 0..100, the points by check, and the decision.

    Scored again with other rules, the metadata shows who enters and who leaves the qualified.
    """
    rules, day = rules_of(platform.settings.scoring_rules_file), partition_day(context)
    frame = score_leads(web_presence, rules)
    before = platform.warehouse.read("qualification_scores", since=day, until=day)
    decisions = {"qualified": 0, "disqualified": 0, "unknown": 0} | dict(frame.group_by("decision").len().iter_rows())
    preview = ("score_lower", "score_upper", "decision", "rules_version")
    changes = changes_between(before, frame)
    moves: dict[str, Any] = {
        "entered": changes.filter(pl.col("after") == "qualified").height,
        "left": changes.filter(pl.col("before") == "qualified").height,
    }
    if not changes.is_empty():
        moves["changes"] = dg.MetadataValue.json(changes.head(_SHOWN_CHANGES).to_dicts())
        moves["rules_before"] = before["rules_version"][0]
    return materialized(frame, *preview, data_version=True, **decisions, **moves, rules_version=rules.version)


@dg.asset_check(asset=qualification_scores, blocking=True, partitions_def=daily)
def scores_within_bounds(qualification_scores: pl.DataFrame) -> dg.AssetCheckResult:
    """Every score lies within 0..100, its lower end below its upper one, and the decision follows from it."""
    lower, upper = pl.col("score_lower"), pl.col("score_upper")
    expected = (
        pl.when(lower >= 50)
        .then(pl.lit("qualified"))
        .when(upper < 50)
        .then(pl.lit("disqualified"))
        .otherwise(pl.lit("unknown"))
    )
    right = lower.is_between(0, upper) & (upper <= 100) & (pl.col("decision") == expected)
    wrong = qualification_scores.filter(~right.fill_null(False)).height
    return dg.AssetCheckResult(passed=wrong == 0, severity=dg.AssetCheckSeverity.ERROR, metadata={"wrong": wrong})


def _observe(context: dg.AssetExecutionContext, platform: Platform, leads: pl.DataFrame, day: date) -> None:
    settings = platform.settings
    since = day - timedelta(days=_HISTORY_DAYS)
    known = pl.concat([leads, platform.warehouse.read("leads", until=day - timedelta(days=1))])
    with platform.ledger() as connection:
        captured = capture_days(connection, "web_captures", since)
        due = due_for_capture(known, captured, _unknown(platform, day), day, settings.catch_up_days)
        connection.commit()

        def store(lead: Lead, rows: list[Row]) -> None:
            lead_id, hosts = lead["lead_id"], hosts_of(rows)
            capture = Capture(lead_id, platform.clock.now(), "probe", rows, UUID(lead_id), hosts=hosts)
            store_capture(connection, "web_captures", day, capture)
            connection.commit()  # a killed run resumes after the last lead

        def may_search() -> bool:
            allowed = reserve(connection, _SEARCH_QUOTA, day, 1, settings.search_requests_per_day)
            connection.commit()
            return allowed

        def recall(host: str) -> list[Row]:
            captures = captures_of_host(connection, "web_captures", day, host)
            return [row for capture in captures for row in capture.payload]

        context.log.info(f"{due.height} leads to capture")
        asyncio.run(probe_leads(settings, platform.clock, due.rows(named=True), store, may_search, recall))


def _unknown(platform: Platform, day: date) -> set[str]:
    """The leads whose latest decision before the day is unknown."""
    since, until = day - timedelta(days=_HISTORY_DAYS), day - timedelta(days=1)
    scores = platform.warehouse.read("qualification_scores", since=since, until=until, columns=["lead_id", "decision"])
    latest = scores.unique("lead_id", keep="last", maintain_order=True)
    return set(latest.filter(pl.col("decision") == "unknown")["lead_id"])


async def probe_leads(
    settings: Settings,
    clock: Clock,
    leads: Sequence[Lead],
    store: Callable[[Lead, list[Row]], None],
    may_search: Callable[[], bool] = lambda: True,
    recall: Recall = lambda host: (),
) -> None:
    """Probe the leads, PROBE_CONCURRENCY at a time, and hand over each one's rows as it is done.

    Args:
        settings: which resolvers, registry and search engine to ask.
        clock: the time of each row.
        leads: rows of `leads`.
        store: takes a lead and its rows of `web_captures`.
        may_search: reserves one question to the search engine; see `clients/search_engine.py`.
        recall: what was captured of a host the same day already.
    """
    is_rehearsal = settings.leadgen_mode == "rehearsal"  # the dial map and the town's authority are nothing for live
    guard = AddressGuard(settings.web_dial_map if is_rehearsal else {})
    dns = DnsClient(settings.dns_resolvers, min(settings.probe_timeout_seconds, _LONGEST_DNS_SECONDS))

    def open_web(resolve: Any) -> WebClient:
        return WebClient(
            resolve,
            guard,
            user_agent=settings.user_agent,
            timeout_seconds=settings.probe_timeout_seconds,
            ca_file=settings.ca_file if is_rehearsal else None,
            is_elsewhere=lambda host: host_kind(host) is not None,
        )

    waiting, today = iter(leads), AnswersOfTheDay(recall)

    async def work(prober: Prober) -> None:
        for lead in waiting:
            search = engine.ask if settings.search_url else None
            rows = await probe_lead(
                prober.probe, lead, settings.candidate_tlds, clock.now(), search, prober.read_public_page
            )
            if domain := domain_to_ask(rows):
                rows.append(today.of_domain("registration", domain) or await registry.ask_registration(domain))
            if sum(len(row["body"] or "") for row in rows) > _MANY_CHARACTERS:  # reading them holds up nobody else
                domains = await asyncio.to_thread(domains_to_ask, lead, rows)
            else:
                domains = domains_to_ask(lead, rows)
            rows += [today.of_domain("mx", name) or await ask_mail_exchangers(dns, name, clock) for name in domains]
            store(lead, rows)

    robot = settings.user_agent.partition("/")[0]
    registry = RegistryClient(
        settings.rdap_url, dns, clock, user_agent=settings.user_agent, timeout_seconds=settings.probe_timeout_seconds
    )
    engine = SearchEngine(
        settings.search_url, clock, engines=settings.search_engines, may_ask=may_search, user_agent=settings.user_agent,
        timeout_seconds=settings.probe_timeout_seconds, pause_seconds=settings.search_pause_seconds,
    )  # fmt: skip
    prober_of_the_run = Prober(dns, open_web, clock, robot, recall)
    async with dns, registry, engine, prober_of_the_run as prober, asyncio.TaskGroup() as workers:
        for _ in range(min(settings.probe_concurrency, len(leads))):
            workers.create_task(work(prober))


def captures_frame(rows: list[Row]) -> pl.DataFrame:
    """A frame of the asset's schema from journaled rows, whose times are texts."""
    times = pl.Series("captured_at", [row["captured_at"] for row in rows], dtype=pl.String)
    frame = frame_of("web_captures", [row | {"captured_at": None} for row in rows])
    return frame.with_columns(times.str.to_datetime(time_unit="us", time_zone="UTC").alias("captured_at"))
