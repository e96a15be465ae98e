"""The SMTP server that the product submits its mail to; it is also the mail server of every business in the town.

What people do with a message belongs to the visitors; they are told of each one through a callback.
"""

import asyncio
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.policy import default as default_policy
from typing import Literal

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from leadgen_assets.rehearsal.servers.loop_thread import LoopThread
from leadgen_assets.rehearsal.truth import Business
from tracking_service.clock import Clock

OPERATOR = "operator@studio.test"
_USER = "town-smtp-user"
_PASSWORD = "town-smtp-password"  # noqa: S105 - a simulated server has a simulated password
_SIZE_LIMIT_BYTES = 20 * 1024 * 1024

Step = Literal["rcpt", "data"]
# Decides on a fault from the step and the recipient: "hang", "reset" or the reply line to give.
FaultHook = Callable[[Step, str], str | None]
ArrivalHook = Callable[[str, bytes, str], object]


@dataclass(frozen=True, slots=True)
class SubmittedMail:
    """One message that was accepted for one recipient, and the words it was accepted with."""

    at: datetime
    envelope_from: str
    recipient: str
    content: bytes
    message_id: str
    reply: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """One recipient or message that was refused, and the words it was refused with."""

    at: datetime
    recipient: str
    reply: str


class MailExchanger:
    """Accepts authenticated submissions over STARTTLS, for the businesses of the town and for the operator.

    Args:
        businesses: decides who has a mailbox and what its server answers.
        clock: the virtual clock.
        ca: issues the certificate for 127.0.0.1 and localhost.
        operator: the address reports go to.

    Attributes:
        requests: what was accepted for businesses, in order.
        refusals: what was refused, in order.
        operator_inbox: what was accepted for the operator.
        on_arrival: called as `on_arrival(recipient, content, envelope_from)` in the server's thread, before the 250,
            for each message that reached a business.
        fault_for: asked before each answer to RCPT and DATA; returns a fault or None.
        faults_injected: faults that were carried out, by name.
    """

    def __init__(
        self, businesses: Iterable[Business], clock: Clock, ca: trustme.CA, *, operator: str = OPERATOR
    ) -> None:
        self.requests: list[SubmittedMail] = []
        self.refusals: list[Refusal] = []
        self.operator_inbox: list[SubmittedMail] = []
        self.on_arrival: ArrivalHook | None = None
        self.fault_for: FaultHook | None = None
        self.faults_injected: Counter[str] = Counter()
        self.operator = operator
        self._mailboxes = {b.email.lower(): b.mailbox for b in businesses if b.email and b.mailbox != "none"}
        self._clock = clock
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        ca.issue_cert("127.0.0.1", "localhost").configure_cert(self._tls)
        self._thread = LoopThread("town-smtp")
        self._lock = threading.Lock()
        self._port = 0

    def start(self) -> None:
        """Listen on 127.0.0.1: a free port at the first start, the same one later."""
        self._thread.start()
        self._port = self._thread.listen(self._listen())

    def stop(self) -> None:
        """Close the port and every connection, hung ones too; safe to call twice."""
        self._thread.stop()

    def settings(self) -> dict[str, str]:
        """The environment lines that point the product at this server."""
        return {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self._port),
            "SMTP_USER": _USER,
            "SMTP_PASSWORD": _PASSWORD,
            "SMTP_SECURITY": "starttls",
            "ADMIN_EMAIL": self.operator,
        }

    def duplicates(self) -> dict[str, int]:
        """Message-IDs that one recipient was sent more than once, with how often."""
        counted = Counter((mail.message_id, mail.recipient) for mail in [*self.requests, *self.operator_inbox])
        return {message_id: times for (message_id, _), times in counted.items() if times > 1}

    async def _listen(self) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: self._session(loop), "127.0.0.1", self._port)

    def _session(self, loop: asyncio.AbstractEventLoop) -> SMTP:
        return SMTP(
            _Handler(self),
            loop=loop,
            hostname="mx.town.test",
            ident="ESMTP",
            tls_context=self._tls,
            require_starttls=True,
            auth_required=True,
            authenticator=_authenticate,
            data_size_limit=_SIZE_LIMIT_BYTES,
            enable_SMTPUTF8=True,
        )

    def answer_recipient(self, address: str) -> str:
        """The reply to RCPT for an address."""
        mailbox = "accepts" if self._is_operator(address) else self._mailboxes.get(address.lower(), "unknown_user")
        if mailbox == "unknown_user":
            return self.refuse(address, f"550 5.1.1 <{address}>: Recipient address rejected: User unknown")
        if mailbox == "full":
            return self.refuse(address, f"452 4.2.2 <{address}>: Mailbox full")
        return "250 2.1.5 OK"

    def accept(self, envelope_from: str, recipients: list[str], content: bytes) -> str:
        """Take a message for its recipients; the reply to DATA."""
        message_id = str(message_from_bytes(content, policy=default_policy)["Message-ID"] or "").strip()
        with self._lock:
            now = self._clock.now()
            number = len(self.requests) + len(self.operator_inbox) + 1
            reply = f"250 2.0.0 OK: queued as <{now:%Y%m%d%H%M}.{number}@smtp-relay.town.test>"
            for recipient in recipients:
                mail = SubmittedMail(now, envelope_from, recipient, content, message_id, reply)
                (self.operator_inbox if self._is_operator(recipient) else self.requests).append(mail)
        if self.on_arrival:
            for recipient in recipients:
                if not self._is_operator(recipient):
                    self.on_arrival(recipient, content, envelope_from)
        return reply

    def planned_fault(self, step: Step, address: str) -> str | None:
        """The fault that is to happen at this step, if any; it is counted as injected."""
        planned = self.fault_for(step, address) if self.fault_for else None
        if planned:
            self.faults_injected[planned] += 1
        return planned

    def refuse(self, address: str, reply: str) -> str:
        """Write a refusal down; returns its words."""
        self.refusals.append(Refusal(self._clock.now(), address, reply))
        return reply

    def _is_operator(self, address: str) -> bool:
        return address.lower() == self.operator.lower()


class _Handler:
    """What aiosmtpd asks at each step of one connection."""

    def __init__(self, exchanger: MailExchanger) -> None:
        self._exchanger = exchanger

    async def handle_RCPT(  # noqa: N802 - named by aiosmtpd
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        planned = self._exchanger.planned_fault("rcpt", address)
        if planned and planned[0] in "45":
            return self._exchanger.refuse(address, planned)
        await _break(planned, server)
        reply = self._exchanger.answer_recipient(address)
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return reply

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        recipients = [str(recipient) for recipient in envelope.rcpt_tos]
        planned = self._exchanger.planned_fault("data", recipients[0])
        if planned and planned[0] in "45":
            return self._exchanger.refuse(recipients[0], planned)
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        reply = self._exchanger.accept(envelope.mail_from or "", recipients, content)
        await _break(planned, server)  # the worst case for a sender: taken, but it never hears so
        return planned if planned and planned[0] == "2" else reply


async def _break(planned: str | None, server: SMTP) -> None:
    if planned == "hang":
        await asyncio.Event().wait()
    if planned == "reset" and isinstance(server.transport, asyncio.Transport):
        server.transport.abort()


def _authenticate(_server: SMTP, _session: Session, _envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    if mechanism not in {"LOGIN", "PLAIN"} or not isinstance(data, LoginPassword):
        return AuthResult(success=False, handled=False)
    known = data.login == _USER.encode() and data.password == _PASSWORD.encode()
    return AuthResult(success=known, handled=False)
