"""Health for uptime checks. It asks nothing of the database: clicks are served without it."""

import falcon.asgi

from tracking_service.resources.responses import NO_STORE


class Health:
    """`/health`: the service answers."""

    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        """`{"status": "ok"}`."""
        response.set_header(*NO_STORE)
        response.media = {"status": "ok"}

    on_head = on_get
