"""Dagster runs whose process was killed: closed when everything starts again, so that none looks alive for ever.

What such a run did is in the ledger and the warehouse; nothing is undone or decided here.
"""

from dataclasses import dataclass

import dagster as dg

_UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_REASON = "The process that executed this run was killed."


@dataclass(frozen=True, slots=True)
class InterruptedRun:
    """A run that nobody but its own process knew of, so that nobody would try it again."""

    job_name: str
    partition: str
    tags: dict[str, str]


def close_interrupted_runs(instance: dg.DagsterInstance) -> list[InterruptedRun]:
    """Close every run that is under way; only for when no process that could execute one is running.

    Runs that were launched (from the UI, a schedule, a sensor) fail and are tried again by the daemon; queued ones just
    wait for it.

    Returns:
        The runs that were executed in process: they are cancelled, and the caller may execute them again.
    """
    own = []
    for run in instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED)):
        if run.remote_job_origin is None:
            instance.report_run_canceled(run, message=_REASON)
            tags = {name: value for name, value in run.tags.items() if name.startswith("leadgen/")}
            own.append(InterruptedRun(run.job_name, run.tags["dagster/partition"], tags))
        else:
            instance.report_run_failed(run, message=_REASON)
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return own[::-1]  # oldest first
