"""No request reaches a destination that we did not sign, and none breaks the service: bytes straight onto a socket.

PostgreSQL is away here on purpose: what is refused must not depend on it.
"""

import random
import re
import socket
from collections.abc import Iterator
from urllib.parse import quote, urlsplit
from uuid import UUID

import pytest

from tests.conftest import MONDAY
from tests.integration.tracking import DESTINATION, SECRET, ServiceProcess
from tracking_service.clock import FileClock
from tracking_service.links import Link, LinkSigner

pytestmark = pytest.mark.xdist_group("redirects")

RETIRED = "an-older-secret-that-was-used-before"
SIGNER = LinkSigner({0: RETIRED, 1: SECRET})
MESSAGE = UUID(int=0x1EAD)
TOKEN = SIGNER.token(Link("click", MESSAGE, DESTINATION)).encode()
SIGNED = {DESTINATION, "https://company.test/other"}
EVIL = "elsewhere.test"
SCHEMES = [
    "javascript:alert(1)", "data:text/html,hi", "vbscript:x", "file:///etc/passwd", "ftp://elsewhere.test/", "//elsewhere.test",
    "///elsewhere.test", "\\\\elsewhere.test", "/\\elsewhere.test", "https:\\\\elsewhere.test", "https:elsewhere.test",
    "https://", "https:///elsewhere.test", "http:/elsewhere.test", " https://elsewhere.test", "\thttps://elsewhere.test",
    "https://elsewhere.test\r\nSet-Cookie: a=b", "https://elsewhere.test\nLocation: https://x.test", "https://elsewhere.test\x00",
    "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "https://[::1", "https://elsewhere.test\u2028", "mailto:a@elsewhere.test",
]  # fmt: skip


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    folder = tmp_path_factory.mktemp("away")
    FileClock.create(folder / "clock", MONDAY)
    file = folder / "door.env"
    file.write_text(
        f"LEADGEN_HOME={folder / 'home'}\nCLOCK_FILE={folder / 'clock'}\n"
        f"DATABASE_URL=postgresql:///none?host={folder}\nAPP_SECRET_KEYS_RETIRED={RETIRED}\n"
    )
    with ServiceProcess(file) as running:
        yield running


def mutated_tokens(rng: random.Random) -> Iterator[bytes]:
    """Every kind of damage to a token of ours, and tokens of others."""
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for place in range(len(TOKEN) - 1):  # the unused bits of the last character say nothing
        other = rng.choice([letter for letter in alphabet if letter != TOKEN[place]])
        yield TOKEN[:place] + bytes([other]) + TOKEN[place + 1 :]
        yield TOKEN[:place] + TOKEN[place + 1 :]
        yield TOKEN[: place + 1]
        yield TOKEN[:place] + b"%" + b"%02x" % rng.randrange(256) + TOKEN[place:]
        yield TOKEN[:place] + bytes([rng.randrange(0x80, 0x100)]) + TOKEN[place + 1 :]
    for _ in range(300):
        yield bytes(rng.choice(alphabet) for _ in range(rng.choice((1, 20, len(TOKEN), 300))))
    for padding in (
        b"=",
        b"==",
        b"+",
        b"/",
        b"%3D",
        b"%0d%0aLocation:%20https://elsewhere.test",
        b"%00",
        b";",
        b"." * 50,
    ):
        yield TOKEN + padding
        yield padding + TOKEN
    stranger = LinkSigner({0: "another-secret-of-somebody-else", 7: "one-more-secret-of-somebody-else"})
    for signer in (SIGNER, stranger):
        for scheme in SCHEMES:
            yield signer.token(Link("click", MESSAGE, scheme)).encode()
    yield stranger.token(Link("click", MESSAGE, f"https://{EVIL}/")).encode()
    yield SIGNER.token(Link("open", MESSAGE)).encode()
    yield SIGNER.token(Link("unsubscribe", MESSAGE)).encode()


