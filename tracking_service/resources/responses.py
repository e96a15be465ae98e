"""What every resource of the service answers with: pages, the pixel, and the headers that go with each."""

import base64

import falcon
import falcon.asgi

from tracking_service.pages import CONTENT_SECURITY_POLICY

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
NO_STORE = ("cache-control", "no-store, no-cache, must-revalidate, max-age=0, private")
_GUARDS = (
    NO_STORE,
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("x-robots-tag", "noindex, nofollow"),
)
# An image leads nowhere and nobody searches for it; each header costs every open some time.
PIXEL_HEADERS = (NO_STORE, ("x-content-type-options", "nosniff"), ("cross-origin-resource-policy", "cross-origin"))
REDIRECT_HEADERS = _GUARDS
FILE_HEADERS = (*_GUARDS, ("content-disposition", 'inline; filename="Proposal.pdf"'))
_PAGE_HEADERS = (*_GUARDS, ("content-security-policy", CONTENT_SECURITY_POLICY), ("x-frame-options", "DENY"))


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
