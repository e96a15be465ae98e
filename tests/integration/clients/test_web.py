"""The web client against real servers on loopback: outcomes, limits, politeness, and targets it must never reach."""

import asyncio
import gzip
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from leadgen_assets.clients.address_guard import AddressGuard
from leadgen_assets.clients.dns import DnsClient
from leadgen_assets.clients.errors import ClientError
from leadgen_assets.clients.web import Exchange, WebClient
from leadgen_assets.clients.web_bodies import BODY_LIMIT_BYTES
from tests.integration.web_servers import NameServer, Reply, WebServer, name_server, unused_port

AGENT = "LeadgenBot/0.1 (+https://example.com/bot)"
HOST = "kulta.test"


def redirect(location: str, status: int = 302) -> Reply:
    return Reply(status, "", {"Location": location})


class Site:
    """A town of hosts behind one name server, one http and one https server."""

    def __init__(self, names: NameServer, http: WebServer, https: WebServer, ca_file: Path) -> None:
        self.names, self.http, self.https, self.ca_file = names, http, https, ca_file
        self.dial_map = {"*:80": f"127.0.0.1:{http.port}", "*:443": f"127.0.0.1:{https.port}"}

    def get(self, *urls: str, timeout_seconds: float = 2.0, **options: Any) -> Any:
        async def run() -> list[Exchange]:
            guard = AddressGuard(options.pop("dial_map", self.dial_map))
            names = DnsClient([self.names.address], 1.0)
            options.setdefault("ca_file", self.ca_file)
            async with WebClient(
                names.addresses, guard, user_agent=AGENT, timeout_seconds=timeout_seconds, **options
            ) as web:
                return await asyncio.gather(*(web.get(url) for url in urls))

        exchanges = asyncio.run(run())
        return exchanges[0] if len(exchanges) == 1 else exchanges


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    ca, ca_file = trustme.CA(), tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(str(ca_file))
    certificate = ca.issue_cert(HOST, f"www.{HOST}")
    with name_server() as names, WebServer({}) as http, WebServer({}, certificate) as https:
        yield Site(names, http, https, ca_file)


@pytest.fixture
def site(servers: Site) -> Site:
    """One healthy host; tests change zone and sites at will."""
    servers.names.zone = {HOST: "192.0.2.1", f"www.{HOST}": "192.0.2.1", "other.test": "203.0.113.1"}
    for server in (servers.http, servers.https):
        server.sites, server.asked = {HOST: {"/": Reply(body="<h1>Kulta</h1>")}}, []
    return servers


def test_a_page_is_fetched_over_https_and_http_under_one_name(site: Site) -> None:
    for scheme, server in (("https", site.https), ("http", site.http)):
        exchange = site.get(f"{scheme}://{HOST}/")
        assert (exchange.outcome, exchange.status, exchange.body) == ("answered", 200, "<h1>Kulta</h1>")
        assert exchange.final_url == f"{scheme}://{HOST}/"
        assert server.asked[0].headers["User-Agent"] == AGENT
        assert server.asked[0].headers["Host"] == HOST


def test_redirects_are_followed_and_remembered(site: Site) -> None:
    site.http.sites = {
        HOST: {"/": redirect(f"https://{HOST}/fi"), "/loop": redirect("/loop2"), "/loop2": redirect("/loop")}
    }
    site.https.sites = {HOST: {"/fi": redirect("/fi/", 301), "/fi/": Reply(body="Tervetuloa")}}
    exchange = site.get(f"http://{HOST}/")
    assert (exchange.body, exchange.final_url) == ("Tervetuloa", f"https://{HOST}/fi/")
    assert exchange.hops == ((f"http://{HOST}/", 302), (f"https://{HOST}/fi", 301))
    assert site.get(f"http://{HOST}/loop").outcome == "redirect_loop"


def test_endless_redirects_end(site: Site) -> None:
    site.http.sites = {HOST: {f"/{number}": redirect(f"/{number + 1}") for number in range(50)}}
    assert site.get(f"http://{HOST}/0").outcome == "redirect_loop"
    assert len(site.http.asked) < 10


def test_every_failure_has_its_own_outcome(site: Site) -> None:
    site.names.zone |= {"lost.test": "servfail", "mail.test": "no_data", "silent.test": "192.0.2.9"}
    assert site.get("https://gone.test/").outcome == "nxdomain"
    assert site.get("https://lost.test/").outcome == "servfail"
    assert site.get("https://mail.test/").outcome == "no_data"
    closed = {"*:80": f"127.0.0.1:{unused_port()}"}
    assert site.get(f"http://{HOST}/", dial_map=closed).outcome == "refused"


