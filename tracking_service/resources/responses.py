"""What every resource of the service answers with: pages, the pixel, and the headers that go with each."""

import base64

import falcon
import falcon.asgi

from tracking_service.guard_headers import GUARD_HEADERS, NO_SNIFFING, NO_STORE
from tracking_service.pages import CONTENT_SECURITY_POLICY

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
# An image leads nowhere and nobody searches for it; each header costs every open some time.
PIXEL_HEADERS = (NO_STORE, NO_SNIFFING, ("cross-origin-resource-policy", "cross-origin"))
REDIRECT_HEADERS = GUARD_HEADERS
FILE_HEADERS = (*GUARD_HEADERS, ("content-disposition", 'inline; filename="Proposal.pdf"'))
_PAGE_HEADERS = (*GUARD_HEADERS, ("content-security-policy", CONTENT_SECURITY_POLICY), ("x-frame-options", "DENY"))


def answer_page(response: falcon.asgi.Response, page: bytes, status: str = falcon.HTTP_200) -> None:
    """Answer with a page of `pages`."""
    response.status = status
    response.content_type = falcon.MEDIA_HTML
    response.set_headers(_PAGE_HEADERS)
    response.data = page


def answer_pixel(response: falcon.asgi.Response) -> None:
    """Answer with the transparent pixel."""
    response.content_type = "image/gif"
    response.set_headers(PIXEL_HEADERS)
    response.data = PIXEL
