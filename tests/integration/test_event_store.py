"""The store over a connection on which PostgreSQL says its last words; the service as a whole is killed in `test_tracking_durability`."""

import asyncio
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from tests.conftest import MONDAY
from tests.integration.tracking import rows, sent_message
from tracking_service.clock import SystemClock
from tracking_service.events import TrackingEvent
from tracking_service.store import DatabaseAwayError, EventStore

_FIELDS = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
LAST_WORDS = b"E" + (len(_FIELDS) + 4).to_bytes(4, "big") + _FIELDS


class Relay:
    """Stands between the store and PostgreSQL, on a socket of its own, and can speak in the server's place."""

    def __init__(self, conninfo: str, folder: Path) -> None:
        parts = urlsplit(conninfo)
        self._server = Path(parse_qs(parts.query)["host"][0]) / ".s.PGSQL.5432"
        self._socket = folder / ".s.PGSQL.5432"
        self.url = parts._replace(query=f"host={folder}").geturl()
        self.clients: list[asyncio.StreamWriter] = []

    async def start(self) -> asyncio.Server:
        return await asyncio.start_unix_server(self._serve, self._socket)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.clients.append(writer)
        answers, requests = await asyncio.open_unix_connection(self._server)
        await asyncio.gather(_copy(reader, requests), _copy(answers, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while content := await reader.read(65536):
            writer.write(content)
            await writer.drain()
    writer.close()


def test_a_server_that_says_goodbye_and_leaves_the_connection_open_counts_as_away(
    ledger_conninfo: str, tmp_path: Path
) -> None:
    event = TrackingEvent(uuid4().hex, "open", sent_message(ledger_conninfo), MONDAY)

    async def through_the_relay() -> tuple[int, int]:
        relay = Relay(ledger_conninfo, tmp_path)
        async with await relay.start():
            store = EventStore(relay.url, SystemClock(), "a secret", timeout_seconds=5.0)
            await store.connect()
            relay.clients[-1].write(LAST_WORDS)
            await asyncio.sleep(0.1)
            with pytest.raises(DatabaseAwayError):
                await store.insert([event])
            await store.connect()
            added = await store.insert([event])
            await store.close()
            return added, len(relay.clients)

    assert asyncio.run(through_the_relay()) == (1, 2)
    assert len(rows(ledger_conninfo, "SELECT 1 FROM email_events")) == 1
