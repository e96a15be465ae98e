"""Taking somebody out of files: the Parquet partitions of every asset, and frozen messages.

Which rows go is said in `domain/erased`. A partition is replaced whole, so a killed run leaves the old or the new one.
"""

import os
from collections import Counter
from collections.abc import Collection
from datetime import date
from uuid import UUID

import polars as pl

from leadgen_assets.domain.erased import Erased, without_rows
from leadgen_assets.settings import Settings
from leadgen_assets.storage.schemas import SCHEMAS
from leadgen_assets.storage.warehouse import Warehouse

_LAST = "leads"  # it says which places belong to a lead, which a repetition needs to know


def erase_from_partitions(warehouse: Warehouse, who: Erased) -> Counter[str]:
    """Rewrite every partition that names them; how many rows that concerned, by asset."""
    found: Counter[str] = Counter()
    for asset in sorted(SCHEMAS, key=lambda name: (name == _LAST, name)):
        for day in warehouse.days(asset):
            rewritten, rows = without_rows(asset, warehouse.read(asset, since=day, until=day), who)
            if rows:
                replace_partition(warehouse, asset, day, rewritten)
                found[asset] += rows
    return found


def replace_partition(warehouse: Warehouse, asset: str, day: date, frame: pl.DataFrame) -> None:
    """Write a partition beside its place and move it there."""
    path = warehouse.folder / asset / f"{day}.parquet"
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    frame.write_parquet(temporary)
    temporary.replace(path)


def leads_named(warehouse: Warehouse, lead_ids: Collection[str]) -> pl.DataFrame:
    """What the partitions of `leads` call some leads: lead_id, place_keys, name, phone, email."""
    columns = ["lead_id", "place_keys", "name", "phone", "email"]
    return warehouse.read("leads", columns=columns).filter(pl.col("lead_id").is_in(list(lead_ids)))


def delete_messages(settings: Settings, hashes: Collection[str], outreach_ids: Collection[UUID]) -> int:
    """Delete frozen messages by their hash, and dry runs, linked proposals and an outbox by id; how many files."""
    paths = [settings.messages_folder / f"{sha256}.eml" for sha256 in hashes]
    for one in outreach_ids:
        paths += (settings.leadgen_home / "dry-run").glob(f"*/{one}.*")
        paths += [settings.proposals_folder / f"{one}.pdf", settings.mail_folder_path / f"{one.hex}.eml"]
    found = [path for path in paths if path.exists()]
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)
