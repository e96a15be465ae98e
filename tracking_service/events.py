"""One thing that happened at the public door, as the edge saw it: what is queued, spooled and stored.

The event carries the raw signals; what they mean is decided in `verdicts`, where it is stored in `store`.
"""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, Self
from uuid import UUID

import orjson

EventType = Literal["open", "click", "unsubscribe"]


@dataclass(slots=True)
class TrackingEvent:
    """An open, a click or an unsubscription, with an id of its own so that storing it twice stores it once.

    Attributes:
        id: 32 hexadecimal digits, made at the edge when the request was read; later ones sort after earlier ones, so
            that their index grows at its end.
        event_type: open, click or unsubscribe.
        outreach_id: the message whose link was requested.
        occurred_at: aware moment at which the request was read.
        method: HTTP method.
        url_clicked: the signed destination of a click.
        network: truncated network of the requester (/24 or /48), where known.
        user_agent: as sent, shortened.
        headers: the request headers that tell people from machines, and under `burst`, where there was any, what
            else of the same message was requested in the seconds before.
    """

    id: str
    event_type: EventType
    outreach_id: UUID
    occurred_at: datetime
    method: str = "GET"
    url_clicked: str | None = None
    network: str | None = None
    user_agent: str | None = None
    headers: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """One line of JSON, without a line end."""
        return orjson.dumps(
            {
                "id": self.id,
                "event_type": self.event_type,
                "outreach_id": self.outreach_id.hex,
                "occurred_at": self.occurred_at.isoformat(),
                "method": self.method,
                "url_clicked": self.url_clicked,
                "network": self.network,
                "user_agent": self.user_agent,
                "headers": self.headers,
            }
        )

    @classmethod
    def from_json(cls, line: bytes) -> Self:
        """The event that `to_json` wrote.

        Raises:
            ValueError: if the line is not one.
        """
        try:
            fields = orjson.loads(line)
            fields["id"], fields["outreach_id"] = UUID(fields["id"]).hex, UUID(fields["outreach_id"])
            fields["occurred_at"] = datetime.fromisoformat(fields["occurred_at"])
            return cls(**fields)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"Not a tracking event: {error}.") from None


class NotDurableError(Exception):
    """Nothing could make the event durable."""


class Recorder(Protocol):
    """Makes events durable."""

    def record(self, event: TrackingEvent) -> Awaitable[None]:
        """Done once the event is durable.

        Raises:
            NotDurableError: when awaited, if it cannot be made so.
        """
        ...
