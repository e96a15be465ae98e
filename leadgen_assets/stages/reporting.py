"""The reporting stage: the ledger's snapshot, the day's workbook and summary, and the one mail that carries them."""

import json
from datetime import date

import dagster as dg
import polars as pl

from leadgen_assets.domain.report_row import report_row
from leadgen_assets.domain.reporting import day_bounds
from leadgen_assets.partitions import daily
from leadgen_assets.resources import Platform
from leadgen_assets.stages.kinds import asset_options, materialized, may_act, partition_day
from leadgen_assets.storage.alerts import queue_alert
from leadgen_assets.storage.reports import count_facts, count_sent, publish_report, read_report, snapshot_rows
from leadgen_assets.storage.schemas import frame_of


@dg.asset(
    deps=["lead_register", "email_sends", "engagement"],
    **asset_options("observation", "reporting", "postgres", personal=True),
)
def ledger_snapshot(context: dg.AssetExecutionContext, platform: Platform) -> dg.Output[pl.DataFrame]:
    """Every lead with its facts as the ledger said at a time (`as_of`): now on the day itself, later the day's end.

    A past day that was captured at its end is returned as captured; a day on which no report ran is read from the
    ledger's own timestamps.
    """
    day = partition_day(context)
    _, end = day_bounds(day, platform.settings.operator_timezone)
    kept = platform.warehouse.read("ledger_snapshot", since=day, until=day)
    now = platform.clock.now()
    if kept.height and now > end:
        return materialized(kept, "status", "decision", "route", data_version=True)
    with platform.ledger() as connection:
        frame = frame_of("ledger_snapshot", snapshot_rows(connection, min(now, end)))
    return materialized(frame, "status", "decision", "route", data_version=True)


@dg.asset(**asset_options("derivation", "reporting", "excel", "polars", code_version="3", personal=True))
def daily_report(
    context: dg.AssetExecutionContext, platform: Platform, ledger_snapshot: pl.DataFrame
) -> dg.Output[pl.DataFrame]:
    """The day's workbook (summary, leads, seven-day trend with a chart) and the summary mail's texts, in one row."""
    day = partition_day(context)
    row, figures = report_row(ledger_snapshot, day, platform.settings.operator_timezone)
    return materialized(frame_of("daily_report", [row]), data_version=True, **figures)


@dg.asset_check(
    asset="daily_report",
    partitions_def=daily,
    description="The report counts exactly what the ledger holds for that day.",
)
def report_equals_ledger(platform: Platform, daily_report: pl.DataFrame) -> dg.AssetCheckResult:
    """Compare the report's totals with counts taken by the database itself."""
    row = daily_report.row(0, named=True)
    totals = json.loads(row["totals_json"])
    start, end = day_bounds(row["report_date"], platform.settings.operator_timezone)
    end = min(end, start.__class__.fromisoformat(totals["as_of"]))
    with platform.ledger() as connection:
        ledger = {
            "discovered": count_facts(connection, "discovered_at", start, end),
            "sent": count_sent(connection, start, end),
            "opened": count_facts(connection, "first_opened_at", start, end),
            "clicked": count_facts(connection, "first_clicked_at", start, end),
            "replied": count_facts(connection, "first_replied_at", start, end),
            "converted": count_facts(connection, "converted_at", start, end),
        }
    different = {
        name: f"report {totals[name]}, ledger {count}" for name, count in ledger.items() if totals[name] != count
    }
    return dg.AssetCheckResult(passed=not different, metadata={"ledger": ledger, "different": different})


@dg.asset(**asset_options("action", "reporting", "smtp", "postgres"))
def report_delivery(
    context: dg.AssetExecutionContext, platform: Platform, daily_report: pl.DataFrame
) -> dg.Output[pl.DataFrame]:
    """The workbook stored for download and mailed to ADMIN_EMAIL, at most once a day; the row says how that went."""
    day = partition_day(context)
    if may_act(context):
        _deliver(platform, day, daily_report.row(0, named=True))
    with platform.ledger() as connection:
        record = read_report(connection, day)
    rows = (
        [{name: record[name] for name in ("report_date", "status", "message_id", "smtp_reply", "sent_at")}]
        if record
        else []
    )
    return materialized(frame_of("report_delivery", rows), "report_date", "status")


def _deliver(platform: Platform, day: date, report: dict) -> None:
    from leadgen_assets.sender.report_mail import send_report

    settings, totals = platform.settings, json.loads(report["totals_json"])
    domain = settings.from_email.rpartition("@")[2]
    with platform.ledger() as connection:
        status = publish_report(
            connection,
            day,
            totals,
            report["filename"],
            report["workbook"],
            f"<report.{day}@{domain}>",
            platform.clock.now(),
        )
    if status == "ready" and settings.smtp_host:
        status = send_report(settings, platform.clock, day, report)
        if status == "sent":
            with platform.ledger() as connection:
                text = (
                    f"📊 Daily report sent! Summary: {totals['sent']} sent | {totals['clicked']} clicked"
                    f" | {totals['replied']} replied"
                )
                queue_alert(
                    connection,
                    dedupe_key=f"report:{day}",
                    channel="telegram",
                    kind="report",
                    text=text,
                    at=platform.clock.now(),
                )
