"""Replies that a provider hands over by webhook, kept until the mailbox observation classifies them."""

import json
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from tracking_service.ledger.pool import Connection

_INSERT = """
INSERT INTO inbound_mail (dedupe_key, content, received_at) VALUES (%s, %s, %s) ON CONFLICT (dedupe_key) DO NOTHING
"""


async def store_inbound(connection: Connection, items: Sequence[dict[str, Any]], at: datetime) -> int:
    """Keep each item as it came, once; how many were new."""
    new = 0
    for item in items:
        content = json.dumps(item, sort_keys=True, ensure_ascii=True)
        name = item.get("MessageId") or item.get("Uuid") or content
        key = sha256(json.dumps(name, sort_keys=True).encode()).hexdigest()
        new += (await connection.execute(_INSERT, (key, content, at))).rowcount
    return new
