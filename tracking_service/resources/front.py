"""The bare address of the service: people who shorten a link learn whose it is, robots that they have no business here.

Links themselves belong to `tracking`, `unsubscribe` and `proposal`.
"""

import falcon
import falcon.asgi

from tracking_service.guard_headers import GUARD_HEADERS
from tracking_service.pages import Pages
from tracking_service.resources.responses import answer_page

_KEEP_OUT = b"User-agent: *\nDisallow: /\n"


class Front:
    """`/`: whose address this is."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        """A page that names the sender."""
        answer_page(response, self._pages.front)

    on_head = on_get


class Robots:
    """`/robots.txt`: a link that a robot follows looks like a click."""

    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        """Nothing here is for robots."""
        response.set_headers(GUARD_HEADERS)
        response.content_type = falcon.MEDIA_TEXT
        response.data = _KEEP_OUT

    on_head = on_get
