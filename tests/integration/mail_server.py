"""A real mail server on loopback (aiosmtpd, STARTTLS, login) that keeps what it accepts and can be told to misbehave."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

USER, PASSWORD = "sender@agency.test", "secret"


@dataclass(frozen=True)
class Accepted:
    """One message the server took over."""

    envelope_sender: str
    recipient: str
    content: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=policy.default)


@dataclass
class MailServer:
    """What it does to a recipient is looked up in `replies` (by phase), `drops` and `hangs`; `on_*` run in its thread."""

    replies: dict[str, dict[str, str]] = field(
        default_factory=lambda: {"mail": {}, "rcpt": {}, "data": {}, "final": {}}
    )
    drops: dict[str, str] = field(default_factory=dict)  # recipient -> rcpt, body or final
    hang_seconds: float = 0.0
    final_reply: str = "250 2.0.0 OK: queued as <20260302@relay.test>"
    accepted: list[Accepted] = field(default_factory=list)
    connections: int = 0
    logins: int = 0
    on_data: Callable[[str], None] = lambda recipient: None
    on_rcpt: Callable[[str], None] = lambda recipient: None

    def accepted_recipients(self) -> list[str]:
        return [one.recipient for one in self.accepted]

    def start(self, folder: Path, *, tls: bool = True, implicit: bool = False) -> None:
        authority = trustme.CA()
        self.ca_file = folder / "ca.pem"
        authority.cert_pem.write_to_path(self.ca_file)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self._controller = _Controller(
            self,
            hostname="127.0.0.1",
            port=0,
            context=context if tls and not implicit else None,
            ssl_context=context if implicit else None,
        )
        self._controller.start()
        self.port, self.connections = self._controller.port, 0

    def stop(self) -> None:
        self._controller.stop()

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "*" in self.replies["mail"]:
            return self.replies["mail"]["*"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.on_rcpt(address)
        if self.drops.get(address) == "rcpt":
            server.transport.abort()
        if address in self.replies["rcpt"]:
            return self.replies["rcpt"][address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        address = envelope.rcpt_tos[0]
        reply = self.replies["final"].get(address, self.final_reply)
        if reply.startswith("2"):
            self.accepted.append(Accepted(envelope.mail_from or "", address, envelope.original_content or b""))
        self.on_data(address)
        if self.drops.get(address) == "final":
            server.transport.abort()
        if self.hang_seconds:
            await asyncio.sleep(self.hang_seconds)
        return reply


class _Controller(Controller):
    def __init__(self, owner: MailServer, *, context: ssl.SSLContext | None, **options: Any) -> None:
        self._owner, self._tls = owner, context
        super().__init__(owner, **options)

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # the controller itself does not learn which port it got
        super()._trigger_server()

    def factory(self) -> SMTP:
        self._owner.connections += 1

        def log_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
            self._owner.logins += 1
            right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
            return AuthResult(success=right, handled=False)

        return _Smtp(
            self._owner,
            tls_context=self._tls,
            require_starttls=self._tls is not None,
            auth_required=True,
            auth_require_tls=self._tls is not None,
            authenticator=log_in,
            data_size_limit=20_000_000,
        )


class _Smtp(SMTP):
    async def smtp_DATA(self, arg: str) -> None:
        owner: MailServer = self.event_handler
        address = (self.envelope.rcpt_tos or [""])[0]
        if address in owner.replies["data"]:
            await self.push(owner.replies["data"][address])
        elif owner.drops.get(address) == "body":
            await self.push("354 go on")
            self.transport.abort()
        else:
            await super().smtp_DATA(arg)
