"""The open pixel and the click redirect. What a hit means for a lead is decided elsewhere."""

from urllib.parse import urlsplit

import falcon
import falcon.asgi

from tracking_service.counters import Counters
from tracking_service.events import NotDurableError, Recorder, TrackingEvent
from tracking_service.hits import HitReader
from tracking_service.links import Link, LinkKind, LinkSigner
from tracking_service.pages import Pages
from tracking_service.resources.responses import REDIRECT_HEADERS, answer_page, answer_pixel

_OPENS: tuple[LinkKind, ...] = ("open",)
_CLICKS: tuple[LinkKind, ...] = ("click", "honeypot")


class OpenPixel:
    """`/track/open/{token}`: the pixel, always; an event for a token of ours that is asked for with GET."""

    def __init__(self, signer: LinkSigner, hits: HitReader, recorder: Recorder, counters: Counters) -> None:
        self._signer, self._hits, self._recorder, self._counters = signer, hits, recorder, counters

    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response, token: str) -> None:
        """The pixel, once the open is durable; a loss is counted by the recorder."""
        link = _read(self._signer, self._counters, token, _OPENS)
        if link is not None:
            await _record(self._recorder, self._counters, self._hits.event(request, link))
        answer_pixel(response)

    async def on_head(self, request: falcon.asgi.Request, response: falcon.asgi.Response, token: str) -> None:
        """The pixel's headers; never counts."""
        link = _read(self._signer, self._counters, token, _OPENS)
        if link is not None:
            self._hits.note(request, link)
        answer_pixel(response)


class ClickRedirect:
    """`/track/click/{token}`: leads to the destination that we signed, nowhere else. The query string is ignored."""

    def __init__(
        self, signer: LinkSigner, hits: HitReader, recorder: Recorder, counters: Counters, pages: Pages
    ) -> None:
        self._signer, self._hits, self._recorder, self._counters = signer, hits, recorder, counters
        self._pages = pages

    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response, token: str) -> None:
        """The redirect, once the click is durable; a click that is lost still leads there."""
        link = _read(self._signer, self._counters, token, _CLICKS)
        if link is not None:
            await _record(self._recorder, self._counters, self._hits.event(request, link))
        self._answer(response, link)

    async def on_head(self, request: falcon.asgi.Request, response: falcon.asgi.Response, token: str) -> None:
        """The redirect without counting."""
        link = _read(self._signer, self._counters, token, _CLICKS)
        if link is not None:
            self._hits.note(request, link)
        self._answer(response, link)

    def _answer(self, response: falcon.asgi.Response, link: Link | None) -> None:
        if link is None or link.destination is None:
            answer_page(response, self._pages.unknown, falcon.HTTP_404)
            return
        response.status = falcon.HTTP_302
        response.set_headers(REDIRECT_HEADERS)
        response.set_header("location", falcon.uri.encode_check_escaped(link.destination))


async def _record(recorder: Recorder, counters: Counters, event: TrackingEvent | None) -> None:
    """Make an event durable; one that is over a limit is counted here, a loss by the recorder."""
    if event is None:
        counters.limited += 1
        return
    try:
        await recorder.record(event)
    except NotDurableError:
        return


def _read(signer: LinkSigner, counters: Counters, token: str, kinds: tuple[LinkKind, ...]) -> Link | None:
    """The link of a token of these kinds; anything else is counted and is None."""
    link = signer.read(token)
    if link is not None and link.kind in kinds and (kinds is _OPENS or _is_web_address(link.destination)):
        return link
    counters.invalid_links += 1
    return None


def _is_web_address(destination: str | None) -> bool:
    """We sign web addresses only; this keeps a mistake at signing from becoming a script or a broken header."""
    if not destination or not destination.isprintable() or " " in destination or "\\" in destination:
        return False
    try:
        return destination.startswith(("https://", "http://")) and bool(urlsplit(destination).hostname)
    except ValueError:
        return False
