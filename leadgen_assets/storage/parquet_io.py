"""The IO manager: one Parquet file per asset and day, written whole, cast to the asset's declared schema.

Which columns an asset has is said in `schemas`; queries over many days belong to `warehouse`.
"""

import os
from collections.abc import Mapping

import dagster as dg
import polars as pl
from upath import UPath

from leadgen_assets.storage.schemas import SCHEMAS, conform

Frames = pl.DataFrame | Mapping[str, pl.DataFrame]


class ParquetIOManager(dg.UPathIOManager):
    """Stores polars frames; a single-run backfill hands over and receives `{day: frame}`."""

    extension = ".parquet"

    def dump_to_path(self, context: dg.OutputContext, obj: pl.DataFrame, path: UPath) -> None:
        """Write one partition: beside its place and then moved, or in one request to an object store."""
        frame = conform(context.asset_key.path[-1], obj)
        if path.protocol not in {"", "file"}:
            with path.open("wb") as file:
                frame.write_parquet(file)
            return
        temporary = f"{path}.{os.getpid()}.tmp"
        frame.write_parquet(temporary)
        os.replace(temporary, str(path))

    def load_from_path(self, context: dg.InputContext, path: UPath) -> pl.DataFrame:
        """Read one partition with exactly its declared columns; columns added later are null."""
        with path.open("rb") as file:
            frame = pl.read_parquet(file.read())
        schema = SCHEMAS[context.asset_key.path[-1]]
        added = [pl.lit(None, dtype=kind).alias(name) for name, kind in schema.items() if name not in frame.columns]
        return frame.with_columns(added).select(pl.col(name).cast(kind) for name, kind in schema.items())

    def handle_output(self, context: dg.OutputContext, obj: Frames) -> None:
        """Write one partition, or each of several when one run covers a range of days."""
        if isinstance(obj, pl.DataFrame):
            super().handle_output(context, obj)
            return
        paths = self._get_paths_for_partitions(context)
        for key, path in paths.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            self.dump_to_path(context, obj[key], path)
