"""A person's own question to the Parquet files, read-only: DuckDB in memory, shut in the warehouse's folder.

What the product itself reads goes through `warehouse`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from leadgen_assets.storage.schemas import SCHEMAS

Answer = tuple[list[str], list[tuple[Any, ...]]]


class QueryError(Exception):
    """A question that the warehouse cannot answer; the message says why."""


def ask(folder: Path, query: str) -> Answer:
    """Column names and rows of one SELECT.

    Args:
        folder: the warehouse.
        query: names assets as tables; `partition_day` is the day of a row.

    Raises:
        QueryError: if it is not one SELECT, or DuckDB refuses it.
    """
    try:
        statements = duckdb.extract_statements(query)
        if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
            raise QueryError("`leadgen sql` answers one SELECT; nothing else is run.")
        with _shut_in(folder) as connection:
            found = connection.sql(query)
            return list(found.columns), found.fetchall()
    except duckdb.Error as error:
        reason = " ".join(str(error).split(" LINE ")[0].split("\n\n")[0].split())
        known = ", ".join(_filled(folder)) or "none yet"
        raise QueryError(f"{reason.rstrip('.')}. Tables: {known}.") from None


def tables(folder: Path) -> Answer:
    """One row for each asset that has partitions: its name, days, rows and columns."""
    rows = []
    with _shut_in(folder) as connection:
        for name in _filled(folder):
            counted = connection.execute(f'SELECT count(DISTINCT partition_day), count(*) FROM "{name}"').fetchone()
            rows.append((name, *(counted or (0, 0)), ", ".join(SCHEMAS[name])))
    return ["table", "days", "rows", "columns"], rows


def _filled(folder: Path) -> list[str]:
    return [name for name in SCHEMAS if any((folder / name).glob("????-??-??.parquet"))]


@contextmanager
def _shut_in(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with a view for each asset; it reaches no file elsewhere and no network, and stays so."""
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"SET allowed_directories = [{_quoted(f'{folder}/')}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        for name in _filled(folder):
            files = _quoted(str(folder / name / "????-??-??.parquet"))
            connection.execute(
                f'CREATE VIEW "{name}" AS SELECT * EXCLUDE (partition_file),'
                " CAST(parse_filename(partition_file, true) AS DATE) AS partition_day"
                f" FROM read_parquet({files}, union_by_name = true, filename = 'partition_file')"
            )
        yield connection


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
