"""The reply mailbox over IMAP: messages that came after a cursor, read without leaving a trace in the mailbox.

What a message means belongs to `domain/replies`; where the cursor is kept belongs to `storage/inbox`.
"""

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote

import imap_tools

from leadgen_assets.clients.errors import ClientError
from leadgen_assets.settings import Settings

_SIZE_LIMIT_BYTES = 4 * 1024 * 1024  # the rest of a larger message is attachments
_INTERNAL_DATE = re.compile(rb'INTERNALDATE "([^"]+)"')


@dataclass(frozen=True, slots=True)
class MailboxMessage:
    """One message as the server holds it; the first 4 MiB of it."""

    uidvalidity: int
    uid: int
    received_at: datetime
    content: bytes


class MailboxClient:
    """Reads one folder of one mailbox, by the IMAP settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def name(self) -> str:
        """The name under which the ledger keeps this folder's cursor."""
        settings = self._settings
        return f"imap://{quote(settings.imap_user)}@{settings.imap_host}/{quote(settings.imap_folder)}"

    def messages_after(self, uidvalidity: int | None, last_uid: int, *, limit: int = 200) -> Iterator[MailboxMessage]:
        """Messages with a UID above the cursor, oldest first, at most `limit`; all of them where UIDVALIDITY changed.

        The folder is opened read-only and bodies are peeked at, so nothing is marked as seen.

        Raises:
            ClientError: in one sentence; messages already yielded stay valid.
        """
        with self._sentences(), self._folder() as (mailbox, current):
            after = last_uid if uidvalidity == current else 0
            # A range to `*` always includes the last message, even below its lower end.
            found = sorted(uid for uid in map(int, mailbox.uids(f"UID {after + 1}:*", charset=None)) if uid > after)
            for uid in found[:limit]:
                message = _fetch(mailbox.client, current, uid)
                if message is not None:
                    yield message

    def has_messages_after(self, uidvalidity: int | None, last_uid: int) -> bool:
        """Whether `messages_after` could yield anything; one STATUS, no message is touched.

        Raises:
            ClientError: in one sentence.
        """
        with self._sentences(), self._session() as mailbox:
            status = mailbox.folder.status(self._settings.imap_folder, ["UIDVALIDITY", "UIDNEXT", "MESSAGES"])
        if status.keys() < {"UIDVALIDITY", "UIDNEXT", "MESSAGES"}:
            return True
        if status["UIDVALIDITY"] != uidvalidity:
            return status["MESSAGES"] > 0
        return status["UIDNEXT"] - 1 > last_uid

    def has_sent(self, message_id: str) -> bool:
        """Whether IMAP_SENT_FOLDER holds a message with this Message-ID.

        Raises:
            ClientError: in one sentence.
        """
        with self._sentences(), self._session() as mailbox:
            mailbox.folder.set(self._settings.imap_sent_folder, readonly=True)
            return bool(mailbox.uids(f'HEADER Message-ID "{message_id}"', charset=None))

    @contextmanager
    def _folder(self) -> Iterator[tuple[imap_tools.BaseMailBox, int]]:
        settings = self._settings
        with self._session() as mailbox:
            mailbox.folder.set(settings.imap_folder, readonly=True)
            (value,) = mailbox.client.response("UIDVALIDITY")[1][-1:]
            if value is None:
                raise ClientError(f"The mail server {settings.imap_host} gives no UIDVALIDITY, which IMAP requires.")
            yield mailbox, int(value)

    @contextmanager
    def _session(self) -> Iterator[imap_tools.BaseMailBox]:
        settings = self._settings
        mailbox = self._connect()
        try:
            mailbox.login(settings.imap_user, settings.imap_password, initial_folder=None)
            yield mailbox
        finally:
            with suppress(imaplib.IMAP4.error, imap_tools.ImapToolsError, OSError):
                mailbox.logout()

    def _connect(self) -> imap_tools.BaseMailBox:
        settings = self._settings
        address, timeout = (settings.imap_host, settings.imap_port), settings.imap_timeout_seconds
        if settings.imap_security == "none":
            return imap_tools.MailBoxUnencrypted(*address, timeout=timeout)
        trust = ssl.create_default_context(
            cafile=settings.ca_file
        )  # of a rehearsal: then no other authority is trusted
        kind = imap_tools.MailBox if settings.imap_security == "tls" else imap_tools.MailBoxStartTls
        return kind(*address, timeout=timeout, ssl_context=trust)

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        settings = self._settings
        place = f"{settings.imap_host}:{settings.imap_port}"
        try:
            yield
        except imap_tools.MailboxLoginError:
            raise ClientError(
                f"The mail server {place} refused the login: check IMAP_USER and IMAP_PASSWORD."
            ) from None
        except imap_tools.MailboxFolderSelectError:
            raise ClientError(f"The mailbox has no folder {settings.imap_folder!r}: check IMAP_FOLDER.") from None
        except ssl.SSLError as error:
            reason = getattr(error, "verify_message", "") or error.reason or "TLS failed"
            raise ClientError(
                f"No trusted TLS with the mail server {place} ({reason}): check IMAP_SECURITY and CA_FILE.",
                retryable=True,
            ) from None
        except (imaplib.IMAP4.error, imap_tools.ImapToolsError, OSError) as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
            raise ClientError(
                f"The mail server {place} does not answer as it should ({reason}): check IMAP_HOST, IMAP_PORT and"
                " IMAP_SECURITY, or wait for the next poll.",
                retryable=True,
            ) from None


def _fetch(client: imaplib.IMAP4, uidvalidity: int, uid: int) -> MailboxMessage | None:
    """One message, or None where it was deleted meanwhile."""
    status, answer = client.uid("FETCH", str(uid), f"(UID INTERNALDATE BODY.PEEK[]<0.{_SIZE_LIMIT_BYTES}>)")
    if status != "OK":
        raise imaplib.IMAP4.error(f"FETCH was answered by {status}")
    content = next((item[1] for item in answer if isinstance(item, tuple)), None)
    if content is None:
        return None
    around = b" ".join(item[0] if isinstance(item, tuple) else item for item in answer if item)
    date = _INTERNAL_DATE.search(around)
    if date is None:
        raise imaplib.IMAP4.error("FETCH left out INTERNALDATE")
    received_at = parsedate_to_datetime(date[1].decode("ascii", "replace").strip().replace("-", " ", 2))
    return MailboxMessage(uidvalidity, uid, received_at.astimezone(UTC), content)
