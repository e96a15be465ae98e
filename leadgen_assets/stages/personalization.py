"""The personalization stage: what the model answered, the checked letter to each lead, and its proposal as a PDF."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import dagster as dg
import polars as pl

from leadgen_assets.domain import markers
from leadgen_assets.domain.drafting import RULES_VERSION, draft_email
from leadgen_assets.domain.evidence import shown_evidence
from leadgen_assets.domain.facts import facts_of
from leadgen_assets.domain.pdf import Pdf
from leadgen_assets.domain.prompts import prompt_for
from leadgen_assets.domain.proposal import PAGES, STYLESHEET, proposal_filename, proposal_pages
from leadgen_assets.domain.services import Services, ServicesError
from leadgen_assets.partitions import daily
from leadgen_assets.resources import Platform
from leadgen_assets.settings import Settings
from leadgen_assets.stages.completions import Question, ask_all, payload_of
from leadgen_assets.stages.kinds import asset_options, is_dry_run, materialized, may_observe, partition_day
from leadgen_assets.stages.known_leads import known_leads
from leadgen_assets.stages.operator import operator_of, services_of
from leadgen_assets.stages.printing import Document, print_all
from leadgen_assets.storage.journal import captured_subjects, read_captures
from leadgen_assets.storage.schemas import frame_of
from tracking_service.hashes import content_hash

_OUTCOMES = ("answered", "refused", "unavailable", "over_budget", "not_configured")


@dg.asset(deps=["leads"], **asset_options("observation", "personalization", "groq", personal=True))
def draft_completions(
    context: dg.AssetExecutionContext,
    platform: Platform,
    contacts: pl.DataFrame,
    qualification_scores: pl.DataFrame,
) -> dg.Output[pl.DataFrame]:
    """What the model answered about each lead that can be written to, with model, prompt hash and tokens.

    Asked once a lead, on the day itself; leads of the last days that an outage left unasked are caught up. With no key,
    in a dry run, over the day's tokens or with a failing provider the row says so and our own text is used.
    """
    day = partition_day(context)
    questions: list[Question] = []
    if may_observe(context, platform):
        questions = _questions(platform, contacts, qualification_scores, day)
        if not is_dry_run(context):
            ask_all(platform, questions, day, context.log.warning)
    with platform.ledger() as connection:
        captures = read_captures(connection, "draft_completions", day)
    rows = [
        capture.payload | {"lead_id": capture.subject, "captured_at": capture.captured_at}
        for capture in captures
        if isinstance(capture.payload, dict) and "outcome" in capture.payload  # an erased one is empty
    ]
    answered = {row["lead_id"] for row in rows}
    rows += [  # of a dry run: not journaled, so that the real run still asks
        payload_of(platform.settings, question, {"outcome": "not_configured"})
        | {"lead_id": question.lead_id, "captured_at": platform.clock.now()}
        for question in questions
        if question.lead_id not in answered
    ]
    frame = frame_of("draft_completions", rows)
    tokens = frame.select(pl.col("prompt_tokens", "completion_tokens").sum()).row(0)
    return materialized(
        frame,
        "model",
        "outcome",
        "completion_tokens",
        data_version=True,
        tokens=sum(tokens),
        **_counts(frame, "outcome", _OUTCOMES),
    )


@dg.asset_check(asset=draft_completions, partitions_def=daily)
def model_answered(draft_completions: pl.DataFrame) -> dg.AssetCheckResult:
    """The model answered every question; where it did not, our own text stands in and nothing is lost."""
    counts = _counts(draft_completions, "outcome", _OUTCOMES)
    missed = counts["refused"] + counts["unavailable"] + counts["over_budget"] + counts["not_configured"]
    return dg.AssetCheckResult(passed=missed == 0, severity=dg.AssetCheckSeverity.WARN, metadata=counts)


@dg.asset(
    deps=["leads", "contacts", "qualification_scores"],
    **asset_options("derivation", "personalization", "polars", code_version=RULES_VERSION, personal=True),
)
def email_drafts(
    context: dg.AssetExecutionContext, platform: Platform, draft_completions: pl.DataFrame
) -> dg.Output[pl.DataFrame]:
    """The letter to each lead: subject, text and HTML, the facts behind each sentence, and the problems found.

    Every sentence of the model is checked against what is known; our own text replaces whatever it does not support.
    """
    day = partition_day(context)
    leads = _by_lead(known_leads(platform, draft_completions["lead_id"], day))
    scores = _latest(platform, "qualification_scores", day)
    contacts = _latest(platform, "contacts", day)
    operator = operator_of(platform.settings, _services(platform.settings))
    rows = []
    for completion in draft_completions.sort("lead_id").iter_rows(named=True):
        lead, contact = leads.get(completion["lead_id"]), contacts.get(completion["lead_id"])
        if lead and contact and contact["route"] == "email":  # new rules may have judged otherwise since
            rows.append(draft_email(lead, scores.get(lead["lead_id"]), contact, completion, operator))
    frame = frame_of("email_drafts", rows)
    struck = int(frame["problems"].list.len().sum()) if frame.height else 0
    return materialized(
        frame,
        "country",
        "written_by",
        data_version=True,
        problems=struck,
        **_counts(frame, "written_by", ("model", "template")),
    )


@dg.asset_check(asset=email_drafts, blocking=True, partitions_def=daily)
def drafts_are_lawful(platform: Platform, email_drafts: pl.DataFrame) -> dg.AssetCheckResult:
    """Both parts of every draft hold the unsubscribe link and the sender's postal address."""
    address = platform.settings.postal_address
    parts = [(row["text"], row["html"]) for row in email_drafts.iter_rows(named=True)]
    without_link = sum(any(markers.UNSUBSCRIBE not in part for part in pair) for pair in parts)
    without_address = sum(not address or address not in text for text, _ in parts)
    return dg.AssetCheckResult(
        passed=without_link + without_address == 0,
        severity=dg.AssetCheckSeverity.ERROR,
        description=None if address or not parts else "No draft has a postal address: set POSTAL_ADDRESS.",
        metadata={"drafts": len(parts), "without_unsubscribe": without_link, "without_address": without_address},
    )


