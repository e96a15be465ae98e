"""The final message as bytes: headers, text, HTML and attachments, the same for the same inputs, ready to be frozen.

Who gets one and what it says is decided by the drafts; where its bytes are kept is `storage/messages.py`. The Date is
no part of what is frozen: it says when a message was handed over, so the sender adds it then. The rest of the product
may rely on what is refused here: no message without unsubscribe links, with a forgotten marker, or with a line break
smuggled into a header.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import HeaderParseError
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import encode_rfc2231, format_datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from leadgen_assets.domain.identity import reply_address
from leadgen_assets.domain.markers import ALL, UNSUBSCRIBE

LinkFor = Callable[[str], str]
_MARKER_HOST = "links.invalid"
_NAME_LIMIT = 100
_DATE = re.compile(rb"^Date:", re.IGNORECASE | re.MULTILINE)
_BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")  # they can make a name read backwards


class MessageError(ValueError):
    """A message that must not be sent as it is, in one sentence that says why."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: name and address of From, and the mailbox that replies and delivery reports come back to."""

    name: str
    email: str
    reply_to: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file that goes with a message; `media_type` like `application/pdf`."""

    filename: str
    content: bytes
    media_type: str = "application/pdf"


@dataclass(frozen=True, slots=True)
class MessageDraft:
    """What is to be sent to whom; `text` and `html` hold the markers of `domain/markers.py` where links go.

    `thread` holds the Message-IDs of the messages before it, oldest first.
    """

    outreach_id: UUID
    step: int
    to_email: str
    subject: str
    text: str
    html: str
    attachments: Sequence[Attachment] = field(default=())
    thread: Sequence[str] = field(default=())


@dataclass(frozen=True, slots=True)
class FinalMessage:
    """A built message: its bytes (CRLF lines), their SHA-256, its Message-ID and its HTML with the links in place."""

    content: bytes
    sha256: str
    message_id: str
    html: str


def message_id_of(outreach_id: UUID, step: int, from_email: str) -> str:
    """The Message-ID, known before anything is sent."""
    return f"<{outreach_id}.{step}@{from_email.rpartition('@')[2]}>"


def build_message(draft: MessageDraft, sender: Sender, link_for: LinkFor) -> FinalMessage:
    """Build the message of one draft, without a Date.

    Args:
        draft: recipient, subject, bodies with markers, attachments.
        sender: who writes.
        link_for: the signed address that replaces a marker.

    Raises:
        MessageError: if a header would be broken, an address is unusable, a marker is left, or either body lacks the
            unsubscribe link.
    """
    reply_to = reply_address(sender.reply_to, draft.outreach_id)
    links = {marker: link_for(marker) for marker in ALL}
    text, page = _with_links(draft.text, links, "text"), _with_links(draft.html, links, "HTML", html.escape)
    message_id = message_id_of(draft.outreach_id, draft.step, sender.email)

    message = EmailMessage(policy=_POLICY)
    message["From"] = _mailbox(sender.name, sender.email)
    message["To"] = _address(draft.to_email, "recipient")
    message["Subject"] = _encoded(_one_line(draft.subject, "subject"), "Subject")
    message["Message-ID"] = message_id
    if draft.thread:
        ids = [_one_line(one, "thread") for one in draft.thread]
        message["In-Reply-To"], message["References"] = ids[-1], "\r\n ".join(ids)
    message["Reply-To"] = _address(reply_to, "reply")
    message["List-Unsubscribe"] = f"<{links[UNSUBSCRIBE]}>,\r\n <mailto:{reply_to}?subject=unsubscribe>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["X-Mailin-custom"] = f"outreach:{draft.outreach_id}"
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(page, subtype="html", cte="quoted-printable")
    for attachment in draft.attachments:
        _attach(message, attachment)
    _fix_boundaries(message, draft.outreach_id)
    content = message.as_bytes()
    return FinalMessage(content, sha256(content).hexdigest(), message_id, page)


def dated(content: bytes, at: datetime) -> bytes:
    """A frozen message as it leaves: a Date before its first line, and no other change.

    Args:
        content: the frozen bytes; one that has a Date, frozen by an earlier version, stays as it is.
        at: the aware moment at which it is handed over.
    """
    if _DATE.search(content.partition(b"\r\n\r\n")[0]):
        return content
    return f"Date: {format_datetime(at)}\r\n".encode("ascii") + content


class _FinalPolicy(EmailPolicy):
    """Writes the headers below exactly as they were prepared.

    The standard folding turns a header with a long address into encoded words, which no mail client takes for a link,
    and drops one of the two file names of an attachment.
    """

    prepared = frozenset(
        {
            "from",
            "to",
            "reply-to",
            "subject",
            "message-id",
            "in-reply-to",
            "references",
            "list-unsubscribe",
            "x-mailin-custom",
            "content-disposition",
        }
    )

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        return (name, value) if name.lower() in self.prepared else super().header_store_parse(name, value)

    def header_fetch_parse(self, name: str, value: Any) -> Any:
        return value if name.lower() in self.prepared else super().header_fetch_parse(name, value)

    def fold(self, name: str, value: Any) -> str:
        return f"{name}: {value}\r\n" if name.lower() in self.prepared else super().fold(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        return (
            self.fold(name, value).encode("ascii")
            if name.lower() in self.prepared
            else super().fold_binary(name, value)
        )


_POLICY = _FinalPolicy(linesep="\r\n", raise_on_defect=True)


def _with_links(body: str, links: dict[str, str], part: str, escape: Callable[[str], str] = str) -> str:
    if UNSUBSCRIBE not in body:
        raise MessageError(f"The {part} part has no unsubscribe link.")
    for marker, url in links.items():
        body = body.replace(marker, escape(url))
    if _MARKER_HOST in body:
        raise MessageError(f"The {part} part still holds a placeholder address on {_MARKER_HOST}.")
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in body):
        raise MessageError(f"The {part} part holds a character that cannot be sent.")
    return body


def _one_line(value: str, what: str) -> str:
    if not value.strip():
        raise MessageError(f"The {what} is empty.")
    if any(unicodedata.category(character) in {"Cc", "Zl", "Zp", "Cs"} for character in value):
        raise MessageError(f"The {what} holds a line break or control character.")
    return value


def _address(address: str, what: str) -> str:
    _one_line(address, f"{what} address")
    try:
        parsed = Address(addr_spec=address)
    except (HeaderParseError, ValueError, IndexError):
        raise MessageError(f"The {what} address is not a valid address.") from None
    if not address.isascii() or not parsed.domain or not parsed.username or " " in address:
        raise MessageError(f"The {what} address is not a plain ASCII address.")
    return address


def _mailbox(name: str, email: str) -> str:
    name, email = _one_line(name, "sender name"), _address(email, "sender")
    if name.isascii():
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{email}>'
    return f"{_encoded(name, 'From')}\r\n <{email}>"


def _encoded(value: str, header: str) -> str:
    """ASCII as it is, anything else as encoded words of legal length (the older Header class folds them rightly)."""
    if value.isascii() and len(value) < 900 and "=?" not in value:
        return value
    return Header(value, "utf-8", maxlinelen=76, header_name=header).encode(linesep="\r\n")


def _attach(message: EmailMessage, attachment: Attachment) -> None:
    name = _BIDI_CONTROLS.sub("", _one_line(attachment.filename, "attachment name"))
    stem, dot, suffix = name.rpartition(".")
    full = f"{(stem or suffix)[:_NAME_LIMIT]}{dot}{suffix}" if stem else name[:_NAME_LIMIT]
    ascii_name = _ascii_name(full)
    maintype, _, subtype = attachment.media_type.partition("/")
    message.add_attachment(attachment.content, maintype=maintype, subtype=subtype, cte="base64")
    part = list(message.iter_attachments())[-1]
    disposition = f'attachment; filename="{ascii_name}"'
    if ascii_name != full:
        disposition += f";\r\n filename*={encode_rfc2231(full, 'utf-8')}"
    del part["Content-Disposition"]
    part["Content-Disposition"] = disposition
    part.set_param("name", ascii_name)


def _ascii_name(name: str) -> str:
    """A file name that every client can show and every file system can store."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem, dot, suffix = re.sub(r"[^A-Za-z0-9._-]+", "_", plain).rpartition(".")
    stem = re.sub(r"_{2,}", "_", stem).strip("._-")
    return f"{stem[:60] or 'Proposal'}{dot}{suffix}"


def _fix_boundaries(message: EmailMessage, outreach_id: UUID) -> None:
    """The standard library draws boundaries at random; here they follow from the id, and cannot occur in a body."""
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{sha256(f'boundary:{outreach_id}:{number}'.encode()).hexdigest()[:32]}")
