"""Fixtures that many tests share: one PostgreSQL server per test session, an empty migrated ledger per test.

Protocol servers and stage-specific fixtures live beside the tests that use them.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import psycopg
import pytest

from leadgen_assets.settings import Settings
from leadgen_assets.storage.embedded_postgres import EmbeddedPostgres
from leadgen_assets.storage.ledger import Connection, ledger_connection
from tests.rehearsals import Rehearsals
from tracking_service.clock import FileClock
from tracking_service.settings import ENV_FILE_VARIABLE

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
# Groups that take a worker most of a minute or more, the longest first: begun last, one of them would keep the session
# waiting while the other workers have nothing left to do.
LONG_GROUPS = ("up", "rehearsal of the town", "rehearsals of dirt", "rehearsals of real records")
_numbers = count(1)


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are cores, because tests wait for servers and child processes a third of the time."""
    return min(4, len(os.sched_getaffinity(0)) + 1) if hasattr(os, "sched_getaffinity") else 4


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long groups first, then the other groups, then single tests, which fill whatever time is left."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    group = item.get_closest_marker("xdist_group")
    if group is None:
        return len(LONG_GROUPS) + 1
    return LONG_GROUPS.index(group.args[0]) if group.args[0] in LONG_GROUPS else len(LONG_GROUPS)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A real PostgreSQL server for the whole session, with a migrated template database."""
    from leadgen_assets.storage.migrations import migrate  # Alembic takes a second, before the first worker is started

    with EmbeddedPostgres(tmp_path_factory.mktemp("pg")) as server:
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            # What is killed here are processes, not machines: nothing that was written needs to reach the disk.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("CREATE DATABASE template_ledger")
        migrate(server.url("template_ledger"))
        yield server


@pytest.fixture
def ledger_conninfo(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The URL of an empty, migrated ledger database of its own."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template_ledger")
    yield postgres.url(name)
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def ledger(ledger_conninfo: str) -> Iterator[Connection]:
    """An open connection to an empty ledger; statements commit one by one."""
    with ledger_connection(ledger_conninfo) as connection:
        connection.commit()
        connection.autocommit = True
        yield connection


@pytest.fixture
def clock(tmp_path: Path) -> FileClock:
    """A virtual clock that stands at Monday 2026-03-02 08:00 UTC until it is advanced."""
    return FileClock.create(tmp_path / "clock", MONDAY)


@pytest.fixture
def settings(tmp_path: Path, clock: FileClock, ledger_conninfo: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Rehearsal settings read from a file of the test's own, with an empty home, the virtual clock and an empty ledger.

    The file is the only source, for subprocesses and Dagster resources too; a test may append lines to it and load again.
    """
    file = tmp_path / "test.env"
    lines = {
        "LEADGEN_MODE": "rehearsal",
        "LEADGEN_HOME": tmp_path / "home",
        "CLOCK_FILE": tmp_path / "clock",
        "DATABASE_URL": ledger_conninfo,
        "OPERATOR_TIMEZONE": "Europe/Helsinki",
        "POSTAL_ADDRESS": "1 Example Street, 00100 Helsinki",
    }
    file.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    monkeypatch.setenv(ENV_FILE_VARIABLE, str(file))
    return Settings.load()


@pytest.fixture(scope="session")
def rehearsals(tmp_path_factory: pytest.TempPathFactory) -> Rehearsals:
    """Whole rehearsals, run as an operator runs them; each is run once, however many tests and workers look at it."""
    base = tmp_path_factory.getbasetemp()
    return Rehearsals((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "rehearsals")
