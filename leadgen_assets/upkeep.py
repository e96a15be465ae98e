"""What keeps the installation honest: Dagster's heartbeat row, erasures that were asked for, and retention.

Requests are rows that the tracking service or the command line wrote; carrying them out is in `erasure`.
"""

import json
from typing import Any

import dagster as dg

from leadgen_assets.erasure import carry_out_erasures
from leadgen_assets.resources import Platform
from leadgen_assets.retention import drop_expired_content, drop_old_pages
from leadgen_assets.settings import settings_or_defaults
from leadgen_assets.storage.erasures import pending_erasures
from leadgen_assets.storage.heartbeats import beat

_on = dg.DefaultSensorStatus.RUNNING
_live = settings_or_defaults().leadgen_mode == "live"
_on_in_live = dg.DefaultSensorStatus.RUNNING if _live else dg.DefaultSensorStatus.STOPPED


@dg.op(tags={"leadgen/kind": "action"})
def erase(context: dg.OpExecutionContext, platform: Platform) -> None:
    """Erase whoever asked, everywhere; the log holds counts alone."""
    for result in carry_out_erasures(platform.ledger, platform.settings, platform.clock):
        context.log.info("Erased: %s.", json.dumps(result))


@dg.job(
    executor_def=dg.in_process_executor,
    tags={"leadgen/job": "pipeline"},  # never beside a run that writes partitions
    description="Takes whoever asked out of partitions, messages, workbooks, run history and the ledger.",
)
def erasure() -> None:
    """One step."""
    erase()


@dg.sensor(job=erasure, minimum_interval_seconds=30, default_status=_on)
def erasure_requests(context: dg.SensorEvaluationContext, platform: Platform) -> dg.RunRequest | dg.SkipReason:
    """Starts the erasure of what was asked for; one that failed is tried again every hour."""
    with platform.ledger() as connection:
        waiting = pending_erasures(connection)
    if not waiting:
        return dg.SkipReason("Nobody asked to be erased.")
    hour = platform.clock.now().strftime("%Y-%m-%dT%H")
    return dg.RunRequest(run_key=f"erasure:{waiting[-1].id}:{hour}")


@dg.sensor(minimum_interval_seconds=30, default_status=_on)
def heartbeat(context: dg.SensorEvaluationContext, platform: Platform) -> dg.SkipReason:
    """Says in the ledger that Dagster's daemon lives, and what the allowances are: the API's health shows both."""
    with platform.ledger() as connection:
        beat(connection, "dagster", platform.clock.now(), {"limits": _limits(platform)})
    return dg.SkipReason("Noted that Dagster lives.")


def _limits(platform: Platform) -> dict[str, Any]:
    """Allowances by their names in the quota ledger."""
    settings = platform.settings
    return {
        "email": settings.emails_per_day,
        "groq_tokens": settings.groq_daily_tokens,
        "google_places": settings.google_places_monthly_requests,
    }


@dg.op(tags={"leadgen/kind": "action"})
def drop_expired(context: dg.OpExecutionContext, platform: Platform) -> None:
    """Reduce what may be kept for a while only; the log holds counts alone."""
    for drop in (drop_expired_content, drop_old_pages):
        dropped = drop(platform.ledger, platform.settings, platform.clock)
        context.log.info("Reduced: %s.", json.dumps(dropped))


@dg.job(
    executor_def=dg.in_process_executor,
    tags={"leadgen/job": "pipeline"},
    description="Reduces Google's content older than thirty days to place ids, and deletes the text of old web pages.",
)
def retention() -> None:
    """One step."""
    drop_expired()


@dg.sensor(job=retention, minimum_interval_seconds=3600, default_status=_on_in_live)
def expired_content(context: dg.SensorEvaluationContext, platform: Platform) -> dg.RunRequest:
    """Starts the retention job once a day."""
    return dg.RunRequest(run_key=f"retention:{platform.clock.today(platform.settings.operator_timezone)}")


UPKEEP_JOBS = [erasure, retention]
UPKEEP_SENSORS = [erasure_requests, expired_content, heartbeat]
