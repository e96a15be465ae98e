"""Fires the product's own schedules on the virtual clock: what the daemon would evaluate, run in this process.

What the schedules decide is theirs (`automation`); this only says when, and carries out what they request.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import structlog
from cronsim import CronSim

from leadgen_assets.automation import SCHEDULES
from leadgen_assets.resources import Platform

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}  # everything is in the event log all the same
_log = structlog.get_logger(__name__)


class Timetable:
    """Evaluates schedules and executes the runs they request, one after the other.

    Attributes:
        platform: through which the schedules reach the ledger.
        runs: how many runs were executed.
        failed: job name and partition of every run that failed.
        last_rows: rows of each asset that the last run materialised.
        checks: how many asset checks were evaluated.
        failed_checks: name and partition of every one that failed as an error.
    """

    def __init__(self, definitions: dg.Definitions, instance: dg.DagsterInstance, platform: Platform) -> None:
        self._definitions = definitions
        self._instance = instance
        self.platform = platform
        self.runs = 0
        self.failed: list[str] = []
        self.last_rows: dict[str, int] = {}
        self.checks = 0
        self.failed_checks: list[str] = []

    def moments(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, str]]:
        """Every tick in [start, end): its moment in UTC and the schedule's name."""
        for schedule in SCHEDULES:
            zone = ZoneInfo(schedule.execution_timezone or "UTC")
            for moment in CronSim(str(schedule.cron_schedule), start.astimezone(zone) - timedelta(seconds=1)):
                if moment >= end:
                    break
                yield moment.astimezone(UTC), schedule.name

    def fire(self, name: str, at: datetime, after_run: Callable[[str], None] = lambda job: None) -> None:
        """Evaluate one schedule at its scheduled time and execute what it requests."""
        schedule = self._definitions.resolve_schedule_def(name)
        resources = {"platform": self.platform}
        with dg.build_schedule_context(
            instance=self._instance,
            scheduled_execution_time=at,
            resources={key: resources[key] for key in schedule.required_resource_keys},
            repository_def=self._definitions.get_repository_def(),
        ) as context:
            # The context would connect to the database anew, and without an instance build an SQLite one: 0.1 s a tick.
            context._instance = self._instance  # type: ignore[assignment]
            data = schedule.evaluate_tick(context)
        for request in data.run_requests or ():
            self.run(schedule.job_name, str(request.partition_key), dict(request.tags))
            after_run(schedule.job_name)

    def run(self, job_name: str, partition: str, tags: dict[str, str] | None = None) -> bool:
        """Execute one partition of a job in this process; true if it succeeded."""
        job = self._definitions.resolve_job_def(job_name)
        result = job.execute_in_process(
            instance=self._instance, partition_key=partition, tags=tags, raise_on_error=False, run_config=_QUIET
        )
        self.runs += 1
        self.last_rows = _rows(result)
        for evaluation in result.get_asset_check_evaluations():
            self.checks += 1
            if not evaluation.passed and evaluation.severity == dg.AssetCheckSeverity.ERROR:
                self.failed_checks.append(f"{evaluation.check_name} of {partition}")
        if not result.success:
            self.failed.append(f"{job_name} of {partition}: {_first_error(result)}")
            _log.error("run failed", job=job_name, partition=partition, run=result.run_id)
        return result.success


def _first_error(result: dg.ExecuteInProcessResult) -> str:
    for event in result.all_events:
        if event.is_step_failure and event.step_failure_data.error:
            error = event.step_failure_data.error
            sentence = (error.cause or error).message.strip().splitlines()[0][:300]
            return sentence.removeprefix("dagster._core.definitions.events.Failure: ")
    return "no step failed"


def _rows(result: dg.ExecuteInProcessResult) -> dict[str, int]:
    rows = {}
    for event in result.get_asset_materialization_events():
        materialization = event.step_materialization_data.materialization
        count = materialization.metadata.get("dagster/row_count")
        if count is not None:
            rows[materialization.asset_key.to_user_string()] = int(str(count.value))
    return rows
