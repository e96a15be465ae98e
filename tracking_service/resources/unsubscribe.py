"""Unsubscribing: a page with a button, and the POST of that button or of a mailbox provider (RFC 8058)."""

import falcon
import falcon.asgi

from tracking_service.counters import Counters
from tracking_service.events import NotDurableError, Recorder
from tracking_service.hits import HitReader
from tracking_service.links import Link, LinkSigner
from tracking_service.pages import Pages
from tracking_service.resources.responses import answer_page


class Unsubscription:
    """`/unsubscribe/{token}`: GET and HEAD change nothing, because scanners follow links; POST unsubscribes.

    The body of the POST is not read: whatever its form, and empty too, it means the same. No cookie, no redirect.
    """

    def __init__(
        self, signer: LinkSigner, hits: HitReader, recorder: Recorder, counters: Counters, pages: Pages
    ) -> None:
        self._signer, self._hits, self._recorder, self._counters = signer, hits, recorder, counters
        self._pages = pages

    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response, token: str) -> None:
        """The page that asks."""
        link = self._read(token)
        if link is None:
            answer_page(response, self._pages.unknown, falcon.HTTP_404)
            return
        self._hits.note(request, link)
        answer_page(response, self._pages.confirm)

    on_head = on_get

    async def on_post(self, request: falcon.asgi.Request, response: falcon.asgi.Response, token: str) -> None:
        """Unsubscribe; answers 200 only once that is durable, and 503 where it could not be stored."""
        link = self._read(token)
        if link is None:
            answer_page(response, self._pages.unknown, falcon.HTTP_404)
            return
        event = self._hits.event(request, link)
        try:
            if event is not None:
                await self._recorder.record(event)
        except NotDurableError:
            response.retry_after = 60
            answer_page(response, self._pages.failed, falcon.HTTP_503)
        else:
            answer_page(response, self._pages.done)

    def _read(self, token: str) -> Link | None:
        link = self._signer.read(token)
        if link is not None and link.kind == "unsubscribe":
            return link
        self._counters.invalid_links += 1
        return None
