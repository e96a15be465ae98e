"""Connections of the management API: few, opened when first needed, apart from the one that stores hits."""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

Connection = psycopg.AsyncConnection[dict[str, Any]]


class LedgerAwayError(Exception):
    """PostgreSQL did not answer, or not in time; the same call may be tried again."""


class Ledger:
    """A small pool of connections to the ledger, in UTC, whose statements give up after a while.

    Args:
        conninfo: libpq URL.
        timeout_seconds: how long to wait for a connection, and for each statement twice as long.
        connections: how many at most.
    """

    def __init__(self, conninfo: str, *, timeout_seconds: float = 2.0, connections: int = 2) -> None:
        self._conninfo = conninfo
        self._timeout = timeout_seconds
        self._connections = connections
        self._pool: AsyncConnectionPool[Connection] | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """One connection in one transaction, committed at the end unless an exception leaves the block.

        Raises:
            LedgerAwayError: if PostgreSQL cannot be reached, is silent or ends the connection.
        """
        try:
            async with (await self._open()).connection() as connection:
                yield connection
        except (PoolTimeout, PoolClosed, TooManyRequests, psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise LedgerAwayError(type(error).__name__) from None

    async def close(self) -> None:
        """End every connection."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close(timeout=1.0)

    async def _open(self) -> "AsyncConnectionPool[Connection]":
        if self._pool is None:
            self._pool = AsyncConnectionPool(
                self._conninfo,
                connection_class=psycopg.AsyncConnection[dict[str, Any]],
                kwargs={
                    "row_factory": dict_row,
                    "application_name": "leadgen management API",
                    "connect_timeout": math.ceil(self._timeout),
                },
                min_size=0,
                max_size=self._connections,
                max_waiting=50,
                max_idle=60,
                timeout=self._timeout,
                reconnect_timeout=self._timeout,
                configure=self._prepare,
                check=AsyncConnectionPool.check_connection,
                open=False,
            )
            await self._pool.open()
        return self._pool

    async def _prepare(self, connection: Connection) -> None:
        limit = f"{math.ceil(self._timeout * 2000)}ms"
        await connection.execute(
            "SELECT set_config('TimeZone', 'UTC', FALSE), set_config('statement_timeout', %s, FALSE)", (limit,)
        )
        await connection.commit()
