"""Handing one message to a mail server over SMTP, so that afterwards it is known what became of it.

`smtplib.sendmail` throws the server's final reply away and hides in which phase a connection broke; both decide whether
a message may ever be tried again, so MAIL, RCPT and DATA are spoken one by one here. What an answer means for a message
or a lead is decided by the sender. Building messages belongs to `domain/message.py`.
"""

import smtplib
import socket
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Self

from leadgen_assets.clients.errors import ClientError, LoginRefusedError
from leadgen_assets.clients.mail_transport import MailTransport, Phase, State, Transmission
from leadgen_assets.settings import Security, Settings
from tracking_service.hashes import domain_of
from tracking_service.loopback import is_loopback

_REPLY_LIMIT = 500
_CHUNK_BYTES = 65_536


class SmtpSession(MailTransport):
    """One authenticated connection to the mail server, good for many messages; a context manager.

    Args:
        host: name of the server; its certificate must match unless `security` is none.
        port: its port.
        security: starttls, tls (from the first byte) or none.
        user: login name; no login where it is empty.
        password: its password.
        greeting: the name this side gives in EHLO.
        timeout_seconds: longest wait for one reply.
        ca_file: the only authorities to trust, PEM; the system's where there is none.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        security: Security = "starttls",
        user: str = "",
        password: str = "",
        greeting: str = "localhost",
        timeout_seconds: float = 60.0,
        ca_file: Path | None = None,
    ) -> None:
        self._host, self._port, self._security = host, port, security
        self._user, self._password = user, password
        self._greeting, self._timeout = greeting, timeout_seconds
        self._ca_file = ca_file
        self._smtp: smtplib.SMTP | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The session that the settings describe, not yet opened.

        Raises:
            ClientError: if no mail server is set.
        """
        if not settings.smtp_host:
            raise ClientError("No mail server is set: fill in SMTP_HOST, SMTP_USER and SMTP_PASSWORD.")
        return cls(
            settings.smtp_host,
            settings.smtp_port,
            security=settings.smtp_security,
            user=settings.smtp_user,
            password=settings.smtp_password,
            greeting=domain_of(settings.from_email) or "localhost",
            timeout_seconds=settings.smtp_timeout_seconds,
            ca_file=settings.ca_file,
        )

    @property
    def is_open(self) -> bool:
        """Whether the next message can go without connecting again."""
        return self._smtp is not None

    def open(self) -> None:
        """Connect, secure and log in, unless that was done.

        Raises:
            ClientError: saying what to mend; retryable where the server may simply be busy or away.
        """
        if self._smtp is not None:
            return
        where = f"The mail server {self._host}:{self._port}"
        try:
            self._smtp = self._connected()
            if self._user:
                self._log_in(self._smtp)
        except ClientError:
            self._drop()
            raise
        except ssl.SSLError as error:
            self._drop()
            reason = getattr(error, "verify_message", "") or error.reason or error
            raise ClientError(
                f"{where} could not be secured ({reason}); check SMTP_HOST, SMTP_PORT and SMTP_SECURITY."
            ) from None
        except smtplib.SMTPResponseException as error:
            self._drop()
            temporary = 400 <= error.smtp_code < 500
            raise ClientError(
                f"{where} answered {error.smtp_code} {_text(error.smtp_error)}.", retryable=temporary
            ) from None
        except smtplib.SMTPNotSupportedError as error:
            self._drop()
            raise ClientError(
                f"{where} lacks what the settings ask for ({error}); check SMTP_SECURITY and the port."
            ) from None
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise ClientError(f"{where} cannot be reached ({_reason(error)}).", retryable=True) from None

    def transmit(self, envelope_sender: str, recipient: str, content: bytes) -> Transmission:
        """Hand over one message; never raises for what the server or the network does.

        Args:
            envelope_sender: where delivery reports go.
            recipient: the one recipient.
            content: the whole message, lines ending in CRLF.
        """
        smtp = self._smtp
        if smtp is None:
            return Transmission("lost", "mail", None, "not connected")
        if not (envelope_sender + recipient).isascii():
            return Transmission("refused", "rcpt", None, "an address is not ASCII")
        options = [f"size={len(content)}"] if smtp.has_extn("size") else []
        phase: Phase = "mail"
        try:
            code, words = smtp.mail(envelope_sender, options)
            if code // 100 == 2:
                phase = "rcpt"
                code, words = smtp.rcpt(recipient)
            if code // 100 == 2:
                phase = "data"
                code, words = smtp.docmd("DATA")
            if code != 354:
                return self._refused(smtp, phase, code, words)
            phase = "body"
            stuffed = _dot_stuffed(content)
            for start in range(0, len(stuffed), _CHUNK_BYTES):  # the time-out is for each chunk, not for all of it
                smtp.send(stuffed[start : start + _CHUNK_BYTES])
            phase = "final"
            smtp.send(b".\r\n")
            code, words = smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Transmission("unknown" if phase == "final" else "lost", phase, None, _reason(error))
        return self._final(code, words)

    def close(self) -> None:
        """Say goodbye where the server still listens."""
        if self._smtp is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._smtp.quit()
        self._drop()

    def _final(self, code: int, words: bytes) -> Transmission:
        states: dict[int, State] = {2: "accepted", 4: "deferred", 5: "refused"}
        state = states.get(code // 100, "unknown")
        if state == "unknown" or code == 421:
            self._drop()
        return Transmission(state, "final", code, _text(words))

    def _refused(self, smtp: smtplib.SMTP, phase: Phase, code: int, words: bytes) -> Transmission:
        """No message was handed over; leave the connection clean for the next one, or drop it."""
        state: State = "deferred" if code // 100 == 4 else "refused" if code // 100 == 5 else "lost"
        try:
            if state == "lost" or code == 421 or smtp.rset()[0] // 100 != 2:
                self._drop()
        except (OSError, smtplib.SMTPException):
            self._drop()
        return Transmission(state, phase, code, _text(words))

    def _connected(self) -> smtplib.SMTP:
        if self._security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, local_hostname=self._greeting, timeout=self._timeout, context=self._context()
            )
        else:
            smtp = smtplib.SMTP(self._host, self._port, local_hostname=self._greeting, timeout=self._timeout)
        self._smtp = smtp
        smtp.ehlo_or_helo_if_needed()
        if self._security == "starttls":
            code, words = smtp.starttls(context=self._context())
            if code != 220:
                raise smtplib.SMTPResponseException(code, words)
            smtp.ehlo_or_helo_if_needed()
        if smtp.sock is not None:
            # The final dot is a small packet of its own; it must not wait for the acknowledgement of the body.
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return smtp

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        if self._security == "none" and not is_loopback(self._host):
            raise ClientError(
                f"SMTP_SECURITY=none would show the password to anyone on the way to {self._host}; set starttls or tls."
            )
        try:
            smtp.login(self._user, self._password)
        except smtplib.SMTPAuthenticationError as error:
            kind = ClientError if error.smtp_code // 100 == 4 else LoginRefusedError
            raise kind(
                f"The mail server {self._host} refused the login ({error.smtp_code} {_text(error.smtp_error)});"
                " check SMTP_USER, SMTP_PASSWORD and the addresses it may be used from.",
                retryable=error.smtp_code // 100 == 4,
            ) from None

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._ca_file)  # of a rehearsal: then no other authority is trusted

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        self._smtp = None


def _dot_stuffed(content: bytes) -> bytes:
    at = content.find(b".")  # rare in an attachment, and found a hundred times faster than the start of a line
    while at > 0 and content[at - 2 : at] != b"\r\n":
        at = content.find(b".", at + 1)
    stuffed = content.replace(b"\r\n.", b"\r\n..") if at > 0 else content
    stuffed = b"." + stuffed if stuffed.startswith(b".") else stuffed
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"


def _text(words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join(text.replace("\0", "").split())[:_REPLY_LIMIT]


def _reason(error: Exception) -> str:
    return _text(str(error)) or type(error).__name__
