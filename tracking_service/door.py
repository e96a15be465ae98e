"""The ASGI callable of the service: hits go straight to their application, the rest of `/api/v1` to the management API.

The management API is imported and built when it is first asked, so that starting and hits do not pay for it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import falcon.asgi

from tracking_service.clock import Clock
from tracking_service.counters import Counters
from tracking_service.settings import ServiceSettings

if TYPE_CHECKING:
    from tracking_service.management import Management

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
_API = "/api/v1"
_HITS = (f"{_API}/track/", f"{_API}/unsubscribe/")


class Door:
    """Chooses the application by the path.

    Args:
        hits: answers opens, clicks and unsubscriptions; its lifespan is the service's.
        settings: of the management API.
        clock: gives the present moment.
        counters: of the hits, shown by the API's health.
    """

    def __init__(self, hits: falcon.asgi.App, settings: ServiceSettings, clock: Clock, counters: Counters) -> None:
        self._hits, self._settings, self._clock, self._counters = hits, settings, clock, counters
        self._management: Management | None = None
        self._building = asyncio.Lock()

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer one request, or live as long as the server does; hits are passed on without a step of their own."""
        if scope["type"] == "lifespan":
            return self._hits(scope, self._until_shutdown(receive), send)
        if scope["path"].startswith(_API) and not scope["path"].startswith(_HITS):
            return self._manage(scope, receive, send)
        return self._hits(scope, receive, send)

    async def _manage(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (await self._managed())(scope, receive, send)

    async def _managed(self) -> falcon.asgi.App:
        async with self._building:
            if self._management is None:  # in a thread, so that hits do not wait for the imports
                self._management = await asyncio.to_thread(self._build)
        return self._management.application

    def _build(self) -> "Management":
        from tracking_service.management import Management

        return Management(self._settings, self._clock, self._counters)

    def _until_shutdown(self, receive: Receive) -> Receive:
        async def passed_on() -> dict[str, Any]:
            event = await receive()
            if event["type"] == "lifespan.shutdown" and self._management is not None:
                await self._management.close()
            return event

        return passed_on
