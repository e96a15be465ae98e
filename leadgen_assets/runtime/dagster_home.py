"""Dagster's home under LEADGEN_HOME: its rendered settings, its database, and an instance on it."""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import Pool, QueuePool

from leadgen_assets.settings import Settings
from leadgen_assets.storage.database import dagster_url

_IN_PROCESS = "in_process.yaml"
# A run in this process would send its standard output, progress display included, through four more processes.
_NO_COMPUTE_LOGS = """
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
"""


def dagster_home(settings: Settings) -> Path:
    """The folder DAGSTER_HOME names, with `dagster.yaml` written for this installation."""
    home = settings.leadgen_home / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    url = dagster_url(settings).replace("'", "''")
    rendered = f"{_template().read_text()}\nstorage:\n  postgres:\n    postgres_url: '{url}'\n"
    (home / "dagster.yaml").write_text(rendered)
    (home / "dagster.yaml").chmod(0o600)
    return home


@contextmanager
def open_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """A Dagster instance on this installation's database, with pooled connections: one process runs many small runs.

    A database that was restarted meanwhile is reached through a new connection.
    """
    let_go_of_dead_connections(QueuePool)
    home = dagster_home(settings)
    own = home / _IN_PROCESS
    own.write_text((home / "dagster.yaml").read_text() + _NO_COMPUTE_LOGS)
    own.chmod(0o600)
    with dg.DagsterInstance.from_config(str(home), config_filename=own.name) as instance:
        instance.optimize_for_webserver(statement_timeout=30_000, pool_recycle=3600, max_overflow=20)
        yield instance


def let_go_of_dead_connections(pool: type[Pool]) -> None:
    """Let pools of this kind replace a connection that the server ended; Dagster has no setting for that."""
    if not event.contains(pool, "checkout", _look_at):
        event.listen(pool, "checkout", _look_at)


def _look_at(connection: Any, *_: object) -> None:
    """Refuse a connection that is dead.

    An idle server says nothing, so what can be read is its farewell: looking is cheaper than asking, and every
    event of a run takes a connection out of the pool.
    """
    if not connection.closed:
        socket = select.poll()
        socket.register(connection.fileno(), select.POLLIN)
        if not socket.poll(0):
            return
    raise DisconnectionError("the server ended this connection")


def _template() -> Path:
    packaged = Path(__file__).parents[1] / "dagster.yaml"
    return packaged if packaged.exists() else Path(__file__).parents[2] / "dagster.yaml"
