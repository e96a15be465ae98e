"""The outreach stage: leads published to the ledger, messages frozen and queued, and what became of each.

All three are actions: they do what is due now, never in a backfill, and always return what the ledger says about the
partition's day. Sending itself is the process in `leadgen_assets/sender`.
"""

from dataclasses import asdict
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import dagster as dg
import polars as pl

from leadgen_assets.domain.pacing import bounds_of
from leadgen_assets.partitions import daily
from leadgen_assets.resources import Platform
from leadgen_assets.sender.claims import is_done_for_today, is_work_waiting, suppressions_of
from leadgen_assets.sender.gate import refusals
from leadgen_assets.sender.process import SenderDiedError, run_sender
from leadgen_assets.stages.follow_ups import queue_follow_ups
from leadgen_assets.stages.kinds import asset_options, is_dry_run, materialized, may_act, partition_day
from leadgen_assets.stages.queueing import queue_drafts, write_dry_run
from leadgen_assets.stages.registrations import evidence_of, registrations_of
from leadgen_assets.storage.alerts import queue_alert
from leadgen_assets.storage.leads import publish_evidence, register_leads, registered_between
from leadgen_assets.storage.ledger import Connection
from leadgen_assets.storage.messages import MessageFileError, MessageFiles
from leadgen_assets.storage.outreach import (
    queue_of,
    recipients_of,
    sends_between,
)
from leadgen_assets.storage.pauses import present_pause
from leadgen_assets.storage.schemas import frame_of
from leadgen_assets.storage.suppressions import Recipient


@dg.asset(**asset_options("action", "outreach", "postgres", personal=True))
def lead_register(
    context: dg.AssetExecutionContext,
    platform: Platform,
    leads: pl.DataFrame,
    web_presence: pl.DataFrame,
    qualification_scores: pl.DataFrame,
    contacts: pl.DataFrame,
) -> dg.Output[pl.DataFrame]:
    """The day's leads, scores, routes and evidence published to PostgreSQL; one row for each lead discovered that day.

    Facts about what people did are never touched, and a lead that was queued keeps what decided about it.
    """
    day, zone = partition_day(context), platform.settings.operator_timezone
    if may_act(context):
        known = _with_caught_up(platform, leads, qualification_scores, day)
        places = platform.warehouse.read("places", since=min([day, *known["first_seen_on"]]), until=day)
        rows = registrations_of(known, qualification_scores, contacts, web_presence, places, zone)
        with platform.ledger() as connection:
            now = platform.clock.now()
            register_leads(connection, rows, now)
            publish_evidence(connection, evidence_of(web_presence))
            qualified = qualification_scores.filter(pl.col("decision") == "qualified").height
            text = f"✅ Qualified: {qualified}/{qualification_scores.height} leads need a website"
            _report_progress(connection, platform, "qualification", day, text)
    with platform.ledger() as connection:
        frame = frame_of("lead_register", registered_between(connection, *bounds_of(day, zone)))
    return materialized(frame, "status", "decision", "route", "score_lower", "score_upper", **_counts(frame))


@dg.asset(deps=["lead_register"], **asset_options("action", "outreach", "postgres", "email", personal=True))
def outreach_queue(
    context: dg.AssetExecutionContext, platform: Platform, email_drafts: pl.DataFrame, proposals: pl.DataFrame
) -> dg.Output[pl.DataFrame]:
    """The day's messages, frozen byte for byte and queued; one row for each message of the day's campaign.

    A message once queued is never changed by a later run. A dry run writes the messages as `.eml` files under
    `dry-run/<day>` and queues nothing.
    """
    day = partition_day(context)
    today = platform.clock.today(platform.settings.operator_timezone)
    is_recent = today - timedelta(days=platform.settings.message_max_age_days) <= day <= today
    done: dict[str, Any] = {}
    if is_dry_run(context):
        done = write_dry_run(platform, email_drafts, proposals, day, context.log.warning)
    elif may_act(context) and is_recent:
        done = queue_drafts(platform, email_drafts, proposals, day, context.log.warning)
        if day == today:
            done["follow_ups"] = queue_follow_ups(platform, day, context.log.warning)
    with platform.ledger() as connection:
        frame = frame_of("outreach_queue", queue_of(connection, day))
        if may_act(context):
            text = f"🤖 AI: {frame.height} personalized emails ready to send"
            _report_progress(connection, platform, "personalization", day, text)
    return materialized(frame, "step", "status", "has_attachment", **_counts(frame), **done)


@dg.asset_check(
    asset="outreach_queue",
    partitions_def=daily,
    description="Every queued mail has a tracking token and an unsubscribe link, and its frozen file is whole.",
)
def queued_mail_is_complete(platform: Platform, outreach_queue: pl.DataFrame) -> dg.AssetCheckResult:
    """Look at the ledger's rows, and at the bytes of what still waits."""
    files = MessageFiles(platform.settings.messages_folder)
    tracked = pl.col("has_token") if platform.settings.track_opens else pl.lit(value=True)
    incomplete = outreach_queue.filter(~(tracked & pl.col("has_unsubscribe")))["outreach_id"].to_list()
    damaged = []
    for row in outreach_queue.filter(pl.col("status") == "queued").iter_rows(named=True):
        try:
            if b"\r\nList-Unsubscribe: <http" not in files.read(row["message_sha256"]):
                incomplete.append(row["outreach_id"])
        except MessageFileError:
            damaged.append(row["outreach_id"])
    return dg.AssetCheckResult(
        passed=not incomplete and not damaged, metadata={"incomplete": incomplete, "damaged": damaged}
    )


