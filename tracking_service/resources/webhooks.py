"""`/webhooks/brevo`: what the mail provider tells of our messages, and the replies that it hands over.

Answered 2xx only once it is stored; until then the provider tells again. What is told twice is stored once.
"""

from typing import Any

import falcon.asgi
from pydantic import BaseModel, Field, RootModel

from tracking_service.brevo import read_event
from tracking_service.clock import Clock
from tracking_service.ledger.inbound_mail import store_inbound
from tracking_service.ledger.pool import Ledger
from tracking_service.ledger.provider_events import store_provider_events
from tracking_service.operations import operation

_EVENTS_LIMIT_BYTES = 1024 * 1024
_MAIL_LIMIT_BYTES = 4 * 1024 * 1024


class BrevoEvents(RootModel[dict[str, Any] | list[dict[str, Any]]]):
    """One event of Brevo, or a batch of them, as Brevo writes them: `event`, `email`, `message-id`, `ts_epoch`, …."""


class InboundMail(BaseModel):
    """Messages that Brevo's inbound parsing received, as Brevo writes them."""

    items: list[dict[str, Any]] = Field(max_length=1000)


class EventReceipt(BaseModel):
    """What was done with the events."""

    stored: int = Field(description="New ones.")
    unmatched: int = Field(description="Of messages that are not ours; they suppress, if they say so.")
    ignored: int = Field(description="Of a kind that we do not know.")


class MailReceipt(BaseModel):
    """What was done with the messages."""

    stored: int = Field(description="New ones; they are classified by the next look at the mailbox.")


class BrevoWebhook:
    """`/webhooks/brevo`."""

    def __init__(self, ledger: Ledger, clock: Clock, secret: str) -> None:
        self._ledger, self._clock, self._secret = ledger, clock, secret

    @operation(
        "Events of our messages",
        tag="Webhooks",
        access="webhook",
        body=BrevoEvents,
        body_limit_bytes=_EVENTS_LIMIT_BYTES,
        answers={200: EventReceipt},
    )
    async def on_post(
        self, request: falcon.asgi.Request, response: falcon.asgi.Response, body: BrevoEvents
    ) -> EventReceipt:
        """Delivered, bounced, blocked, deferred, spam, unsubscribed, opened, clicked; one event or a batch."""
        items = body.root if isinstance(body.root, list) else [body.root]
        now = self._clock.now()
        read = [read_event(item, now) for item in items]
        events = [event for event in read if event is not None]
        stored = unmatched = 0
        if events:
            async with self._ledger.transaction() as connection:
                stored, unmatched = await store_provider_events(connection, self._secret, events, now)
        return EventReceipt(stored=stored, unmatched=unmatched, ignored=len(items) - len(events))


class BrevoInbound:
    """`/webhooks/brevo/inbound`."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger, self._clock = ledger, clock

    @operation(
        "Replies",
        tag="Webhooks",
        access="webhook",
        body=InboundMail,
        body_limit_bytes=_MAIL_LIMIT_BYTES,
        answers={200: MailReceipt},
    )
    async def on_post(
        self, request: falcon.asgi.Request, response: falcon.asgi.Response, body: InboundMail
    ) -> MailReceipt:
        """Messages from Brevo's inbound parsing; they are kept as they came until the mailbox is looked at next."""
        async with self._ledger.transaction() as connection:
            return MailReceipt(stored=await store_inbound(connection, body.items, self._clock.now()))
