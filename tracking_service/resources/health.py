"""Liveness, readiness and metrics. None of them asks anything of the database: clicks are served without it."""

import asyncio
from typing import Protocol

import falcon
import falcon.asgi

from tracking_service.api_keys import ApiKeys
from tracking_service.counters import Counters
from tracking_service.guard_headers import GUARD_HEADERS
from tracking_service.problems import Problem


class Readiness(Protocol):
    """What the writer of events says about itself."""

    @property
    def takes_events(self) -> bool:
        """Whether an event would be made durable now, in PostgreSQL or in the spool."""
        ...

    @property
    def is_away(self) -> bool:
        """Whether events go to the spool, because PostgreSQL is away."""
        ...

    @property
    def waiting(self) -> int:
        """Events that wait for the next commit."""
        ...


class Health:
    """`/health`: the service answers."""

    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        """`{"status": "ok"}`."""
        response.set_headers(GUARD_HEADERS)
        response.media = {"status": "ok"}

    on_head = on_get


class Ready:
    """`/ready`: whether hits sent here would be kept."""

    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness

    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        """`{"status": "ready", "events": "database"}` or `"spool"`; 503 while neither would take an event."""
        response.set_headers(GUARD_HEADERS)
        if self._readiness.takes_events:
            response.media = {"status": "ready", "events": "spool" if self._readiness.is_away else "database"}
        else:
            response.status = falcon.HTTP_503
            response.media = {"status": "not ready"}

    on_head = on_get


class Metrics:
    """`/metrics`: the counters for Prometheus, for holders of an API key (`X-API-Key`, or a bearer token)."""

    def __init__(self, keys: ApiKeys, counters: Counters, readiness: Readiness) -> None:
        self._keys, self._counters, self._readiness = keys, counters, readiness

    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        """The counters; 401 without a key."""
        response.set_headers(GUARD_HEADERS)
        bearer = (request.get_header("Authorization") or "").removeprefix("Bearer ")
        if self._keys.name_of(request.get_header("X-API-Key") or bearer) is None:
            raise Problem(
                401,
                "Give a valid API key in the header X-API-Key or as bearer token.",
                headers={"www-authenticate": "Bearer"},
            )
        from tracking_service.metrics import CONTENT_TYPE, metrics_page

        waiting, away = self._readiness.waiting, self._readiness.is_away
        response.data = await asyncio.to_thread(metrics_page, self._counters, waiting, away=away)
        response.content_type = CONTENT_TYPE
