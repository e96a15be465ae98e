"""What the three kinds of asset have in common: their tags, their metadata, and when an action may act.

The assets themselves are in the stage modules.
"""

from datetime import date
from hashlib import sha256
from typing import Any, Literal

import dagster as dg
import polars as pl

from leadgen_assets.partitions import daily
from leadgen_assets.resources import Platform

Kind = Literal["observation", "derivation", "action", "external"]
DRY_RUN_TAG = "leadgen/dry_run"
OWNER = "team:leadgen"
_PREVIEW_ROWS = 5


def asset_options(
    kind: Kind, group: str, *kinds: str, code_version: str | None = None, personal: bool = False, **more: Any
) -> dict[str, Any]:
    """Keyword arguments that every asset of a kind shares, for `dg.asset`.

    Args:
        kind: observation, derivation, action or external.
        group: the stage, shown as the group in the UI.
        kinds: technologies shown on the node, such as polars or postgres.
        code_version: required for a derivation; a new one marks everything downstream stale.
        personal: the rows name people or businesses' addresses.
        more: passed on.
    """
    tags = {"leadgen/kind": kind} | ({"pii": "true"} if personal else {})
    options: dict[str, Any] = {"group_name": group, "owners": [OWNER], "tags": tags, "kinds": set(kinds)}
    if code_version is not None:
        options["code_version"] = code_version
    return options | {"partitions_def": daily} | more


def materialized(
    frame: pl.DataFrame, *preview: str, data_version: bool = False, **metadata: Any
) -> dg.Output[pl.DataFrame]:
    """The frame with row count and a small preview of columns that hold no personal data.

    Args:
        frame: the partition.
        preview: names of columns to show the first rows of.
        data_version: report a version of the content, so that the same content makes nothing stale.
        metadata: further entries, shown as they are.
    """
    entries: dict[str, Any] = {"dagster/row_count": frame.height, **metadata}
    if preview and frame.height:
        entries["preview"] = dg.MetadataValue.md(_markdown(frame.select(preview).head(_PREVIEW_ROWS)))
    version = dg.DataVersion(_content_version(frame)) if data_version else None
    return dg.Output(frame, metadata=entries, data_version=version)


def partition_day(context: dg.AssetExecutionContext) -> date:
    """The day of the partition that is being materialised."""
    return date.fromisoformat(context.partition_key)


def is_dry_run(context: dg.AssetExecutionContext) -> bool:
    """True for a run that may neither send nor alert nor spend."""
    return context.run.tags.get(DRY_RUN_TAG) == "true"


def may_observe(context: dg.AssetExecutionContext, platform: Platform) -> bool:
    """True only on the partition's own day: a past day returns what was captured then."""
    return partition_day(context) == platform.clock.today(platform.settings.operator_timezone)


def may_act(context: dg.AssetExecutionContext) -> bool:
    """False in a backfill and in a dry run: those read the ledger and change nothing."""
    return "dagster/backfill" not in context.run.tags and not is_dry_run(context)


def _content_version(frame: pl.DataFrame) -> str:
    text = frame.select(pl.exclude(pl.Binary))  # a file is stood for by the hash column beside it
    return sha256(text.write_ndjson().encode()).hexdigest()[:16]


def _markdown(frame: pl.DataFrame) -> str:
    lines = [frame.columns, ["---"] * frame.width, *([_cell(value) for value in row] for row in frame.rows())]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return "" if value is None else text.replace("|", "\\|").replace("\n", " ")[:60]
