"""What the tracking service asks for by rows, and what Dagster's sensors make of it."""

from datetime import date
from uuid import UUID, uuid4

import dagster as dg

from leadgen_assets.definitions import build_defs
from leadgen_assets.partitions import FIRST_DAY
from leadgen_assets.resources import Platform
from leadgen_assets.sensors import pipeline_requests
from leadgen_assets.settings import Settings
from leadgen_assets.stages.kinds import DRY_RUN_TAG
from leadgen_assets.storage.ledger import Connection
from leadgen_assets.storage.migrations import ensure_database
from leadgen_assets.upkeep import erasure_requests, heartbeat
from tests.conftest import MONDAY
from tests.ledger_rows import a_lead, value


def tick(sensor: dg.SensorDefinition, instance: dg.DagsterInstance) -> dg.SensorResult | dg.RunRequest | dg.SkipReason:
    return sensor(dg.build_sensor_context(instance, resources={"platform": Platform()}, definitions=build_defs()))


def requested(ledger: Connection, day: date, *, dry_run: bool = False) -> UUID:
    request_id = uuid4()
    ledger.execute(
        "INSERT INTO pipeline_requests (id, partition_date, dry_run, requested_by, requested_at, updated_at)"
        " VALUES (%s, %s, %s, 'test', %s, %s)",
        (request_id, day, dry_run, MONDAY, MONDAY),
    )
    return request_id


def test_a_requested_run_is_launched_once_and_followed(settings: Settings, ledger: Connection) -> None:
    wanted = requested(ledger, date.fromisoformat(FIRST_DAY), dry_run=True)
    impossible = requested(ledger, date(2020, 1, 1))
    with dg.DagsterInstance.ephemeral() as instance:
        (run,) = tick(pipeline_requests, instance).run_requests
        assert (run.run_key, run.partition_key) == (f"request:{wanted}", FIRST_DAY)
        assert run.tags[DRY_RUN_TAG] == "true"
        state = "SELECT status FROM pipeline_requests WHERE id = %s"
        assert value(ledger, state, impossible) == "failed"
        assert "no partition" in str(value(ledger, "SELECT detail FROM pipeline_requests WHERE id = %s", impossible))
        started = instance.create_run_for_job(
            build_defs().resolve_job_def("daily_pipeline"), tags=run.tags, status=dg.DagsterRunStatus.STARTED
        )
        tick(pipeline_requests, instance)
        assert value(ledger, state, wanted) == "launched"
        assert value(ledger, "SELECT run_id FROM pipeline_requests WHERE id = %s", wanted) == started.run_id
        instance.report_run_failed(started)
        tick(pipeline_requests, instance)
        assert value(ledger, state, wanted) == "failed"
        assert isinstance(tick(pipeline_requests, instance).skip_reason, dg.SkipReason)


def test_an_erasure_is_started_and_carried_out_by_its_job(settings: Settings, ledger: Connection) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert isinstance(tick(erasure_requests, instance), dg.SkipReason)
        lead = a_lead(ledger)
        ledger.execute(
            "INSERT INTO erasure_requests (id, lead_ids, requested_by, requested_at) VALUES (%s, %s, 'test', %s)",
            (uuid4(), [lead], MONDAY),
        )
        assert isinstance(tick(erasure_requests, instance), dg.RunRequest)
        ensure_database(settings.database_url, "dagster")
        done = build_defs().resolve_job_def("erasure").execute_in_process(instance=instance)
        assert done.success
        assert isinstance(tick(erasure_requests, instance), dg.SkipReason)
    assert value(ledger, "SELECT status FROM leads") == "erased"


def test_dagster_leaves_a_heartbeat_with_the_allowances(settings: Settings, ledger: Connection) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        tick(heartbeat, instance)
        tick(heartbeat, instance)
    assert value(ledger, "SELECT beat_at FROM heartbeats WHERE name = 'dagster'") == MONDAY
    assert value(ledger, "SELECT detail -> 'limits' ->> 'email' FROM heartbeats") == str(settings.emails_per_day)
