"""Mail that came by webhook (table `inbound_mail`): one after the other, and its content gone once it is classified.

The tracking service writes it as it came; what it means is decided in `domain/replies`.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadgen_assets.storage.ledger import Connection


@dataclass(frozen=True, slots=True)
class InboundItem:
    """One message as the provider wrote it."""

    uid: int
    received_at: datetime
    item: dict[str, Any]


def next_inbound(connection: Connection) -> InboundItem | None:
    """The oldest one that nobody has classified, held until the transaction ends; None where there is none."""
    row = connection.execute(
        "SELECT uid, received_at, content FROM inbound_mail WHERE classified_at IS NULL"
        " ORDER BY uid LIMIT 1 FOR UPDATE SKIP LOCKED"
    ).fetchone()
    return InboundItem(row["uid"], row["received_at"], json.loads(row["content"])) if row else None


def close_inbound(connection: Connection, uid: int, *, at: datetime) -> None:
    """It was classified: only that it came is kept."""
    connection.execute("UPDATE inbound_mail SET classified_at = %s, content = NULL WHERE uid = %s", (at, uid))


def is_inbound_waiting(connection: Connection) -> bool:
    """Whether any waits."""
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM inbound_mail WHERE classified_at IS NULL) AS found"
    ).fetchone()
    return bool(row and row["found"])
