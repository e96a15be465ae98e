"""A proposal that its message links to instead of carrying it. The click that leads here was counted on its way."""

import asyncio
from pathlib import Path

import falcon
import falcon.asgi

from tracking_service.counters import Counters
from tracking_service.links import LinkSigner
from tracking_service.pages import Pages
from tracking_service.resources.responses import FILE_HEADERS, answer_page


class Proposal:
    """`/proposal/{token}`: the PDF of the message whose signed link this is, as long as it is kept."""

    def __init__(self, signer: LinkSigner, counters: Counters, pages: Pages, folder: Path) -> None:
        self._signer, self._counters, self._pages, self._folder = signer, counters, pages, folder

    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response, token: str) -> None:
        """The PDF; the page for unknown links where there is none."""
        link = self._signer.read(token)
        if link is None or link.kind != "proposal":
            self._counters.invalid_links += 1
            answer_page(response, self._pages.unknown, falcon.HTTP_404)
            return
        try:
            content = await asyncio.to_thread((self._folder / f"{link.outreach_id}.pdf").read_bytes)
        except FileNotFoundError:
            answer_page(response, self._pages.unknown, falcon.HTTP_404)
            return
        response.content_type = "application/pdf"
        response.set_headers(FILE_HEADERS)
        response.data = content
