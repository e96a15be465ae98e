"""Connections to the ledger, the PostgreSQL database that holds what must be transactional.

SQL about one noun lives in that noun's module (`storage/outreach.py`, `storage/alerts.py`, ...), each function taking
an open connection from here. Imports neither Dagster nor polars, because the sender uses it.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from leadgen_assets.storage.embedded_postgres import DatabaseUnavailableError

Connection = psycopg.Connection[dict[str, Any]]


class _Kept:
    """Connections that wait for their next user, the last one returned first."""

    def __init__(self) -> None:
        self._idle: dict[str, list[Connection]] = {}  # lists are popped and appended to by several threads

    def begin(self, conninfo: str) -> None:
        self._idle.setdefault(conninfo, [])

    def end(self, conninfo: str) -> None:
        for connection in self._idle.pop(conninfo, []):
            connection.close()

    def take(self, conninfo: str) -> Connection | None:
        """One that still answers; None where there is none, and whoever asks finds out why."""
        idle = self._idle.get(conninfo)
        while idle:
            try:
                connection = idle.pop()
            except IndexError:  # another thread was faster
                break
            try:
                connection.execute("SELECT 1")
                return connection
            except psycopg.OperationalError:
                connection.close()
        return None

    def put(self, conninfo: str, connection: Connection) -> bool:
        """Keep one for the next user if connections are kept at all, and this one is as it was when it was new."""
        idle = self._idle.get(conninfo)
        as_new = connection.info.transaction_status == TransactionStatus.IDLE and not connection.autocommit
        if idle is None or not as_new:
            return False
        idle.append(connection)
        return True


_kept = _Kept()


@contextmanager
def ledger_connections_kept(conninfo: str) -> Iterator[None]:
    """Until this ends, use this process's connections to one ledger again instead of making a new one each time.

    For a process that looks into the ledger many times a second: a new connection costs ten times what is asked.
    """
    _kept.begin(conninfo)
    try:
        yield
    finally:
        _kept.end(conninfo)


@contextmanager
def ledger_connection(conninfo: str, *, timeout_seconds: float = 5.0) -> Iterator[Connection]:
    """One connection whose rows are dicts, in one transaction that commits at the end unless an exception leaves it.

    Raises:
        DatabaseUnavailableError: if the database cannot be reached.
    """
    connection = _kept.take(conninfo) or _opened(conninfo, timeout_seconds)
    try:
        yield connection
    except BaseException:
        with suppress(psycopg.Error):
            connection.rollback()
        raise
    else:
        if not connection.closed:
            connection.commit()
    finally:
        if not _kept.put(conninfo, connection):
            connection.close()


def _opened(conninfo: str, timeout_seconds: float) -> Connection:
    try:
        connection: Connection = psycopg.connect(
            conninfo, row_factory=dict_row, connect_timeout=max(1, round(timeout_seconds))
        )
    except psycopg.OperationalError as error:
        reason = (str(error).strip().splitlines() or ["no answer"])[0].removeprefix("connection failed: ")
        raise DatabaseUnavailableError(
            f"The database is not reachable ({reason}); start it or mend DATABASE_URL."
        ) from None
    connection.execute("SET TIME ZONE 'UTC'")
    connection.commit()
    return connection
