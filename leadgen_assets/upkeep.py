"""What keeps the installation honest about itself: Dagster's heartbeat row, and erasures that were asked for.

Requests are rows that the tracking service or the command line wrote; carrying them out is in `erasure`.
"""

import json
from typing import Any

import dagster as dg

from leadgen_assets.erasure import carry_out_erasures
from leadgen_assets.resources import Platform
from leadgen_assets.storage.erasures import pending_erasures
from leadgen_assets.storage.heartbeats import beat

_on = dg.DefaultSensorStatus.RUNNING


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


UPKEEP_JOBS = [erasure]
UPKEEP_SENSORS = [erasure_requests, heartbeat]
