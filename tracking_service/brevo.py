"""Brevo's transactional webhooks, read: one of its events, whatever its spelling, as one of ours. Pure rules.

Authentication and bounds belong to the resource, what follows from an event to the database.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid5

from tracking_service.hashes import normal_address

EventType = Literal[
    "accepted", "delivered", "bounce", "soft_bounce", "blocked", "deferred", "complaint", "unsubscribe", "open", "click"
]
VERSION = "brevo-1"
_NAMESPACE = UUID("0b7c6d3e-52d0-5a0e-9f0a-7f2c1b7d9a41")
_CUSTOM = re.compile(r"outreach:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")
_TEXT_CHARACTERS = 300
_URL_CHARACTERS = 2000
_AHEAD = timedelta(hours=1)

# Lower case letters alone, without a plural s: webhooks, their registration and the statistics spell differently.
_TYPES: dict[str, EventType] = {
    "request": "accepted",
    "sent": "accepted",
    "delivered": "delivered",
    "delivery": "delivered",
    "hardbounce": "bounce",
    "invalid": "bounce",
    "invalidemail": "bounce",
    "softbounce": "soft_bounce",
    "blocked": "blocked",
    "block": "blocked",
    "deferred": "deferred",
    "error": "deferred",
    "spam": "complaint",
    "complaint": "complaint",
    "unsubscribed": "unsubscribe",
    "unsubscribe": "unsubscribe",
    "opened": "open",
    "open": "open",
    "uniqueopened": "open",
    "uniqueopen": "open",
    "firstopening": "open",
    "proxyopen": "open",
    "uniqueproxyopen": "open",
    "loadedbyproxy": "open",
    "click": "click",
    "clicked": "click",
    "uniqueclick": "click",
}
_BY_MACHINES = {"proxyopen", "uniqueproxyopen", "loadedbyproxy"}
_PEOPLES_ACTS = {"complaint", "unsubscribe"}


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """One event that the provider told of.

    Attributes:
        id: the same for the same event told again.
        event_type: what it is.
        spelling: the provider's name of it, letters only.
        email: the recipient, trimmed; empty where none was given.
        outreach_id: our message by its own mark, if it came back.
        message_ids: what it calls the message, with and without angle brackets.
        occurred_at: aware moment.
        reason: the other server's words, without the address, shortened.
        url: of a click.
    """

    id: UUID
    event_type: EventType
    spelling: str
    email: str
    outreach_id: UUID | None
    message_ids: tuple[str, ...]
    occurred_at: datetime
    reason: str
    url: str | None

    @property
    def verdict(self) -> Literal["person", "machine", "unsure"]:
        """Opens and clicks come without the signals to judge by: our own links tell people from machines."""
        if self.event_type in {"open", "click"}:
            return "machine" if self.spelling in _BY_MACHINES else "unsure"
        return "person" if self.event_type in _PEOPLES_ACTS else "machine"


def read_event(item: Mapping[str, Any], now: datetime) -> ProviderEvent | None:
    """The event that one object of a webhook tells of, or None for one that we do not know."""
    spelling = re.sub(r"[^a-z]", "", _text(item, "event").lower())
    event_type = _TYPES.get(spelling) or _TYPES.get(spelling.removesuffix("s"))
    if event_type is None:
        return None
    email, message_id = _text(item, "email"), _text(item, "message-id", "message_id", "messageId").strip("<>")
    url = _text(item, "link", "URL", "url")[:_URL_CHARACTERS] or None
    custom = _CUSTOM.search(_text(item, "X-Mailin-custom", "X-Mailin-Custom", "x-mailin-custom"))
    stamp = _text(item, "ts_epoch", "ts_event", "ts", "date")
    name = spelling.removesuffix("s")
    told = "\0".join((custom[1] if custom else message_id, email.lower(), name, stamp, url or ""))
    return ProviderEvent(
        id=uuid5(_NAMESPACE, told),
        event_type=event_type,
        spelling=name,
        email=email if "@" in email[1:-1] else "",
        outreach_id=UUID(custom[1]) if custom else None,
        message_ids=(message_id, f"<{message_id}>") if message_id else (),
        occurred_at=_moment(item, now),
        reason=_without_address(_text(item, "reason"), email)[:_TEXT_CHARACTERS],
        url=url,
    )


def _text(item: Mapping[str, Any], *names: str) -> str:
    value = next((item[name] for name in names if isinstance(item.get(name), str | int | float)), "")
    return str(value).replace("\x00", "").encode("utf-8", "replace").decode().strip()[: _URL_CHARACTERS * 2]


def _moment(item: Mapping[str, Any], now: datetime) -> datetime:
    """Its time in UTC: milliseconds in `ts_epoch`, else seconds in `ts_event`; `ts` and `date` are local times."""
    for name in ("ts_epoch", "ts_event"):
        digits = _text(item, name)
        if digits.isascii() and digits.isdigit() and len(digits) in {10, 13}:
            at = datetime.fromtimestamp(int(digits) / (1000 if len(digits) == 13 else 1), UTC)
            return at if at <= now + _AHEAD else now
    return now


def _without_address(words: str, email: str) -> str:
    for address in {email, normal_address(email)} - {"", "@"} if email else set():
        words = re.sub(re.escape(address), "<address>", words, flags=re.IGNORECASE)
    return words
