"""Jobs and the schedules that start them, in the operator's time zone.

Sensors are in `sensors`; what the assets do is in the stages. Schedules are running by default in live mode only: a
rehearsal fires them itself, on its virtual clock.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg

from leadgen_assets.mailbox import is_news_waiting
from leadgen_assets.partitions import FIRST_DAY, daily
from leadgen_assets.resources import Platform
from leadgen_assets.sender.claims import is_work_waiting
from leadgen_assets.settings import settings_or_defaults

STAGES = ("discovery", "qualification", "contacts", "personalization", "outreach", "engagement", "reporting")
_hours = settings_or_defaults()
_on_in_live = dg.DefaultScheduleStatus.RUNNING if _hours.leadgen_mode == "live" else dg.DefaultScheduleStatus.STOPPED


# `Any`: the type that `define_asset_job` returns is not public
def _job(name: str, description: str, selection: dg.AssetSelection, tag: str) -> Any:
    return dg.define_asset_job(
        name,
        selection=selection,
        description=description,
        partitions_def=daily,
        executor_def=dg.in_process_executor,  # the steps are short; a process per step would cost more than the work
        tags={"leadgen/job": tag},
    )


_queueing = dg.AssetSelection.groups(
    "discovery", "qualification", "contacts", "personalization"
) | dg.AssetSelection.assets("lead_register", "outreach_queue")
daily_pipeline = _job("daily_pipeline", "From discovery to the queue, in stage order.", _queueing, "pipeline")
email_sending = _job(
    "email_sending", "Sends what is due now, and ends.", dg.AssetSelection.assets("email_sends"), "sending"
)
reply_polling = _job(
    "reply_polling",
    "Reads the reply mailbox and judges the day's events.",
    dg.AssetSelection.assets("inbox_messages", "engagement"),
    "replies",
)
_closing = dg.AssetSelection.assets("email_sends", "inbox_messages", "engagement", "alerts")
day_close = _job("day_close", "Brings yesterday's ledger partitions to their final state.", _closing, "sending")
daily_reporting = _job(
    "daily_reporting",
    "The day's last look at the ledger, the workbook and its mail.",
    _closing | dg.AssetSelection.groups("reporting"),
    "reporting",
)
stage_jobs = [
    _job(f"{stage}_stage", f"The {stage} stage of one day, by hand.", dg.AssetSelection.groups(stage), stage)
    for stage in STAGES
]
JOBS = [daily_pipeline, email_sending, reply_polling, day_close, daily_reporting, *stage_jobs]


@dg.schedule(
    job=daily_pipeline,
    cron_schedule=f"0 {_hours.discovery_hour} * * *",
    execution_timezone=_hours.operator_timezone,
    default_status=_on_in_live,
)
def daily_pipeline_schedule(context: dg.ScheduleEvaluationContext, platform: Platform) -> list[dg.RunRequest]:
    """Today's pipeline, after the days of the last week that an outage left unfinished."""
    today = _day_of(context)
    unfinished = _days_without(
        context.instance, today, platform.settings.catch_up_days, begun="places", finished="outreach_queue"
    )
    return [_request(day, "catch_up", today) for day in unfinished] + [_request(today, "daily_pipeline", today)]


@dg.schedule(
    job=email_sending,
    # around the clock: the hours to send in are each recipient's own
    cron_schedule=f"*/{min(30, max(1, _hours.email_send_interval_seconds // 60))} * * * *",
    execution_timezone=_hours.operator_timezone,
    default_status=_on_in_live,
)
def email_sending_schedule(context: dg.ScheduleEvaluationContext, platform: Platform) -> dg.RunRequest | dg.SkipReason:
    """A send run, where the ledger holds a message that may go now."""
    with platform.ledger() as connection:
        if not is_work_waiting(connection, platform.settings, platform.clock.now()):
            return dg.SkipReason("No queued message may go now.")
    return dg.RunRequest(partition_key=_day_of(context).isoformat())


@dg.schedule(
    job=reply_polling,
    cron_schedule=f"*/{_hours.reply_poll_minutes} * * * *" if _hours.reply_poll_minutes < 60 else "0 * * * *",
    execution_timezone=_hours.operator_timezone,
    default_status=_on_in_live,
)
def reply_polling_schedule(context: dg.ScheduleEvaluationContext, platform: Platform) -> dg.RunRequest | dg.SkipReason:
    """A look into the reply mailbox; a run where it holds something new, or something happened since the last look."""
    since = context.scheduled_execution_time - timedelta(minutes=_hours.reply_poll_minutes)
    if not is_news_waiting(platform.ledger, platform.settings, platform.clock, since=since):
        return dg.SkipReason("No new reply and no new event.")
    return dg.RunRequest(partition_key=_day_of(context).isoformat())


@dg.schedule(
    job=day_close,
    cron_schedule=f"15 {max(0, _hours.discovery_hour - 1)} * * *",
    execution_timezone=_hours.operator_timezone,
    default_status=_on_in_live,
)
def day_close_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Yesterday's last read-back."""
    yesterday = _day_of(context) - timedelta(days=1)
    if yesterday.isoformat() < FIRST_DAY:
        return dg.SkipReason("There is no partition before the first day.")
    return dg.RunRequest(run_key=f"day_close:{yesterday}", partition_key=yesterday.isoformat())


@dg.schedule(
    job=daily_reporting,
    cron_schedule=f"{_hours.report_minute} {_hours.report_hour} * * *",
    execution_timezone=_hours.operator_timezone,
    default_status=_on_in_live,
)
def daily_reporting_schedule(context: dg.ScheduleEvaluationContext, platform: Platform) -> list[dg.RunRequest]:
    """Today's report, after those of the last week that an outage left unwritten."""
    today = _day_of(context)
    missing = _days_without(
        context.instance, today, platform.settings.catch_up_days, begun="lead_register", finished="report_delivery"
    )
    return [_request(day, "report_catch_up", today) for day in missing] + [_request(today, "daily_reporting", today)]


SCHEDULES = [
    daily_pipeline_schedule,
    email_sending_schedule,
    reply_polling_schedule,
    day_close_schedule,
    daily_reporting_schedule,
]


def _day_of(context: dg.ScheduleEvaluationContext) -> date:
    """The day a tick belongs to: that of its scheduled time, however late it is carried out."""
    moment: datetime = context.scheduled_execution_time
    return moment.astimezone(ZoneInfo(_hours.operator_timezone)).date()


def _request(day: date, reason: str, asked_on: date) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=f"{reason}:{day}:{asked_on}", partition_key=day.isoformat(), tags={"leadgen/reason": reason}
    )


def _days_without(instance: dg.DagsterInstance, today: date, days: int, *, begun: str, finished: str) -> Iterator[date]:
    """Days before today, oldest first, that have a partition of one asset and none of another."""
    started = instance.get_materialized_partitions(dg.AssetKey(begun))
    done = instance.get_materialized_partitions(dg.AssetKey(finished))
    for back in range(days, 0, -1):
        day = today - timedelta(days=back)
        if day.isoformat() in started - done:
            yield day
