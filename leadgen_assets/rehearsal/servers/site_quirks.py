"""Sites that are hard to judge: the quirks of `truth.SiteQuirk`, laid over what a site of its kind would answer.

Names and addresses belong to `dns_server.py`; slow handshakes are a matter of the listener in `web_sites.py`.
"""

import dataclasses
import gzip
from functools import cache

import falcon

from leadgen_assets.rehearsal import site_pages
from leadgen_assets.rehearsal.servers.site_answers import Answer, Site
from leadgen_assets.rehearsal.site_pages import Owner
from leadgen_assets.rehearsal.town_names import social_page
from leadgen_assets.rehearsal.truth import SiteQuirk

_HOME_PATHS = frozenset({"/", "/index.html"})
_PDF = b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
_BOMB_BYTES = 200_000_000
_DEFAULT_PAGE = "<html><head><title>Welcome to nginx!</title></head><body><h1>Welcome to nginx!</h1></body></html>"


def with_quirk(site: Site, quirk: SiteQuirk, owner: Owner, canonical: str) -> Site:
    """The site as it really answers.

    Args:
        site: as its kind would have it.
        quirk: of the business.
        owner: whose site it is.
        canonical: the one host that the site answers under without a redirect.
    """
    everywhere = _EVERYWHERE.get(quirk)
    if everywhere is not None:
        return Site(lambda _scheme, _host, _path: everywhere, has_tls=True)
    if quirk == "http_only":
        return Site(lambda _scheme, _host, path: site.answer("https", canonical, path), has_tls=False)
    if quirk == "http_shows_more":
        return Site(
            lambda scheme, _host, path: (
                Answer(200, _DEFAULT_PAGE) if scheme == "https" else site.answer("https", canonical, path)
            ),
            has_tls=True,
        )
    if quirk in {"expired_certificate", "cookie_wall"}:
        return dataclasses.replace(
            site, certificate_expired=quirk == "expired_certificate", needs_cookie=quirk == "cookie_wall"
        )
    return Site(lambda scheme, host, path: _answer(site, quirk, owner, canonical, scheme, host, path), has_tls=True)


def wildcard_page(host: str) -> Answer:
    """What an internet provider shows under a name that does not exist."""
    words = host.partition(".")[0].replace("-", " ")
    return Answer(
        200,
        f"<html><head><title>{words} - search</title></head><body><h1>Sorry, {host} could not be found</h1>"
        f"<p>Did you mean {words}? Sponsored results for {words}: flights, insurance, hotels, loans.</p></body></html>",
    )


def _answer(site: Site, quirk: SiteQuirk, owner: Owner, canonical: str, scheme: str, host: str, path: str) -> Answer:
    """Quirks that depend on what is asked."""
    if quirk == "redirects_to_social":
        return Answer(302, location=social_page(canonical.removeprefix("www.")))
    if quirk == "redirect_loop":
        return Answer(302, location=f"{scheme}://{host}/{'' if path == '/start' else 'start'}")
    if quirk == "gzip_bomb":
        return Answer(200, data=gzip_bomb(), headers=(("Content-Encoding", "gzip"),))
    if quirk == "other_language" and (scheme, host) == ("https", canonical) and path in _HOME_PATHS:
        return Answer(200, site_pages.foreign_script_page(owner))
    if quirk == "pdf_home" and path in _HOME_PATHS:
        return Answer(200, data=_PDF, content_type="application/pdf")
    if quirk == "deep_link" and path.startswith("/old/"):
        return Answer(200, site_pages.error_page(404))
    return site.answer(scheme, host, path)


@cache
def gzip_bomb() -> bytes:
    """A few hundred kilobytes that unfold into 200 MB."""
    return gzip.compress(b"\0" * _BOMB_BYTES, compresslevel=6, mtime=0)


_EVERYWHERE: dict[SiteQuirk, Answer] = {
    "geo_block": Answer(403, site_pages.error_page(403)),
    "challenge": Answer(
        403,
        "<html><head><title>Just a moment...</title></head><body><h1>Checking your browser</h1>"
        '<div id="cf-chl-widget"></div></body></html>',
        headers=(("Server", "cloudflare"), ("CF-Mitigated", "challenge")),
    ),
    "maintenance": Answer(503, site_pages.error_page(503), headers=(("Retry-After", "3600"),)),
    "soft_404": Answer(200, site_pages.error_page(404)),
    "script_only": Answer(
        200,
        '<html><head><title>App</title></head><body><div id="root"></div><script src="/app.js"></script></body></html>',
        content_type=falcon.MEDIA_HTML,
    ),
}
