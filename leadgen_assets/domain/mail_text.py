"""Reading parsed messages that strangers wrote: decoded headers, addresses, body text, and a person's own words.

Broken encodings never raise here. What a message means belongs to `replies` and `bounces`.
"""

import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses

_TEXT_LIMIT = 20_000  # characters; enough for anything a person writes
_QUOTED_LINES, _QUOTED_LINE_CHARACTERS = 200, 300  # the quoting rules need quadratic time in a line's length
_QUOTING_ELEMENTS = (
    "blockquote, style, script, head, .gmail_quote, .gmail_quote_container, #divRplyFwdMsg, #appendonsend"
)
_QUOTE_LANGUAGES = ("en", "de", "sv", "fr", "es", "it", "nl", "pl", "da", "cs")
# Attribution lines of languages and clients that the parser does not know.
_OTHER_ATTRIBUTION = re.compile(
    r"^(?:.{0,120}\bkirjoitti\b.{0,160}:\s*$|-{2,} ?(?:Alkuperäinen viesti|Välitetty viesti|Forwarded message|"
    r"Weitergeleitete Nachricht|Ursprüngliche Nachricht) ?-{2,}|(?:Lähettäjä|Von|Från|From): .{3,})",
    re.IGNORECASE | re.MULTILINE,
)


def header_text(message: Message, name: str) -> str:
    """A header's decoded value on one line; empty where it is absent."""
    raw = next(_raw_values(message, name), None)
    if raw is None:
        return ""
    try:
        text = str(make_header(decode_header(raw)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        text = raw
    return " ".join(text.replace("\x00", "").split())


def addresses_in(message: Message, *names: str) -> list[str]:
    """Every address in the named headers, lower case, in order."""
    values = [value for name in names for value in _raw_values(message, name)]
    return [address.strip().lower() for _, address in getaddresses(values) if "@" in address]


def message_ids_in(message: Message, name: str) -> list[str]:
    """Message ids in a header, without angle brackets, in order."""
    text = " ".join(_raw_values(message, name))
    return re.findall(r"<([^<>\s]+)>", text) or [word for word in text.split() if "@" in word]


def parts_of_type(message: Message, content_type: str) -> Iterator[Message]:
    """The parts of one content type, embedded messages' parts included."""
    return (part for part in message.walk() if part.get_content_type() == content_type)


def embedded_messages(message: Message) -> list[Message]:
    """Messages or bare headers that a report or a forward encloses."""
    found: list[Message] = []
    for part in message.walk():
        payload = part.get_payload()
        if part.get_content_type() == "message/rfc822" and isinstance(payload, list):
            found += [inner for inner in payload if isinstance(inner, Message)]
        elif part.get_content_type() in {"text/rfc822-headers", "message/rfc822-headers"}:
            if isinstance(payload, list):
                found += [inner for inner in payload if isinstance(inner, Message)]
            else:
                found.append(_headers_only(part))
    return found


def body_text(message: Message) -> str:
    """The text that its reader sees first: the plain part, or the HTML part without markup and quotations."""
    plain = html = ""
    for part in _own_parts(message):
        if part.get_content_type() == "text/plain" and not plain:
            plain = _decoded(part)
        elif part.get_content_type() == "text/html" and not html:
            html = _decoded(part)
    return (plain if plain.strip() else _without_markup(html))[:_TEXT_LIMIT]


def link_text(message: Message) -> str:
    """All text and HTML of the message as written, for addresses that it quotes."""
    return "\n".join(_decoded(part) for part in message.walk() if part.get_content_maintype() == "text")[
        : 10 * _TEXT_LIMIT
    ]


def own_text(message: Message) -> str:
    """What the sender wrote, without quoted messages, signature and disclaimers."""
    from mailparser_reply import EmailReplyParser

    lines = body_text(message).splitlines()[:_QUOTED_LINES]
    text = "\n".join(line[:_QUOTED_LINE_CHARACTERS] for line in lines)
    replies = EmailReplyParser(languages=list(_QUOTE_LANGUAGES)).read(text).replies
    own = replies[0].body if replies else text
    own = _OTHER_ATTRIBUTION.split(own, maxsplit=1)[0]
    return "\n".join(line for line in own.splitlines() if not line.lstrip().startswith(">")).strip()


def _raw_values(message: Message, name: str) -> Iterator[str]:
    """A header's values as they came; bytes that should have been encoded are read as UTF-8, else as Latin-1."""
    for key, value in message.raw_items():
        if key.lower() == name.lower():
            octets = str(value).encode("utf-8", "surrogateescape")
            try:
                yield octets.decode()
            except UnicodeDecodeError:
                yield octets.decode("latin-1")


def _own_parts(message: Message) -> Iterator[Message]:
    """Text parts of the message itself: neither attachments nor what enclosed messages hold."""
    if message.get_content_maintype() == "message" or message.get_content_disposition() == "attachment":
        return
    payload = message.get_payload()
    if not message.is_multipart() or not isinstance(payload, list):
        yield message
        return
    for part in payload:
        if isinstance(part, Message):
            yield from _own_parts(part)


def _decoded(part: Message) -> str:
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    try:
        text = raw.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        text = raw.decode("utf-8", "replace")
    return text.replace("\x00", "")


def _without_markup(html: str) -> str:
    if not html:
        return ""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(html)
    for node in tree.css(_QUOTING_ELEMENTS):
        node.decompose()
    return tree.body.text(separator="\n", strip=True) if tree.body else ""


def _headers_only(part: Message) -> Message:
    from email.parser import HeaderParser

    return HeaderParser().parsestr(_decoded(part))
