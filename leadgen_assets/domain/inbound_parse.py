"""A message that Brevo's inbound parsing handed over as JSON, as the parsed message that the rules about replies read.

What the message means belongs to `replies`. Raw MIME does not come with it, so a delivery report is recognised by its
words and headers alone.
"""

from collections.abc import Iterator, Mapping
from email.message import Message
from email.utils import formataddr
from typing import Any

_OF_THE_RAW_MESSAGE = {"content-type", "content-transfer-encoding", "content-disposition", "mime-version"}
_ADDRESS_FIELDS = (
    ("From", "From"),
    ("To", "To"),
    ("Cc", "Cc"),
    ("ReplyTo", "Reply-To"),
    ("Recipients", "Delivered-To"),
)
_TEXT_FIELDS = (("Subject", "Subject"), ("MessageId", "Message-ID"), ("InReplyTo", "In-Reply-To"))


def message_of(item: Mapping[str, Any]) -> Message:
    """The message; whatever is missing or misshapen in the JSON is missing in the message too.

    Args:
        item: one member of `items`: Headers, From, To, Cc, ReplyTo, Recipients, Subject, MessageId, InReplyTo,
            RawTextBody, RawHtmlBody.
    """
    message = Message()
    headers = item.get("Headers")
    for name, value in headers.items() if isinstance(headers, Mapping) else ():
        if str(name).lower() not in _OF_THE_RAW_MESSAGE and str(name).isascii() and str(name).isprintable():
            for one in value if isinstance(value, list) else [value]:
                message[str(name)] = _line(one)
    for field, name in _ADDRESS_FIELDS:
        written = ", ".join(_mailboxes(item.get(field)))
        if written and name not in message:
            message[name] = written
    for field, name in _TEXT_FIELDS:
        if item.get(field) and name not in message:
            message[name] = _line(item[field])
    text, html = item.get("RawTextBody"), item.get("RawHtmlBody")
    if isinstance(text, str) and text.strip():
        _set_body(message, text, "plain")
    elif isinstance(html, str):
        _set_body(message, html, "html")
    return message


def _mailboxes(value: object) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, Mapping) and isinstance(one.get("Address"), str):
            name = one.get("Name")
            yield formataddr((_line(name) if isinstance(name, str) else "", _line(one["Address"])))
        elif isinstance(one, str):
            yield _line(one)


def _line(value: object) -> str:
    return " ".join(str(value).split()).encode("utf-8", "replace").decode()


def _set_body(message: Message, text: str, subtype: str) -> None:
    message["Content-Type"] = f'text/{subtype}; charset="utf-8"'
    message["Content-Transfer-Encoding"] = "8bit"
    message.set_payload(text.encode("utf-8", "replace").decode("ascii", "surrogateescape"))
