"""The Dagster resource through which stages reach settings, time, ledger and warehouse.

Built lazily: the code location loads with no settings and no network. Clients of outside systems are made by the
stages from `platform.settings`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path

import dagster as dg
from dagster_duckdb import DuckDBResource

from leadgen_assets.settings import Settings
from leadgen_assets.storage.database import ledger_url
from leadgen_assets.storage.ledger import Connection, ledger_connection
from leadgen_assets.storage.warehouse import Warehouse
from tracking_service.clock import Clock
from tracking_service.logs import bind_run, configure_logs
from tracking_service.loopback import install_loopback_guard
from tracking_service.settings import env_file


@lru_cache(maxsize=4)
def _loaded_settings(_file: Path, _changed_at: int) -> Settings:
    """One object per state of the settings file: a process executes many small runs, each with a new resource."""
    return Settings.load()


def _changed_at(file: Path) -> int:
    return file.stat().st_mtime_ns if file.exists() else 0


class Platform(dg.ConfigurableResource):
    """What every stage may use; one object per process."""

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Give every log line of a run that run's id."""
        if context.run_id:
            configure_logs(self.clock, self.settings.log_level)
            bind_run(context.run_id)

    @cached_property
    def settings(self) -> Settings:
        """The settings, read once; in rehearsal mode this process is closed to everything but loopback."""
        settings = _loaded_settings(env_file(), _changed_at(env_file()))
        if settings.leadgen_mode == "rehearsal":
            install_loopback_guard()
        return settings

    @cached_property
    def clock(self) -> Clock:
        """The only source of time."""
        return self.settings.clock

    @cached_property
    def warehouse(self) -> Warehouse:
        """Reads over many days of Parquet partitions."""
        return Warehouse(self.settings.warehouse_folder, DuckDBResource(database=":memory:").get_connection)

    @contextmanager
    def ledger(self) -> Iterator[Connection]:
        """One ledger connection in one transaction."""
        with ledger_connection(ledger_url(self.settings)) as connection:
            yield connection
