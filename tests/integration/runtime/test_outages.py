"""Crashes of a rehearsal's own processes: nothing that was committed is lost, and everything returns to its address."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy import QueuePool, create_engine, text

from leadgen_assets.runtime.dagster_home import let_go_of_dead_connections
from leadgen_assets.runtime.outages import SERVICE, Outages
from leadgen_assets.runtime.processes import Processes
from leadgen_assets.storage.embedded_postgres import EmbeddedPostgres
from leadgen_assets.storage.ledger import ledger_connection, ledger_connections_kept


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    # as a rehearsal starts it: a crash of processes must lose nothing all the same
    with EmbeddedPostgres(tmp_path / "postgres", survives_power_cuts=False) as server:
        yield server


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    processes = Processes(tmp_path, os.environ)
    yield processes
    processes.stop()


def test_a_crashed_database_returns_with_what_was_committed(server: EmbeddedPostgres, processes: Processes):
    outages = Outages(server, processes, service_port=1)
    first = server.postmaster_pid
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS number")
        outages.crash_database()
        outages.await_database()  # by then every process of the first one has noticed and ended
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("SELECT number FROM kept").fetchall() == [(1,)]
        assert connection.execute("SHOW fsync").fetchall() == [("off",)]
    assert server.postmaster_pid != first
    assert not psutil.pid_exists(first) or psutil.Process(first).status() == psutil.STATUS_ZOMBIE
    outages.crash_database()
    outages.close()  # lets the restart finish, so that the server can be stopped
    psycopg.connect(server.url()).close()


def test_kept_connections_and_dagsters_pool_get_over_a_crash(server: EmbeddedPostgres, processes: Processes):
    outages = Outages(server, processes, service_port=1)
    pool = create_engine(server.url().replace("postgresql", "postgresql+psycopg2", 1), poolclass=QueuePool)
    let_go_of_dead_connections(QueuePool)

    def backends() -> tuple[int, int]:
        with ledger_connection(server.url()) as connection, pool.connect() as other:
            row = connection.execute("SELECT pg_backend_pid() AS pid").fetchone()
            return (row or {})["pid"], other.execute(text("SELECT pg_backend_pid()")).scalar_one()

    with ledger_connections_kept(server.url()):
        first = backends()
        assert backends() == first
        outages.crash_database()
        outages.await_database()
        second = backends()
        assert set(second).isdisjoint(first)
        assert backends() == second
        outages.close()
    pool.dispose()


def test_a_kept_connection_is_as_good_as_new(server: EmbeddedPostgres):
    with ledger_connections_kept(server.url()):
        with pytest.raises(ZeroDivisionError), ledger_connection(server.url()) as connection:
            connection.execute("CREATE TABLE undone (number int)")
            raise ZeroDivisionError
        with ledger_connection(server.url()) as again:
            assert again is connection
            assert again.execute("SELECT to_regclass('undone') AS it").fetchall() == [{"it": None}]
            again.commit()
            again.autocommit = True
        with ledger_connection(server.url()) as other:
            assert other is not again
            assert not other.autocommit
    assert connection.closed
    assert other.closed
    with ledger_connection(server.url()) as alone:
        pass
    assert alone.closed


def test_a_crashed_service_returns_to_its_port(server: EmbeddedPostgres, processes: Processes):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    processes.start(SERVICE, ["-m", "http.server", str(port), "--bind", "127.0.0.1"])
    processes.await_port(SERVICE, port, 20)
    outages = Outages(server, processes, service_port=port)
    outages.crash_tracking_service()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    outages.restart_tracking_service()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) == 0
