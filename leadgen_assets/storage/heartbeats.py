"""Rows that say when a process last lived. The tracking service writes its own."""

from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from leadgen_assets.storage.ledger import Connection


def beat(connection: Connection, name: str, at: datetime, detail: dict[str, Any]) -> None:
    """Note that a process lives."""
    connection.execute(
        "INSERT INTO heartbeats (name, beat_at, detail) VALUES (%s, %s, %s)"
        " ON CONFLICT (name) DO UPDATE SET beat_at = excluded.beat_at, detail = excluded.detail",
        (name, at, Jsonb(detail)),
    )
