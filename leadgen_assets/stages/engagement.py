"""The engagement stage: what the tracking service wrote, what the reply mailbox received, who did it, and the alerts.

Polling is in `leadgen_assets/mailbox`, sending alerts in `leadgen_assets/reactions`; the rules about replies and hits
are in `domain/replies` and `tracking_service/verdicts`.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import dagster as dg
import polars as pl

from leadgen_assets.clients.errors import ClientError
from leadgen_assets.domain.reporting import day_bounds
from leadgen_assets.mailbox import poll_mailbox
from leadgen_assets.reactions import react_once
from leadgen_assets.resources import Platform
from leadgen_assets.stages.kinds import (
    asset_options,
    is_dry_run,
    materialized,
    may_act,
    may_observe,
    partition_day,
)
from leadgen_assets.storage.alerts import alerts_between, queue_alert
from leadgen_assets.storage.events import events_between
from leadgen_assets.storage.inbox import messages_between
from leadgen_assets.storage.schemas import frame_of
from tracking_service import verdicts
from tracking_service.histories import in_context, moments_of

tracking_events = dg.AssetSpec(
    "tracking_events",
    description="""Opens, clicks and unsubscriptions, one row per request with its raw signals, in table `email_events`.

Written by the tracking service alone; a sensor reports here how many came on which day.""",
    **asset_options("external", "engagement", "falcon", "postgres", personal=True),
)


@dg.asset(deps=["email_sends"], **asset_options("observation", "engagement", "imap", "postgres", personal=True))
def inbox_messages(context: dg.AssetExecutionContext, platform: Platform) -> dg.Output[pl.DataFrame]:
    """Messages of the reply mailbox received that day, each with what it is and which of ours it answers.

    On the day itself the mailbox is polled first; another day returns what was captured. A mailbox that cannot be read
    fails nothing: what was captured is returned, the metadata say why, and an alert is queued once a day.
    """
    poll = "not polled: only on its own day, and never in a dry run"
    if may_observe(context, platform) and not is_dry_run(context):
        poll = _poll(context, platform)
    since, until = day_bounds(partition_day(context), platform.settings.operator_timezone)
    with platform.ledger() as connection:
        frame = frame_of("inbox_messages", messages_between(connection, since, until))
    counts = _counts(frame, "classification")
    return materialized(frame, "classification", "matched_by", data_version=True, poll=poll, **counts)


@dg.asset(
    deps=["tracking_events"],
    **asset_options("derivation", "engagement", "polars", code_version=f"1+hits-{verdicts.VERSION}", personal=True),
)
def engagement(
    context: dg.AssetExecutionContext, platform: Platform, inbox_messages: pl.DataFrame
) -> dg.Output[pl.DataFrame]:
    """Every event of that day with its verdict (person, machine, unsure), the reasons and the rules' version.

    Hits are judged anew from their stored signals by the present rules; `changed_verdicts` counts those whose stored
    verdict differs. Nothing is written back. The rows of `tracking_events` are read from PostgreSQL, where that
    external asset lives, in order of their ids.
    """
    since, until = day_bounds(partition_day(context), platform.settings.operator_timezone)
    with platform.ledger() as connection:
        events = events_between(connection, since, until)
    rows = judged(events)
    changed = sum(row["verdict"] != event["verdict"] for row, event in zip(rows, events, strict=True))
    frame = frame_of("engagement", rows)
    counts = _counts(frame, "event_type", "verdict") | {
        "changed_verdicts": changed,
        "inbox_messages": inbox_messages.height,
        "inbox_messages_matched": inbox_messages.filter(pl.col("outreach_id").is_not_null()).height,
    }
    return materialized(frame, "event_type", "verdict", "reasons", data_version=True, **counts)


@dg.asset(deps=["engagement"], **asset_options("action", "engagement", "telegram", "postgres"))
def alerts(context: dg.AssetExecutionContext, platform: Platform) -> dg.Output[pl.DataFrame]:
    """Telegram and WhatsApp messages created that day and what became of each; sends first what is due now."""
    if may_act(context):
        context.log.info("Alerts: %s.", react_once(platform.ledger, platform.settings, platform.clock))
    since, until = day_bounds(partition_day(context), platform.settings.operator_timezone)
    with platform.ledger() as connection:
        frame = frame_of("alerts", alerts_between(connection, since, until))
    return materialized(frame, "kind", "channel", "status", **_counts(frame, "channel", "status"))


def judged(events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of asset `engagement`, in order; hits are judged anew among their neighbours, others keep their verdict."""
    messages: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for event in events:
        if event["origin"] == "tracking" and event["outreach_id"] is not None:
            messages[event["outreach_id"]].append(event)
    judgements = {
        event["id"]: verdicts.judge(hit)
        for hits in messages.values()
        for event, hit in zip(hits, in_context(moments_of(hits)), strict=True)
    }
    return [_row(event, judgements.get(event["id"])) for event in events]


def _row(event: dict[str, Any], judgement: verdicts.Judgement | None) -> dict[str, Any]:
    return {
        "event_id": str(event["id"]),
        "lead_id": str(event["lead_id"]) if event["lead_id"] else None,
        "outreach_id": str(event["outreach_id"]) if event["outreach_id"] else None,
        "event_type": event["event_type"],
        "occurred_at": event["occurred_at"],
        "origin": event["origin"],
        "verdict": judgement.verdict if judgement else event["verdict"],
        "reasons": list(judgement.reasons if judgement else event["reasons"]),
        "verdict_version": verdicts.VERSION if judgement else event["verdict_version"],
    }


def _poll(context: dg.AssetExecutionContext, platform: Platform) -> str:
    """Poll the mailbox and say in words what came of it."""
    try:
        summary = poll_mailbox(platform.ledger, platform.settings, platform.clock)
    except ClientError as error:
        context.log.error("The reply mailbox was not read to its end: %s", error)
        with platform.ledger() as connection:
            queue_alert(
                connection,
                dedupe_key=f"failure:inbox_messages:{context.partition_key}",
                channel="telegram",
                kind="failure",
                text=f"❌ Replies are not being read: {error}",
                at=platform.clock.now(),
            )
        return f"not read to its end: {error}"
    if not platform.settings.imap_host and not summary.stored:
        return "not polled: IMAP_HOST is not set"
    without = "" if platform.settings.imap_host else " (of webhooks alone: IMAP_HOST is not set)"
    return f"{summary.stored.total()} new, {summary.repeated} read before{without}"


def _counts(frame: pl.DataFrame, *columns: str) -> dict[str, Any]:
    """Metadata entries such as `telegram_sent=3`."""
    return {"_".join(map(str, key)): group.height for key, group in sorted(frame.group_by(*columns))}
