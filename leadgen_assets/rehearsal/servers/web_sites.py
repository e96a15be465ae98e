"""The town's web: one HTTP and one HTTPS server that answer for every host, by the name they are asked for.

What a page says belongs to `rehearsal/site_pages.py`, which names exist to `dns_server.py`.
"""

import asyncio
import json
import random
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

import falcon
import falcon.asgi
import trustme

from leadgen_assets.rehearsal import site_pages
from leadgen_assets.rehearsal.servers.http_server import HttpServer
from leadgen_assets.rehearsal.servers.site_answers import Answer, Site
from leadgen_assets.rehearsal.servers.site_quirks import gzip_bomb, wildcard_page, with_quirk
from leadgen_assets.rehearsal.site_pages import Owner
from leadgen_assets.rehearsal.town_names import COMPANY_HOST, SOCIAL_HOST
from leadgen_assets.rehearsal.truth import Business
from tracking_service.clock import Clock

_CONTACT_PATHS = frozenset({"/contact", "/yhteystiedot", "/contact.html"})
_HOME_PATHS = frozenset({"/", "/index.html"})
_EXPIRED: Final = datetime(2020, 1, 1, tzinfo=UTC)
_SILENT_BACKLOG = 4096
_ROBOTS = "User-agent: *\nDisallow: /admin/\n"


@dataclass(frozen=True, slots=True)
class Visit:
    """One request as it was answered: when (virtual time), what was asked by whom, the status and the size of the body.

    `open_connections` counts those of the same host, with and without `www.`, this one included.
    """

    at: datetime
    method: str
    url: str
    user_agent: str
    status: int
    sent_bytes: int = 0
    open_connections: int = 1


