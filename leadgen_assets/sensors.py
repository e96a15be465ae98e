"""The sensors: reactions to tracking events in real time, pipeline requests of the API, and alerts about failed runs.

Sensors read and write PostgreSQL rows; only the reactions tick talks to the outside, with a short time-out.
"""

from datetime import datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

import dagster as dg

from leadgen_assets.automation import daily_pipeline
from leadgen_assets.partitions import daily
from leadgen_assets.reactions import react_once, wait_for_alerts
from leadgen_assets.resources import Platform
from leadgen_assets.stages.kinds import DRY_RUN_TAG
from leadgen_assets.storage.alerts import queue_alert
from leadgen_assets.storage.database import ledger_url
from leadgen_assets.storage.events import count_events_by_day
from leadgen_assets.storage.requests import follow_requests, pending_requests, refuse_request

LISTEN_SECONDS = 4.3  # just under the daemon's loop of 5 s: no gap in which a click would wait
REQUEST_TAG = "leadgen/pipeline_request"
_on = dg.DefaultSensorStatus.RUNNING


@dg.sensor(minimum_interval_seconds=1, default_status=_on)
def tracking_reactions(context: dg.SensorEvaluationContext, platform: Platform) -> dg.SensorResult:
    """Waits for alerts that a tracking event queued, sends them at once, and reports new events on the asset graph."""
    wait_for_alerts(ledger_url(platform.settings), LISTEN_SECONDS, platform.clock)
    summary = react_once(platform.ledger, platform.settings, platform.clock)
    events, cursor = observe_events(platform, context.cursor)
    reason = None if events else dg.SkipReason(f"No new events; {summary}.")
    return dg.SensorResult(asset_events=events, skip_reason=reason, cursor=cursor)


def observe_events(platform: Platform, cursor: str | None) -> tuple[list[dg.AssetMaterialization], str]:
    """One materialisation of `tracking_events` per day that has events stored since the cursor, and the new cursor."""
    since = datetime.fromisoformat(cursor) if cursor else None
    now = platform.clock.now()
    with platform.ledger() as connection:
        counts = count_events_by_day(connection, since, now, platform.settings.operator_timezone)
    events = [
        dg.AssetMaterialization("tracking_events", partition=day.isoformat(), metadata={"new_events": count})
        for day, count in counts.items()
    ]
    return events, now.isoformat()


@dg.sensor(job=daily_pipeline, minimum_interval_seconds=10, default_status=_on)
def pipeline_requests(context: dg.SensorEvaluationContext, platform: Platform) -> dg.SensorResult:
    """Launches the pipeline for requests that came through the API, and notes on each what became of its run."""
    with platform.ledger() as connection:
        waiting = pending_requests(connection)
        for row in waiting:
            if not daily.has_partition_key(row["partition_date"].isoformat()):
                refuse_request(connection, row["id"], "There is no partition of this day.", platform.clock.now())
        follow_requests(connection, lambda request_id: _run_of(context.instance, request_id), platform.clock.now())
    runs = [
        dg.RunRequest(
            run_key=f"request:{row['id']}",
            partition_key=row["partition_date"].isoformat(),
            tags={REQUEST_TAG: str(row["id"])} | ({DRY_RUN_TAG: "true"} if row["dry_run"] else {}),
        )
        for row in waiting
        if daily.has_partition_key(row["partition_date"].isoformat())
    ]
    return dg.SensorResult(run_requests=runs, skip_reason=None if runs else dg.SkipReason("Nothing was requested."))


@dg.run_failure_sensor(default_status=_on, minimum_interval_seconds=10)
def run_failures(context: dg.RunFailureSensorContext, platform: Platform) -> None:
    """Queues one Telegram alert per job, day and cause of failure."""
    run = context.dagster_run
    cause = (context.failure_event.message or "no message").strip().splitlines()[0][:300]
    steps = context.get_step_failure_events()
    if steps and steps[0].step_failure_data.error:
        error = steps[0].step_failure_data.error
        cause = ((error.cause or error).message.strip().splitlines() or [cause])[0][:300]
    partition = run.tags.get("dagster/partition", "no partition")
    zone = ZoneInfo(platform.settings.operator_timezone)
    with platform.ledger() as connection:
        queue_alert(
            connection,
            dedupe_key=f"failure:{run.job_name}:{partition}:{sha256(cause.encode()).hexdigest()[:16]}",
            channel="telegram",
            kind="failure",
            text=f"❌ {run.job_name} of {partition} failed at {platform.clock.now().astimezone(zone):%H:%M}: {cause}",
            at=platform.clock.now(),
        )


def _run_of(instance: dg.DagsterInstance, request_id: str) -> tuple[str, str] | None:
    """Run id and status (launched, succeeded, failed) of the run that a request started, if there is one."""
    runs = instance.get_runs(dg.RunsFilter(tags={REQUEST_TAG: request_id}), limit=1)
    if not runs:
        return None
    run = runs[0]
    ended = {
        dg.DagsterRunStatus.SUCCESS: "succeeded",
        dg.DagsterRunStatus.FAILURE: "failed",
        dg.DagsterRunStatus.CANCELED: "failed",
    }
    return run.run_id, ended.get(run.status, "launched")


SENSORS = [tracking_reactions, pipeline_requests, run_failures]