@dg.asset(
    deps=["leads", "qualification_scores", "web_presence"],
    **asset_options("derivation", "personalization", "weasyprint", code_version="2", personal=True),
)
def proposals(
    context: dg.AssetExecutionContext, platform: Platform, email_drafts: pl.DataFrame
) -> dg.Output[pl.DataFrame]:
    """The four-page PDF of each draft; `not_rendered` with the reason where this machine cannot make one."""
    day = partition_day(context)
    settings = platform.settings
    services = _services(settings)
    operator = operator_of(settings, services)
    leads = _by_lead(known_leads(platform, email_drafts["lead_id"], day))
    scores = _latest(platform, "qualification_scores", day)
    presence = _presence(platform, email_drafts["lead_id"].to_list(), day)
    addressed, documents = [], []
    for draft in email_drafts.iter_rows(named=True):
        lead = leads.get(draft["lead_id"])
        if lead is None:  # erased since the draft was written
            continue
        found = shown_evidence(presence.get(draft["lead_id"], []))
        pages = proposal_pages(lead, scores.get(draft["lead_id"]), draft, found, operator, services, day)
        addressed.append(lead)
        documents.append(Document(pages, STYLESHEET, lead["lead_id"]))
    frame = frame_of("proposals", list(map(_row, addressed, print_all(documents))))
    return materialized(
        frame, "state", "reason", "pages", data_version=True, **_counts(frame, "state", ("rendered", "not_rendered"))
    )


@dg.asset_check(asset=proposals, partitions_def=daily)
def proposals_rendered(proposals: pl.DataFrame) -> dg.AssetCheckResult:
    """Every draft has its four-page PDF; where one is missing the message goes out without it."""
    missing = proposals.filter((pl.col("state") != "rendered") | (pl.col("pages") != PAGES))
    reason = next(iter(missing["reason"].drop_nulls()), None)
    return dg.AssetCheckResult(
        passed=missing.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        description=reason,
        metadata={"proposals": proposals.height, "not_rendered": missing.height},
    )


def _questions(platform: Platform, contacts: pl.DataFrame, scores: pl.DataFrame, day: date) -> list[Question]:
    """The prompts of the leads that can be written to and were never asked about, today's and those left behind."""
    since = day - timedelta(days=platform.settings.catch_up_days)
    earlier = platform.warehouse.read("contacts", since=since, until=day - timedelta(days=1))
    reachable = pl.concat([earlier, contacts]).unique("lead_id", keep="last").filter(pl.col("route") == "email")
    with platform.ledger() as connection:
        asked = captured_subjects(connection, "draft_completions", date.min)
    leads = _latest(platform, "leads", day)
    known = _latest(platform, "qualification_scores", day - timedelta(days=1)) | _by_lead(scores)
    due = [lead_id for lead_id in sorted(reachable["lead_id"]) if lead_id not in asked and lead_id in leads]
    return [Question(lead_id, prompt_for(facts_of(leads[lead_id], known.get(lead_id)))) for lead_id in due]


def _row(lead: dict[str, Any], pdf: Pdf | str) -> dict[str, Any]:
    row = {"lead_id": lead["lead_id"], "filename": proposal_filename(lead["name"])}
    if isinstance(pdf, str):
        return row | {"state": "not_rendered", "reason": pdf, "pages": 0}
    return row | {"state": "rendered", "pages": pdf.pages, "sha256": content_hash(pdf.content), "pdf": pdf.content}


def _services(settings: Settings) -> Services:
    try:
        return services_of(settings)
    except ServicesError as error:
        raise dg.Failure(str(error), allow_retries=False) from None


def _latest(platform: Platform, asset: str, day: date) -> dict[str, dict[str, Any]]:
    return _by_lead(platform.warehouse.read(asset, until=day))


def _by_lead(frame: pl.DataFrame) -> dict[str, dict[str, Any]]:
    return {row["lead_id"]: row for row in frame.iter_rows(named=True)}


def _presence(platform: Platform, lead_ids: Sequence[str], day: date) -> dict[str, list[dict[str, Any]]]:
    """Each lead's rows of its latest check."""
    frame = platform.warehouse.read("web_presence", until=day).filter(pl.col("lead_id").is_in(lead_ids))
    latest = frame.filter(pl.col("captured_at") == pl.col("captured_at").max().over("lead_id"))
    return {str(key[0]): group.rows(named=True) for key, group in latest.group_by("lead_id")}


def _counts(frame: pl.DataFrame, column: str, values: Sequence[str]) -> dict[str, int]:
    """How many rows have each value, zeros included."""
    return dict.fromkeys(values, 0) | dict(frame.group_by(column).len().iter_rows())