class WebSites:
    """Every site of the town, the social network's pages and the company's own site.

    Args:
        businesses: the town's.
        clock: for the log only.
        ca: signs the certificate of each host that speaks TLS when it is first asked for; the others refuse the
            handshake.

    Attributes:
        requests: what was asked, in order.
        interrupt: a hook for faults: given a host and a path, returns an answer to give instead, or None.
    """

    def __init__(self, businesses: Sequence[Business], clock: Clock, ca: trustme.CA) -> None:
        self._clock = clock
        self._ca = ca
        self._sites = _sites_of(businesses)
        self._slow_hosts = [b.site_host for b in businesses if b.site_quirk == "slow_tls" and b.site_host]
        self._has_wildcard = any(business.site_quirk == "wildcard_dns" for business in businesses)
        if any(business.site_quirk == "gzip_bomb" for business in businesses):
            gzip_bomb()  # takes a second, which nobody's answer should wait for
        self._silent: socket.socket | None = None
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._used_for: dict[tuple[str, Any], str] = {}
        self.requests: list[Visit] = []
        self.interrupt: Callable[[str, str], Answer | None] = lambda host, path: None
        app = falcon.asgi.App()
        app.add_sink(self._respond)
        self._http = HttpServer(app)
        self._https = HttpServer(app, tls=self._tls())

    def start(self) -> None:
        """Serve until `stop`."""
        self._http.start()
        self._https.start()
        if self._slow_hosts and self._silent is None:
            # the system completes the connections, and nobody ever speaks on them
            self._silent = socket.create_server(("127.0.0.1", 0), backlog=_SILENT_BACKLOG)

    def stop(self) -> None:
        """Stop serving; safe to call twice."""
        self._http.stop()
        self._https.stop()
        if self._silent is not None:
            self._silent.close()
            self._silent = None

    def settings(self) -> dict[str, str]:
        """The line that sends every web request here; the certificates need the CA_FILE of the authority given."""
        routes = {"*:80": f"127.0.0.1:{self._http.port}", "*:443": f"127.0.0.1:{self._https.port}"}
        if self._silent is not None:
            silent = f"127.0.0.1:{self._silent.getsockname()[1]}"
            routes |= {f"{prefix}{host}:443": silent for host in self._slow_hosts for prefix in ("", "www.")}
        return {"WEB_DIAL_MAP": json.dumps(routes)}

    async def _respond(self, req: falcon.asgi.Request, resp: falcon.asgi.Response | None, **_: Any) -> None:
        if resp is None:  # a websocket, which no site of the town speaks
            return
        host, scheme = (req.host or "").lower().rstrip("."), req.scheme
        site = self._sites.get(host)
        answer = self.interrupt(host, req.path)
        if answer is None:
            answer = self._answer(site, scheme, host, req.path, bool(req.cookies))
        if answer.delay_seconds:
            await asyncio.sleep(answer.delay_seconds)
        resp.status = answer.status
        resp.content_type = answer.content_type
        if answer.breaks_off:
            resp.stream = _broken_off(answer.body)
        elif answer.data is not None:
            resp.data = answer.data
        else:
            resp.text = answer.body
        for name, value in answer.headers:
            resp.append_header(name, value)
        if answer.location:
            resp.set_header("Location", answer.location)
        url = f"{scheme}://{host}{req.path}"
        size = len(answer.data) if answer.data is not None else len(answer.body.encode())
        connections = self._connections_of(host, scheme, req.scope.get("client"))
        agent = req.user_agent or ""
        self.requests.append(Visit(self._clock.now(), req.method, url, agent, answer.status, size, connections))

    def _connections_of(self, host: str, scheme: str, client: tuple[str, int] | None) -> int:
        """How many connections are open that were used for a host."""
        bare = host.removeprefix("www.")
        if client is not None:
            self._used_for[scheme, tuple(client)] = bare
        still = {("http", one) for one in self._http.open_connections()}
        still |= {("https", one) for one in self._https.open_connections()}
        self._used_for = {key: used for key, used in self._used_for.items() if key in still}
        return sum(used == bare for used in self._used_for.values())

    def _answer(self, site: Site | None, scheme: str, host: str, path: str, has_cookie: bool) -> Answer:
        if site is None:
            return wildcard_page(host) if self._has_wildcard else Answer(404, site_pages.error_page(404))
        if site.needs_cookie and not has_cookie:
            return Answer(302, location=f"{scheme}://{host}{path}", headers=(("Set-Cookie", "seen=yes; Path=/"),))
        return site.answer(scheme, host, path)

    def _tls(self) -> ssl.SSLContext:
        context = self._context_of(COMPANY_HOST)
        context.sni_callback = self._choose_certificate
        return context

    def _choose_certificate(
        self, connection: ssl.SSLObject, host: str | None, _: ssl.SSLContext
    ) -> ssl.AlertDescription | None:
        site = self._sites.get((host or "").lower())
        if site is None or not site.has_tls:
            return ssl.AlertDescription.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        connection.context = self._context_of(str(host).lower())
        return None

    def _context_of(self, host: str) -> ssl.SSLContext:
        if host not in self._contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            site = self._sites.get(host)
            not_after = _EXPIRED if site and site.certificate_expired else None
            self._ca.issue_cert(host, not_after=not_after).configure_cert(context)
            self._contexts[host] = context
        return self._contexts[host]