@dg.asset_check(
    asset="outreach_queue",
    partitions_def=daily,
    description="Everything that live sending needs is in order: settings, sender domain, unsubscribe page, no pause.",
)
def sending_is_permitted(platform: Platform) -> dg.AssetCheckResult:
    """What the sender itself asks before each batch; a rehearsal asks for a pause alone."""
    with platform.ledger() as connection:
        pause = present_pause(connection)
    problems = [*refusals(platform.settings), *([str(pause)] if pause else [])]
    return dg.AssetCheckResult(passed=not problems, severity=dg.AssetCheckSeverity.WARN, metadata={"mend": problems})


@dg.asset(deps=["outreach_queue"], **asset_options("action", "outreach", "smtp", "postgres", pool="smtp"))
def email_sends(context: dg.AssetExecutionContext, platform: Platform) -> dg.Output[pl.DataFrame]:
    """What was handed to the mail server that day and what became of it; today's run sends what is due first.

    Sending is done by a process of its own, at most once for each message, within the limits in time. A second run at
    the same moment sends nothing.
    """
    day, zone = partition_day(context), platform.settings.operator_timezone
    is_today = day == platform.clock.today(zone)
    summary = _send(context, platform) if may_act(context) and is_today else {}
    with platform.ledger() as connection:
        frame = frame_of("email_sends", sends_between(connection, *bounds_of(day, zone)))
        sent = frame["sent_at"].count()
        if may_act(context) and frame.height and is_done_for_today(connection, platform.settings, platform.clock.now()):
            _report_progress(connection, platform, "outreach", day, f"📧 Outreach: {sent} emails sent successfully")
    return materialized(frame, "step", "status", "attempts", "transmitting_at", **_counts(frame), **summary)


@dg.asset_check(
    asset="email_sends",
    partitions_def=daily,
    description="No message was handed over to anyone after they were suppressed.",
)
def nothing_sent_to_suppressed(platform: Platform, email_sends: pl.DataFrame) -> dg.AssetCheckResult:
    """Compare when each message went with when its address, domain or organisation was suppressed."""
    with platform.ledger() as connection:
        rows = recipients_of(connection, [UUID(value) for value in email_sends["outreach_id"]])
        recipient_of = {row["id"]: Recipient(row["to_email"], row["organisation"]) for row in rows}
        found = suppressions_of(platform.settings).found(connection, set(recipient_of.values()))
    wrong = [
        str(row["id"])
        for row in rows
        if recipient_of[row["id"]] in found and found[recipient_of[row["id"]]][1] < row["transmitting_at"]
    ]
    return dg.AssetCheckResult(passed=not wrong, metadata={"sent_to_suppressed": wrong, "looked_at": len(rows)})


def _with_caught_up(platform: Platform, leads: pl.DataFrame, scores: pl.DataFrame, day: date) -> pl.DataFrame:
    """The day's leads, and older ones whose evidence an outage delayed until that day."""
    older = scores.filter(~pl.col("lead_id").is_in(leads["lead_id"].implode()))
    if older.is_empty():
        return leads
    since = day - timedelta(days=platform.settings.catch_up_days)
    earlier = platform.warehouse.read("leads", since=since, until=day - timedelta(days=1))
    return pl.concat([leads, earlier.filter(pl.col("lead_id").is_in(older["lead_id"].implode()))])


def _send(context: dg.AssetExecutionContext, platform: Platform) -> dict[str, Any]:
    """Run the sender once if it would find anything to do; what it did, for the metadata."""
    with platform.ledger() as connection:
        if not is_work_waiting(connection, platform.settings, platform.clock.now()):
            return {}
    try:
        summary = run_sender()
    except SenderDiedError as error:
        if not error.killed:
            raise dg.Failure(str(error), allow_retries=False) from None
        context.log.warning(str(error))
        return {"stopped": str(error)}
    if summary.must_act:
        raise dg.Failure(summary.stopped, allow_retries=False)
    if summary.stopped:
        context.log.warning(summary.stopped)
    shown = {name: value for name, value in asdict(summary).items() if value and name != "next_at"}
    return {f"run_{name}": value for name, value in shown.items()}


def _report_progress(connection: Connection, platform: Platform, stage: str, day: date, text: str) -> None:
    """Tell the operator once, and only about today."""
    if day == platform.clock.today(platform.settings.operator_timezone):
        key, at = f"progress:{stage}:{day}", platform.clock.now()
        queue_alert(connection, dedupe_key=key, channel="telegram", kind="progress", text=text, at=at)


def _counts(frame: pl.DataFrame) -> dict[str, Any]:
    return {f"{status}": count for status, count in sorted(frame["status"].value_counts().iter_rows())}
