"""Connections to the ledger, the PostgreSQL database that holds what must be transactional.

SQL about one noun lives in that noun's module (`storage/outreach.py`, `storage/alerts.py`, ...), each function taking
an open connection from here. Imports neither Dagster nor polars, because the sender uses it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row

from leadgen_assets.storage.embedded_postgres import DatabaseUnavailableError

Connection = psycopg.Connection[dict[str, Any]]


@contextmanager
def ledger_connection(conninfo: str, *, timeout_seconds: float = 5.0) -> Iterator[Connection]:
    """One connection whose rows are dicts, in one transaction that commits at the end unless an exception leaves it.

    Raises:
        DatabaseUnavailableError: if the database cannot be reached.
    """
    try:
        connection = psycopg.connect(conninfo, row_factory=dict_row, connect_timeout=max(1, round(timeout_seconds)))
    except psycopg.OperationalError as error:
        reason = (str(error).strip().splitlines() or ["no answer"])[0].removeprefix("connection failed: ")
        raise DatabaseUnavailableError(
            f"The database is not reachable ({reason}); start it or mend DATABASE_URL."
        ) from None
    with connection:
        connection.execute("SET TIME ZONE 'UTC'")
        yield connection
