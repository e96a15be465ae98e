"""Carrying out requests to erase: out of partitions, messages, workbooks, Dagster's history and, last, the ledger.

The ledger is last because it knows the names to look for: a run that is killed is simply repeated. Who asks is
suppressed when the request is written, before any of this.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from leadgen_assets.domain.erased import ERASED, Erased, without_rows
from leadgen_assets.domain.identity import outreach_id_of
from leadgen_assets.domain.place_payloads import without_places
from leadgen_assets.domain.report_row import report_row
from leadgen_assets.sender.claims import suppressions_of
from leadgen_assets.settings import Settings
from leadgen_assets.storage import erasures
from leadgen_assets.storage.database import dagster_url
from leadgen_assets.storage.erased_files import (
    delete_messages,
    erase_from_partitions,
    leads_named,
    replace_partition,
)
from leadgen_assets.storage.erased_runs import erase_from_runs
from leadgen_assets.storage.erasures import ErasureRequest
from leadgen_assets.storage.ledger import Connection
from leadgen_assets.storage.schemas import frame_of
from leadgen_assets.storage.warehouse import Warehouse
from tracking_service.clock import Clock

_STEPS = range(1, 10)
Ledger = Callable[[], AbstractContextManager[Connection]]


def carry_out_erasures(ledger: Ledger, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
    """Carry out every request that waits; returns what each removed, as counts, or its error."""
    with ledger() as connection:
        waiting = erasures.pending_erasures(connection)
    return [_carry_out(ledger, settings, clock, request) for request in waiting]


def _carry_out(ledger: Ledger, settings: Settings, clock: Clock, request: ErasureRequest) -> dict[str, Any]:
    try:
        return _erase(ledger, settings, clock, request)
    except Exception as error:
        with ledger() as connection:
            erasures.fail_erasure(connection, request.id, f"{type(error).__name__}: {error}")
        raise


def _erase(ledger: Ledger, settings: Settings, clock: Clock, request: ErasureRequest) -> dict[str, Any]:
    warehouse = Warehouse(settings.warehouse_folder)
    with ledger() as connection:
        who = _subjects(connection, warehouse, request)
        messages = erasures.messages_of(connection, request.lead_ids)
    workbooks = _rewrite_reports(ledger, settings, warehouse, who)
    rows = erase_from_partitions(warehouse, who)
    hashes = [row["message_sha256"] for row in messages if not row["shared"]]
    numbers = [outreach_id_of(lead_id, step) for lead_id in request.lead_ids for step in _STEPS]
    files = delete_messages(settings, hashes, numbers)
    run_events = erase_from_runs(dagster_url(settings), who.words)
    with ledger() as connection:
        suppressions_of(settings).add_places(connection, who.place_keys, ERASED, clock.now())
        captured = erasures.rewrite_place_captures(
            connection,
            who.place_keys,
            lambda source, payload: without_places(source, payload, who.place_keys.__contains__),
        )
        result = {
            "id": str(request.id),
            "leads": len(request.lead_ids),
            "partition_rows": dict(rows),
            "captured_places": captured,
            "message_files": files,
            "workbooks": workbooks,
            "run_events": run_events,
        }
        erasures.finish_erasure(connection, request, result, clock.now())
    erase_from_partitions(warehouse, who)  # a run that was under way may have written what it had read before
    return result


def _subjects(connection: Connection, warehouse: Warehouse, request: ErasureRequest) -> Erased:
    lead_ids = [str(lead_id) for lead_id in request.lead_ids]
    known = erasures.names_of(connection, request.lead_ids)
    partitions = leads_named(warehouse, lead_ids)
    keys = {row["place_id"] for row in known if row["place_id"]} | set(partitions["place_keys"].explode().drop_nulls())
    words = [row[name] for row in known for name in ("business_name", "phone", "email")]
    words += [word for name in ("name", "phone", "email") for word in partitions[name]]
    return Erased.of(lead_ids, keys, words)


def _rewrite_reports(ledger: Ledger, settings: Settings, warehouse: Warehouse, who: Erased) -> int:
    """Rebuild the reports of every day whose snapshot names them; the snapshot is replaced after its report."""
    rebuilt = 0
    for day in warehouse.days("ledger_snapshot"):
        snapshot, rows = without_rows("ledger_snapshot", warehouse.read("ledger_snapshot", since=day, until=day), who)
        if not rows:
            continue
        if snapshot.height:
            report, _ = report_row(snapshot, day, settings.operator_timezone)
            if warehouse.days("daily_report", since=day, until=day):
                replace_partition(warehouse, "daily_report", day, frame_of("daily_report", [report]))
            with ledger() as connection:
                rebuilt += erasures.replace_workbook(connection, day, report["workbook"])
        replace_partition(warehouse, "ledger_snapshot", day, snapshot)
    return rebuilt
