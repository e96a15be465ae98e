"""Queries over many Parquet partitions, through DuckDB in memory. Writing partitions belongs to `parquet_io`."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from leadgen_assets.storage.schemas import SCHEMAS

Connect = Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]


def _in_memory() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(":memory:")


class Warehouse:
    """The Parquet files of every asset under one folder, `<asset>/<YYYY-MM-DD>.parquet`.

    Args:
        folder: where they are.
        connect: opens a DuckDB connection in memory.
    """

    def __init__(self, folder: Path, connect: Connect = _in_memory) -> None:
        self.folder = folder
        self._connect = connect

    def days(self, asset: str, *, since: date | None = None, until: date | None = None) -> list[date]:
        """The days an asset has a partition for, in order."""
        found = sorted(date.fromisoformat(path.stem) for path in (self.folder / asset).glob("????-??-??.parquet"))
        return [day for day in found if (since is None or day >= since) and (until is None or day <= until)]

    def read(
        self, asset: str, *, since: date | None = None, until: date | None = None, columns: Sequence[str] | None = None
    ) -> pl.DataFrame:
        """All rows of an asset over a range of days, both ends included, in day order.

        Args:
            asset: its name.
            since: the first day.
            until: the last day.
            columns: the declared columns to read, where not all of them are needed.
        """
        days = self.days(asset, since=since, until=until)
        declared = SCHEMAS[asset]
        schema = declared if columns is None else pl.Schema({name: declared[name] for name in columns})
        if not days:
            return pl.DataFrame(schema=schema)
        files = [str(self.folder / asset / f"{day}.parquet") for day in days]
        with self._connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            found = connection.sql("SELECT * FROM read_parquet($files, union_by_name = true)", params={"files": files})
            kept = [f'"{name}"' for name in found.columns if name in schema]
            frame = pl.DataFrame(found.select(", ".join(kept)))
        added = [pl.lit(None, dtype=kind).alias(name) for name, kind in schema.items() if name not in frame.columns]
        return frame.with_columns(added).select(pl.col(name).cast(kind) for name, kind in schema.items())
