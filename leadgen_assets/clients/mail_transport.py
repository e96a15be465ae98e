"""How a message leaves, whatever carries it: one interface, and what became of one attempt.

Each carrier has a module of its own: `smtp`, `brevo_api`, `mail_folder`. What an answer means for a message or a lead
is decided by the sender.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

from leadgen_assets.settings import Settings

State = Literal["accepted", "deferred", "refused", "lost", "unknown"]
Phase = Literal["mail", "rcpt", "data", "body", "final"]


@dataclass(frozen=True, slots=True)
class Transmission:
    """What became of one attempt to hand over one message.

    Attributes:
        state: accepted (the other side took it over), deferred (not now), refused (never), lost (the connection broke
            before the other side can have had all of it), unknown (it broke, or made no sense, after that).
        phase: where that was decided, in SMTP's terms: mail, rcpt, data (the command), body (before the dot), final
            (after the dot). A carrier without these steps says `final`.
        code: the reply's three digits, where one came; HTTP's for an API.
        reply: the other side's words, or what broke.
    """

    state: State
    phase: Phase
    code: int | None
    reply: str


class MailTransport(ABC):
    """One carrier, opened once for a batch; a context manager."""

    def __enter__(self) -> Self:
        """Open it."""
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    @property
    @abstractmethod
    def is_open(self) -> bool:
        """Whether the next message can go at once."""

    @abstractmethod
    def open(self) -> None:
        """Get ready, unless that was done.

        Raises:
            ClientError: saying what to mend; retryable where the other side may simply be busy or away.
        """

    @abstractmethod
    def transmit(self, envelope_sender: str, recipient: str, content: bytes) -> Transmission:
        """Hand over one message; never raises for what the other side or the network does.

        Args:
            envelope_sender: where delivery reports go.
            recipient: the one recipient.
            content: the whole message, lines ending in CRLF.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go."""


def transport_of(settings: Settings) -> MailTransport:
    """The carrier that MAIL_TRANSPORT names, not yet opened; only its own module is loaded.

    Raises:
        ClientError: if a setting that it needs is missing.
    """
    if settings.mail_transport == "folder":
        from leadgen_assets.clients.mail_folder import MailFolder

        return MailFolder(settings.mail_folder_path)
    if settings.mail_transport == "brevo_api":
        from leadgen_assets.clients.brevo_api import BrevoApi

        return BrevoApi.of(settings)
    from leadgen_assets.clients.smtp import SmtpSession

    return SmtpSession.of(settings)
