"""Reopens what a rehearsal left, seven days later, recomputes all of it, and prints what changed; run as a process of its own.

The code location takes zone and hours from the settings when it loads, so this cannot share a process with other tests.
"""

import json
import re
import select
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import polars as pl
import psycopg

from leadgen_assets.runtime.dagster_home import open_instance
from leadgen_assets.settings import Settings
from leadgen_assets.storage.embedded_postgres import EmbeddedPostgres
from tracking_service.clock import FileClock
from tracking_service.settings import env_file, use_env_file

DAYS = [f"2026-03-{number:02}" for number in range(2, 9)]
EVENTFUL = DAYS[:3]  # the rehearsed days and the one after: the others hold nothing that an order could change
SEVEN_DAYS_LATER = datetime(2026, 3, 9, 3, 0, tzinfo=UTC)  # Monday night: no hour at which anything is sent
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
Frames = dict[tuple[str, str], pl.DataFrame]


class Backfills:
    """Runs of the reopened installation and what they did.

    Attributes:
        failed: one line per run that failed and per asset check that did not pass.
    """

    def __init__(self, instance: dg.DagsterInstance, warehouse: Path) -> None:
        from leadgen_assets.definitions import build_defs

        definitions = build_defs()
        self._job = definitions.resolve_implicit_global_asset_job_def()
        self._graph = definitions.resolve_asset_graph()
        self._instance = instance
        self._warehouse = warehouse
        self.failed: list[str] = []

    def assets(self, kind: str | None = None) -> list[str]:
        """The assets that can be materialised, of one kind or of all, upstream first."""
        keys = self._graph.toposorted_asset_keys
        return [
            key.to_user_string()
            for key in keys
            if self._graph.get(key).is_materializable and kind in {None, self._graph.get(key).tags["leadgen/kind"]}
        ]

    def run(self, day: str, *, asset: str | None = None, tags: dict[str, str] | None = None) -> None:
        """Execute one partition of one asset, or of all."""
        result = self._job.execute_in_process(
            instance=self._instance,
            partition_key=day,
            asset_selection=[dg.AssetKey(asset)] if asset else None,
            tags=tags,
            raise_on_error=False,
            run_config=QUIET,
        )
        what = f"{asset or 'everything'} of {day}"
        if not result.success:
            self.failed.append(f"{what}: {[event.message for event in result.all_events if event.is_step_failure]}")
        bad = [c.check_name for c in result.get_asset_check_evaluations() if not c.passed]
        self.failed += [f"{what}: check {name}" for name in bad if name != "proposals_rendered"]

    def backfill(self, days: list[str]) -> Frames:
        """Execute everything of these days in this order, as the UI's backfill does."""
        for day in days:
            self.run(day, tags={"dagster/backfill": "of-a-week"})
        return self.frames()

    def frames(self) -> Frames:
        """The content of every partition."""
        files = sorted(self._warehouse.glob("*/*.parquet"))
        return {(file.parent.name, file.stem): pl.read_parquet(file.read_bytes()) for file in files}


def main(folder: Path) -> None:
    """Print one JSON object: runs that failed, partitions that differ, tables that changed, servers that were called."""
    use_env_file(folder / "rehearsal.env")
    settings = Settings.load()
    FileClock(folder / "clock").advance_to(SEVEN_DAYS_LATER)
    with EmbeddedPostgres(folder / "postgres"), town_ports() as called, open_instance(settings) as instance:
        url, warehouse = settings.database_url or "", settings.warehouse_folder
        before, before_by_hand = tables(url), tables(url, " - 'updated_at'")
        backfills = Backfills(instance, warehouse)
        rehearsed = backfills.frames()
        forwards = backfills.backfill(DAYS)
        for asset in backfills.assets("derivation"):
            shutil.rmtree(warehouse / asset)
        backwards = backfills.backfill(EVENTFUL[::-1])
        after = tables(url)
        for asset in backfills.assets():
            backfills.run(DAYS[0], asset=asset)  # as from the UI, one asset of one day: without the tag of a backfill
        alone = backfills.frames()
        after_by_hand = tables(url, " - 'updated_at'")
        derived = backfills.assets("derivation")
        report = {
            "failed": backfills.failed,
            "assets": backfills.assets(),
            "partitions": {asset: sum(key[0] == asset for key in forwards) for asset in backfills.assets()},
            "rows": {asset: sum(f.height for (name, _), f in forwards.items() if name == asset) for asset in derived},
            "recomputed_differently": differing(rehearsed, forwards, derived),
            "order_matters": differing(of_days(forwards, EVENTFUL), backwards, backfills.assets()),
            "alone_differently": differing(backwards, alone, backfills.assets()),
            "changed_tables": [name for name in before if before[name] != after[name]],
            "changed_by_hand": [name for name in before if before_by_hand[name] != after_by_hand[name]],
            "called": called(),
        }
    sys.stdout.write(f"{json.dumps(report)}\n")


def differing(one: Frames, other: Frames, assets: list[str]) -> list[str]:
    """Partitions of the first that the second lacks or holds with another content, bytes of files included."""
    return [
        f"{asset} of {day}"
        for (asset, day), frame in one.items()
        if asset in assets and not frame.equals(other.get((asset, day), pl.DataFrame()), null_equal=True)
    ]


def of_days(frames: Frames, days: list[str]) -> Frames:
    """The partitions of these days."""
    return {key: frame for key, frame in frames.items() if key[1] in days}


def tables(url: str, without: str = "") -> dict[str, str]:
    """A digest of the rows of every table of the ledger, as JSON objects `without` some of their columns."""
    with psycopg.connect(url) as connection:
        names = [
            row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        ]
        digest = "SELECT md5(coalesce(string_agg(row, '|' ORDER BY row), '')) FROM (SELECT (to_jsonb(t){})::text AS row FROM {} t)"
        rows = {
            name: connection.execute(
                psycopg.sql.SQL(digest).format(psycopg.sql.SQL(without), psycopg.sql.Identifier(name))
            ).fetchone()
            for name in names
        }
        return {name: str(row[0]) for name, row in rows.items() if row}


@contextmanager
def town_ports() -> Iterator:
    """Listens where the town's servers were, and tells which of them were called."""
    text = env_file().read_text()
    ports = {int(port) for port in re.findall(r"(?:127\.0\.0\.1:|_PORT=')(\d{4,5})", text)}
    sockets = []
    for port in ports:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            listener = socket.socket(socket.AF_INET, kind)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:  # somebody else's by now
                listener.close()
                continue
            if kind == socket.SOCK_STREAM:
                listener.listen()
            sockets.append(listener)
    assert len(sockets) > 8
    try:
        yield lambda: [s.getsockname()[1] for s in select.select(sockets, [], [], 0)[0]]
    finally:
        for listener in sockets:
            listener.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
