"""What a connection may cost us: bytes before its request is whole, time, and a place among the others.

uvicorn bounds none of these. What a request says, and how large its body may be, is the applications'.
"""

import asyncio
import resource
import time
from collections.abc import Iterable

from tracking_service.joined_writes import JoinedWritesProtocol

LONGEST_HEAD_BYTES = 32_768
MOST_CONNECTIONS = 2_000
_OTHER_FILES = 64  # the database, the spool, the log
_REFUSAL = (
    b"HTTP/1.1 %s\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 0\r\n"
    b"cache-control: no-store\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n"
)


class BoundedConnection(JoinedWritesProtocol):
    """uvicorn's protocol for strangers.

    A head longer than LONGEST_HEAD_BYTES is refused (431), what is no HTTP too (400), and a connection beyond
    `most_connections` is ended before it is read. `end_stalled` ends those that do not come to a point.
    """

    most_connections = MOST_CONNECTIONS
    _head_bytes = 0  # received and not yet read as a head or a body
    _is_arriving = True  # no request of it is whole
    _stalled_since: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin a connection, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.most_connections:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Read what arrived."""
        self._is_arriving = True
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > LONGEST_HEAD_BYTES and not self.transport.is_closing():
            self._refuse(b"431 Request Header Fields Too Large")

    def on_headers_complete(self) -> None:
        """A head is whole: what follows is a body."""
        self._head_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Part of a body: its length is the application's to judge."""
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is whole: time is ours from now on."""
        self._is_arriving, self._stalled_since = False, None
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        self._refuse(b"400 Bad Request")

    def has_stalled(self, now: float, seconds: float) -> bool:
        """Whether a request has been arriving, or the last answer leaving, for so long; asked again and again."""
        if not (self._is_arriving or self.transport.is_closing()):
            self._stalled_since = None
        elif self._stalled_since is None:
            self._stalled_since = now
        return self._stalled_since is not None and now - self._stalled_since >= seconds

    def _refuse(self, status: bytes) -> None:
        self.transport.write(_REFUSAL % status)
        self.transport.close()


def end_stalled(connections: Iterable[object], seconds: float) -> None:
    """End every connection whose request did not arrive, or whose answer is not taken, in so many seconds."""
    now = time.monotonic()
    for connection in list(connections):
        if isinstance(connection, BoundedConnection) and connection.has_stalled(now, seconds):
            connection.transport.abort()


def make_room() -> int:
    """How many connections there may be: MOST_CONNECTIONS, or fewer where the system gives us fewer open files."""
    wanted = MOST_CONNECTIONS + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        return max(soft - _OTHER_FILES, soft // 2)
    return MOST_CONNECTIONS