def test_a_site_that_keeps_silent_or_drips_is_left_in_time(site: Site) -> None:
    def drip(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        for _ in range(30):
            handler.wfile.write(b"x")
            time.sleep(0.1)

    site.http.sites = {HOST: {"/silent": Reply(write=lambda handler: time.sleep(1.5)), "/drip": Reply(write=drip)}}
    began = time.monotonic()
    outcomes = [one.outcome for one in site.get(f"http://{HOST}/silent", f"http://{HOST}/drip", timeout_seconds=0.5)]
    assert outcomes == ["timeout", "timeout"]
    assert time.monotonic() - began < 1.4


def test_a_page_behind_a_bad_certificate_is_read_and_says_so(site: Site) -> None:
    site.https.sites["other.test"] = {"/": Reply(body="<h1>Other</h1>")}
    for exchange in (site.get("https://other.test/"), site.get(f"https://{HOST}/", ca_file=None)):
        assert (exchange.outcome, exchange.status) == ("answered", 200)
        assert exchange.certificate_error
    assert site.get(f"https://{HOST}/").certificate_error is None


def test_a_site_that_wants_its_cookie_back_is_read(site: Site) -> None:
    def door(handler: Any) -> None:
        known = "seen=yes" in (handler.headers["Cookie"] or "")
        head = "200 OK" if known else "302 Found\r\nLocation: /\r\nSet-Cookie: seen=yes; Path=/"
        handler.wfile.write(f"HTTP/1.1 {head}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".encode())

    site.http.sites = {HOST: {"/": Reply(write=door)}}
    assert site.get(f"http://{HOST}/").body == "ok"
    assert site.get(f"http://{HOST}/").hops  # the cookie was not kept


def test_what_is_no_http_is_a_reset(site: Site) -> None:
    site.http.sites = {HOST: {"/": Reply(write=lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH\r\n"))}}
    assert site.get(f"http://{HOST}/").outcome == "reset"
    site.http.sites = {HOST: {"/": Reply(write=lambda handler: None)}}
    assert site.get(f"http://{HOST}/").outcome == "reset"


def test_a_body_is_cut_at_the_limit(site: Site) -> None:
    site.http.sites = {
        HOST: {"/": Reply(body=b"x" * (BODY_LIMIT_BYTES * 4)), "/exact": Reply(body=b"x" * BODY_LIMIT_BYTES)}
    }
    big, exact = site.get(f"http://{HOST}/", f"http://{HOST}/exact")
    assert (len(big.body), big.truncated) == (BODY_LIMIT_BYTES, True)
    assert (len(exact.body), exact.truncated) == (BODY_LIMIT_BYTES, False)


def test_a_gzip_bomb_does_not_go_off(site: Site) -> None:
    bomb = gzip.compress(b"\0" * 200_000_000, compresslevel=9)
    assert len(bomb) < BODY_LIMIT_BYTES
    site.http.sites = {
        HOST: {
            "/bomb": Reply(body=bomb, headers={"Content-Encoding": "gzip"}),
            "/fine": Reply(body=gzip.compress("Tervetuloa äiti".encode()), headers={"Content-Encoding": "gzip"}),
            "/liar": Reply(body="not gzip at all", headers={"Content-Encoding": "gzip"}),
        }
    }
    exploded, fine, liar = site.get(*(f"http://{HOST}/{path}" for path in ("bomb", "fine", "liar")))
    assert (len(exploded.body), exploded.truncated) == (BODY_LIMIT_BYTES, True)
    assert (fine.body, fine.truncated) == ("Tervetuloa äiti", False)
    assert (liar.status, liar.body) == (200, "")


def test_character_sets_are_those_of_header_or_page(site: Site) -> None:
    text = "<meta charset='iso-8859-1'>äö"
    site.http.sites = {
        HOST: {
            "/header": Reply(body="äö".encode("cp1252"), headers={"Content-Type": "text/html; charset=windows-1252"}),
            "/meta": Reply(body=text.encode("latin-1"), headers={"Content-Type": "text/html"}),
            "/nonsense": Reply(body="äö", headers={"Content-Type": "text/html; charset=klingon"}),
        }
    }
    pages = site.get(*(f"http://{HOST}/{path}" for path in ("header", "meta", "nonsense")))
    assert [page.body for page in pages] == ["äö", text, "äö"]


def test_what_is_no_text_is_not_read(site: Site) -> None:
    site.http.sites = {HOST: {"/": Reply(body=b"%PDF-1.7", headers={"Content-Type": "application/pdf"})}}
    exchange = site.get(f"http://{HOST}/")
    assert (exchange.status, exchange.content_type, exchange.body) == (200, "application/pdf", None)


def test_a_host_answers_one_request_at_a_time_and_never_sees_more_than_two_connections(site: Site) -> None:
    lock, at_once, most = threading.Lock(), 0, 0

    def slow(handler: Any) -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.05)
        with lock:
            at_once -= 1  # before the last byte: the client may ask again as soon as it has it
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

    site.http.sites = {HOST: {"*": Reply(write=slow)}}
    exchanges = site.get(*(f"http://{HOST}/{number}" for number in range(12)))
    assert {exchange.outcome for exchange in exchanges} == {"answered"}
    assert most == 1
    assert max(request.open_connections for request in site.http.asked) <= 2


def test_cookies_of_one_site_are_not_shown_to_anybody(site: Site) -> None:
    site.http.sites = {
        HOST: {"/": Reply(302, "", {"Location": "/in", "Set-Cookie": "a=b; Domain=test"}), "/in": Reply(body="in")}
    }
    assert site.get(f"http://{HOST}/").body == "in"
    assert not any("Cookie" in request.headers for request in site.http.asked)


def test_a_missing_ca_file_is_named(site: Site, tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="CA_FILE"):
        site.get(f"https://{HOST}/", ca_file=tmp_path / "missing.pem")
