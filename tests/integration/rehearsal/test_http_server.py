"""The town's HTTP server as real clients see it."""

import asyncio
import ssl
import threading
import time

import falcon.asgi
import httpx
import pytest
import trustme

from leadgen_assets.rehearsal.servers.http_server import HttpServer


class _Hello:
    async def on_get(self, request, response):
        response.text = "hello"


class _Hang:
    async def on_get(self, request, response):
        await asyncio.sleep(60)


@pytest.fixture
def app():
    app = falcon.asgi.App()
    app.add_route("/hello", _Hello())
    app.add_route("/hang", _Hang())
    return app


def test_it_answers_on_loopback_and_comes_back_under_the_same_address(app):
    server = HttpServer(app)
    server.start()
    url = server.url
    assert httpx.get(f"{url}/hello").text == "hello"
    server.stop()
    server.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/hello")
    server.start()
    assert server.url == url
    assert httpx.get(f"{url}/hello").text == "hello"
    server.stop()


def test_it_stops_within_three_seconds_while_a_request_hangs(app):
    server = HttpServer(app)
    server.start()
    failures = []

    def ask():
        try:
            failures.append(httpx.get(f"{server.url}/hang", timeout=20).status_code)
        except httpx.TransportError as error:
            failures.append(error)

    client = threading.Thread(target=ask)
    client.start()
    time.sleep(0.2)
    before = set(threading.enumerate())
    started = time.monotonic()
    server.stop()
    assert time.monotonic() - started < 3
    client.join(5)
    assert failures
    assert not [t for t in before if t.name.startswith("town-http") and t.is_alive()]


def test_it_speaks_tls_with_a_given_certificate(app):
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    server = HttpServer(app, tls=tls)
    server.start()
    assert httpx.get(f"{server.url}/hello", verify=trust).text == "hello"
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/hello")
    server.stop()
