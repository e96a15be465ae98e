"""A real SMTP server on loopback (aiosmtpd) that keeps a log of what it took over, and stops at any of its own steps.

The log is written where a real server would make a message its own: after the final dot, before the 250. It outlives
every sender, so it is what the ledger is compared with.
"""

import asyncio
import logging
import socket
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from benchmarks.outreach_mails import PASSWORD, USER
from leadgen_assets.rehearsal.servers.loop_thread import LoopThread
from tracking_service.hashes import content_hash

logging.getLogger("mail.log").setLevel(logging.ERROR)
warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS")  # it listens on loopback
_LINES_BEFORE_A_STOP = 40
_RECEIVE_BUFFER_BYTES = 16_384
_SEGMENT_BYTES = 1460


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log: what was seen (`mail`, `rcpt`, `data`, `accepted`), of which recipient, which content."""

    step: str
    recipient: str
    sha256: str = ""


@dataclass(slots=True)
class Stop:
    """Stand still at a step, once it was passed `after` times, until `call(recipient)` returns.

    The steps are `login`, `mail`, `rcpt`, `body` (a part of the message has come) and `accepted` (it was taken over, and
    the 250 is not sent yet).
    """

    step: str
    call: Callable[[str], None]
    after: int = 0


class WatchedMailServer:
    """Takes every message of the one login.

    Args:
        narrow: segments and window as between two machines, instead of loopback's.

    Attributes:
        log: what it saw, in order.
        stop: where to stand still next, once; None for nowhere.
    """

    def __init__(self, *, narrow: bool = False) -> None:
        self._narrow = narrow
        self.log: list[Entry] = []
        self.stop: Stop | None = None
        self._thread = LoopThread("watched-smtp")
        self.port = 0

    def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        self._thread.start()
        self.port = self._thread.listen(self._listen())

    def close(self) -> None:
        """Close the port and every connection."""
        self._thread.stop()

    def accepted(self) -> list[Entry]:
        """What it took over."""
        return [entry for entry in self.log if entry.step == "accepted"]

    async def _listen(self) -> asyncio.Server:
        # asyncio sets TCP_NODELAY only where the protocol is named
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        if self._narrow:
            # On loopback a whole message fits into the kernel's buffers, and a sender killed "during DATA" would in truth
            # have been waiting for the answer.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SEGMENT_BYTES)
        listener.bind(("127.0.0.1", 0))
        return await asyncio.get_running_loop().create_server(self._session, sock=listener)

    def _session(self) -> SMTP:
        return _Session(
            self,
            hostname="relay.test",
            auth_required=True,
            auth_require_tls=False,
            authenticator=_log_in,
            data_size_limit=20_000_000,
            loop=asyncio.get_running_loop(),
        )

    def must_stop(self, step: str) -> "Stop | None":
        """The stop that is due at this step, which is then over; None where the server goes on."""
        stop = self.stop
        if stop is None or stop.step != step:
            return None
        stop.after -= 1
        if stop.after >= 0:
            return None
        self.stop = None
        return stop

    async def reached(self, step: str, recipient: str = "") -> None:
        """Stand still here if that was asked for."""
        stop = self.must_stop(step)
        if stop is not None:
            await asyncio.get_running_loop().run_in_executor(None, stop.call, recipient)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.log.append(Entry("mail", ""))
        await self.reached("mail")
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.log.append(Entry("rcpt", address))
        await self.reached("rcpt", address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        recipient = envelope.rcpt_tos[0]
        _date, _, frozen = (envelope.original_content or b"").partition(b"\r\n")  # the sender puts the Date first
        self.log.append(Entry("accepted", recipient, content_hash(frozen)))
        await self.reached("accepted", recipient)
        return f"250 2.0.0 OK: queued as <{len(self.log)}@relay.test>"


class _Session(SMTP):
    async def smtp_AUTH(self, arg: str) -> None:
        await self.event_handler.reached("login")
        await super().smtp_AUTH(arg)

    async def smtp_DATA(self, arg: str) -> None:
        server: WatchedMailServer = self.event_handler
        recipient = self.envelope.rcpt_tos[0]
        server.log.append(Entry("data", recipient))
        stop = server.must_stop("body")
        if stop is not None:
            await self.push("354 go on")
            for _ in range(_LINES_BEFORE_A_STOP):
                await self._reader.readuntil(b"\r\n")
            await asyncio.get_running_loop().run_in_executor(None, stop.call, recipient)
            raise asyncio.CancelledError  # nobody is left to read from
        await super().smtp_DATA(arg)


def _log_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)
