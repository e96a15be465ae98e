"""The operator's reply mailbox: a real IMAP server that holds what the town answers.

Who writes what belongs to the visitors; reading it is the product's business.
"""

import asyncio
import ssl
from argparse import Namespace
from dataclasses import dataclass
from datetime import datetime

import trustme
from proxyprotocol.noop import ProxyProtocolNoop
from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import Config, Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxData, MailboxSet
from pymap.concurrent import Subsystem
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

from leadgen_assets.rehearsal.servers.loop_thread import LoopThread
from tracking_service.clock import Clock

ADDRESS = "replies@studio.test"
_PASSWORD = "town-imap-password"  # noqa: S105 - a simulated mailbox has a simulated password


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message that was put into the mailbox, and when."""

    at: datetime
    content: bytes


class Mailbox:
    """An IMAP server with one mailbox, for every address of the form `replies[+tag]@studio.test`.

    Args:
        clock: the virtual clock.
        ca: the town's certificate authority; with one the server speaks implicit TLS, without one plain text.

    Attributes:
        address: the mailbox's own address.
        requests: what was delivered, in order.
    """

    address = ADDRESS

    def __init__(self, clock: Clock, ca: trustme.CA | None = None) -> None:
        self.requests: list[Delivery] = []
        self._clock = clock
        self._tls = _server_tls(ca) if ca else None
        self._thread = LoopThread("town-imap")
        self._inbox: MailboxData | None = None
        self._port = 0

    def start(self) -> None:
        """Listen on a free port of 127.0.0.1.

        A later start keeps the port and restores the messages into a folder with a new UIDVALIDITY, as a server does
        that was restored from a backup.
        """
        self._thread.start()
        self._port = self._thread.listen(self._listen())

    def stop(self) -> None:
        """Close the port and every connection; safe to call twice."""
        self._thread.stop()

    def settings(self) -> dict[str, str]:
        """The environment lines that point the product at this mailbox."""
        return {
            "IMAP_HOST": "127.0.0.1",
            "IMAP_PORT": str(self._port),
            "IMAP_SECURITY": "tls" if self._tls else "none",
            "IMAP_USER": ADDRESS,
            "IMAP_PASSWORD": _PASSWORD,
            "IMAP_FOLDER": "INBOX",
            "REPLY_TO_EMAIL": ADDRESS,
        }

    def accepts(self, address: str) -> bool:
        """True for the mailbox's address, with or without a plus tag."""
        local, _, domain = address.strip().lower().rpartition("@")
        own_local, _, own_domain = ADDRESS.rpartition("@")
        return domain == own_domain and local.partition("+")[0] == own_local

    def deliver(self, content: bytes, at: datetime | None = None) -> None:
        """Put a message into the inbox, with the virtual time as its internal date."""
        delivery = Delivery(at or self._clock.now(), content)
        self._thread.run(self._append(delivery))
        self.requests.append(delivery)

    async def _listen(self) -> asyncio.Server:
        config = _Config(
            Namespace(),
            host=None,
            port=0,
            demo_data=False,
            demo_user="",
            demo_password="",
            tls_enabled=False,  # no STARTTLS: the connection is TLS from its first byte, or plain
            hash_context=Cleartext(),
            cpu_subsystem=Subsystem.for_asyncio(),
            proxy_protocol=ProxyProtocolNoop(),
            reject_dnsbl=False,
        )
        login = Login(config)
        login.users_dict[ADDRESS] = UserMetadata(config, ADDRESS, password=_PASSWORD)
        folders = MailboxSet()
        config.set_cache[ADDRESS] = (folders, FilterSet())
        self._inbox = await folders.get_mailbox("INBOX")
        for delivery in self.requests:
            await self._append(delivery)
        # the reader of proxy headers only adapts the connection: it expects none
        answer = ProxyProtocolReader(ProxyProtocolNoop()).get_callback(IMAPServer(login, config))
        return await asyncio.start_server(answer, "127.0.0.1", self._port, ssl=self._tls)

    async def _append(self, delivery: Delivery) -> None:
        if self._inbox is None:
            raise RuntimeError("The mailbox was never started.")
        await self._inbox.append(AppendMessage(delivery.content, delivery.at), recent=True)


class _Config(Config):
    """pymap's settings without a look-up of this machine's name, which a rehearsal does not allow."""

    @property
    def greeting(self) -> bytes:
        return b"imap.studio.test ready"


def _server_tls(ca: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context