async def _broken_off(body: str) -> AsyncIterator[bytes]:
    """Half of a body, and then the connection ends."""
    yield body[: len(body) // 2].encode()
    raise ConnectionResetError


def _sites_of(businesses: Sequence[Business]) -> dict[str, Site]:
    sites: dict[str, Site] = {}
    social: dict[str, Owner] = {}
    for business in businesses:
        for page in (business.listed_website, business.record["facebook"]):
            if page and (urlsplit(page).hostname or "").removeprefix("www.") == SOCIAL_HOST.removeprefix("www."):
                social[urlsplit(page).path.strip("/")] = Owner.of(business)
        site = _site_of(business)
        if site and business.site_host:
            sites[business.site_host] = sites[f"www.{business.site_host}"] = site
    network = Site(partial(_social, social), has_tls=True)
    company = Site(partial(_own, site_pages.COMPANY, COMPANY_HOST, "en", None), has_tls=True)
    for host, site in ((SOCIAL_HOST.removeprefix("www."), network), (COMPANY_HOST, company)):
        sites[host] = sites[f"www.{host}"] = site
    return sites


def _site_of(business: Business) -> Site | None:
    """How a business's own host answers, or None where it does not."""
    rng = random.Random(f"site:{business.key}")
    language = "fi" if business.record["country"] == "FI" and rng.random() < 0.5 else "en"
    email = business.email if business.email_on == "site" else None
    owner, host = Owner.of(business), business.site_host or ""
    canonical = rng.choice((host, f"www.{host}"))
    if business.site_quirk == "www_only":
        canonical = f"www.{host}"
    stranger = rng.choice([one for one in site_pages.STRANGERS if one.city != owner.city])
    by_kind: dict[str, Site] = {
        "healthy": Site(partial(_own, owner, canonical, language, email), has_tls=True),
        "weak": Site(partial(_weak, owner, language, email), has_tls=False),
        "foreign": Site(partial(_own, stranger, canonical, "en", None), has_tls=True),
        "parked": Site(lambda _scheme, at, _path: Answer(200, site_pages.parked_page(at)), has_tls=False),
        "not_found": Site(partial(_gone, owner, language, email), has_tls=False),
        "broken": Site(lambda *_: Answer(500, site_pages.error_page(500)), has_tls=True),
    }
    site = by_kind.get(business.site_kind)
    if site is None or business.site_quirk in {"none", "www_only", "slow_tls", "wildcard_dns"}:
        return site
    return with_quirk(site, business.site_quirk, owner, canonical)


def _own(owner: Owner, canonical: str, language: str, email: str | None, scheme: str, host: str, path: str) -> Answer:
    """A healthy site: one address only, to which all others lead."""
    if (scheme, host) != ("https", canonical):
        return Answer(301, location=f"https://{canonical}{path}")
    if path == "/robots.txt":
        return Answer(200, _ROBOTS, content_type=falcon.MEDIA_TEXT)
    is_contact = path.rstrip("/") == site_pages.contact_path(language)
    status = 200 if is_contact or path in _HOME_PATHS or owner is site_pages.COMPANY else 404
    if status == 404:
        return Answer(404, site_pages.error_page(404))
    url = f"https://{canonical}{path}"
    return Answer(200, site_pages.own_page(owner, url, language=language, is_contact=is_contact, email=email))


def _weak(owner: Owner, language: str, email: str | None, _scheme: str, _host: str, path: str) -> Answer:
    is_contact = path in _CONTACT_PATHS
    if not is_contact and path not in _HOME_PATHS:
        return Answer(404, site_pages.error_page(404))
    return Answer(200, site_pages.weak_page(owner, language=language, is_contact=is_contact, email=email))


def _gone(owner: Owner, language: str, email: str | None, _scheme: str, _host: str, path: str) -> Answer:
    """Every page is gone, except that an old contact page still stands where its address is published."""
    if email and path in _CONTACT_PATHS:
        return Answer(200, site_pages.weak_page(owner, language=language, is_contact=True, email=email))
    return Answer(404, site_pages.error_page(404))


def _social(pages: dict[str, Owner], scheme: str, host: str, path: str) -> Answer:
    if (scheme, host) != ("https", SOCIAL_HOST):
        return Answer(301, location=f"https://{SOCIAL_HOST}{path}")
    if path == "/robots.txt":
        return Answer(200, "User-agent: *\nDisallow: /\n", content_type=falcon.MEDIA_TEXT)
    owner = pages.get(path.strip("/"))
    return Answer(200, site_pages.social_page(owner)) if owner else Answer(404, site_pages.error_page(404))