def requests() -> Iterator[bytes]:
    """Targets and headers, as bytes of a request without its end."""
    rng = random.Random(20260302)
    for token in mutated_tokens(rng):
        yield b"GET %b/track/click/%b" % (rng.choice((b"", b"/api/v1")), token)
    for scheme in SCHEMES:
        for name in ("url", "u", "next", "redirect", "to", "target"):
            yield b"GET /track/click/%b?%b=%b" % (TOKEN, name.encode(), quote(scheme).encode())
        yield b"GET /track/click/%b/%b" % (TOKEN, quote(scheme, safe="/:").encode())
        yield b"GET /track/click/%b" % quote(scheme, safe="").encode()
        yield b"GET /track/open/%b?url=%b" % (TOKEN, quote(scheme).encode())
    for path in (b"//elsewhere.test/track/click/x", b"/track/click/", b"/track/click//" + TOKEN, b"/%2f%2felsewhere.test",
                 b"/track/click/../../" + TOKEN, b"/track/click/" + b"A" * 5000, b"/track/click/" + b"%ff" * 2000,
                 b"/\xff\xfe", b"/track/click/\xc3\x28", b"/track/click/" + TOKEN + b"?" + b"a=b&" * 3000):  # fmt: skip
        yield b"GET " + path
    for header in (b"Host: elsewhere.test", b"X-Forwarded-Host: elsewhere.test", b"X-Forwarded-Proto: javascript",
                   b"X-Original-URL: //elsewhere.test", b"Forwarded: host=elsewhere.test", b"Referer: https://elsewhere.test/",
                   b"X-Forwarded-For: \xff\xfe", b"User-Agent: " + b"\xff" * 300, b"Accept-Language: \x01"):  # fmt: skip
        yield b"GET /track/click/%b HTTP/1.1\r\n%b" % (TOKEN, header)


class RawClient:
    """One connection after the other, as bytes."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname, parts.port)
        self._socket: socket.socket | None = None

    def send(self, request: bytes) -> tuple[int, dict[str, str]]:
        head = request if b" HTTP/1.1\r\n" in request else request + b" HTTP/1.1\r\nHost: company.test"
        for _ in range(2):  # the service may have closed the last connection after a broken request
            self._socket = self._socket or socket.create_connection(self._address, timeout=5)
            try:
                self._socket.sendall(head + (b"" if b"Host:" in head else b"\r\nHost: company.test") + b"\r\n\r\n")
                answer = self._read()
            except OSError:
                answer = b""
            if answer:
                break
            self._socket = None
        lines = answer.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        if headers.get("connection") == "close" or lines[0].split()[1] == "400":
            self._socket = None
        return int(lines[0].split()[1]), headers

    def _read(self) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            more = self._socket.recv(65536)
            if not more:
                return data
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        while length and len(body) < int(length[1]):
            body += self._socket.recv(65536)
        return head + b"\r\n\r\n" + body


def test_a_thousand_mutations_lead_nowhere_but_where_we_signed_and_break_nothing(service: ServiceProcess) -> None:
    client, tried, led = RawClient(service.url), 0, 0
    for request in requests():
        status, headers = client.send(request)
        tried += 1
        assert status < 500, request
        assert EVIL not in headers.get("location", ""), request
        assert "set-cookie" not in headers, request
        if 300 <= status < 400:
            assert headers["location"] in SIGNED, request
            led += 1
    assert tried >= 1000
    assert led >= 100  # what stands in the query or in headers changes nothing about a token of ours


def test_retired_keys_are_read_and_the_newest_signs(service: ServiceProcess) -> None:
    retired = LinkSigner({0: RETIRED})
    other = Link("click", MESSAGE, "https://company.test/other")
    for token in (retired.token(other), SIGNER.token(other)):
        assert RawClient(service.url).send(b"GET /track/click/" + token.encode())[1]["location"] == other.destination
    assert SIGNER.token(other) != retired.token(other)
