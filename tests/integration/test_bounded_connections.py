"""Nobody can keep the service waiting, fill its memory or take every place, over real sockets."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from leadgen_assets.storage.embedded_postgres import EmbeddedPostgres
from tests.conftest import MONDAY
from tests.integration.tracking import ServiceProcess, open_path, rows, sent_message
from tracking_service.clock import FileClock

TIMEOUT_SECONDS, MOST_FILES = 1, 200
STALLED = {
    "nothing": (b"", b""),
    "half a head": (b"GET / HTTP/1.1\r\nHost: a.test\r\n", b""),
    "a head that trickles": (b"GET / HTTP/1.1\r\nHost: a.test\r\n", b"X: y\r\n"),
    "empty lines": (b"", b"\r\n"),
    "a body that never comes": (b"POST /api/v1/webhooks/brevo HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", b""),
    "a body that trickles": (b"POST /unsubscribe/x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9999\r\n\r\n", b"x"),
    "a hit with a body": (b"GET /track/open/x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\n", b""),
}


@pytest.fixture(scope="module")
def file(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bounded")
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE bounded TEMPLATE template_ledger")
    FileClock.create(folder / "clock", MONDAY)
    file = folder / "service.env"
    file.write_text(
        f"LEADGEN_HOME={folder / 'home'}\nCLOCK_FILE={folder / 'clock'}\nDATABASE_URL={postgres.url('bounded')}\n"
        f"REQUEST_TIMEOUT_SECONDS={TIMEOUT_SECONDS}\n"
    )
    return file


@pytest.fixture(scope="module")
def service(file: Path) -> Iterator[ServiceProcess]:
    with ServiceProcess(file, most_files=MOST_FILES) as running:
        yield running


def connected(service: ServiceProcess) -> socket.socket:
    url = httpx.URL(service.url)
    return socket.create_connection((url.host, url.port), timeout=10)


def has_ended(client: socket.socket) -> bool:
    try:
        while client.recv(65_536):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


@pytest.mark.parametrize("kind", STALLED)
def test_a_request_that_does_not_arrive_is_dropped(service: ServiceProcess, kind: str) -> None:
    first, then = STALLED[kind]
    with connected(service) as client:
        client.sendall(first)
        deadline = time.monotonic() + 10 * TIMEOUT_SECONDS
        client.settimeout(0.2)
        while not has_ended(client):
            assert time.monotonic() < deadline
            try:
                client.sendall(then)
            except OSError:
                break


def test_a_connection_that_is_used_stays(service: ServiceProcess) -> None:
    with connected(service) as client:
        for _ in range(4):
            client.sendall(b"GET /health HTTP/1.1\r\nHost: a.test\r\n\r\n")
            assert client.recv(65_536).startswith(b"HTTP/1.1 200 ")
            time.sleep(TIMEOUT_SECONDS * 0.8)


@pytest.mark.parametrize("line", [b"X-Long: " + b"a" * 1_000_000 + b"\r\n", b"X: y\r\n" * 10_000])
def test_a_head_without_an_end_is_refused_before_it_fills_the_memory(service: ServiceProcess, line: bytes) -> None:
    process = psutil.Process(service.process.pid)
    before, sent = process.memory_info().rss, 0
    with connected(service) as client:
        client.sendall(b"GET /track/open/x HTTP/1.1\r\nHost: a.test\r\n")
        try:
            while sent < 100_000_000:
                client.sendall(line)
                sent += len(line)
        except OSError:
            pass
        assert sent < 100_000_000
    assert process.memory_info().rss - before < 10_000_000
    with connected(service) as client:
        client.sendall(b"GET /health HTTP/1.1\r\nHost: a.test\r\nX: " + b"a" * 40_000)
        answer = client.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"cache-control: no-store" in answer


def test_what_is_no_http_is_refused(service: ServiceProcess) -> None:
    with connected(service) as client:
        client.sendall(b"\x16\x03\x01 what a TLS client would say\r\n\r\n")
        answer = client.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"cache-control: no-store" in answer


def test_hits_are_stored_and_others_get_in_again_while_somebody_takes_every_place(
    service: ServiceProcess, file: Path
) -> None:
    conninfo = dict(line.split("=", 1) for line in file.read_text().splitlines())["DATABASE_URL"]
    message = sent_message(conninfo)
    with httpx.Client() as early, ExitStack() as idle:
        assert early.get(service.url + "/health").status_code == 200
        for _ in range(MOST_FILES * 2):
            idle.enter_context(connected(service))
        assert psutil.Process(service.process.pid).num_fds() < MOST_FILES - 20
        assert early.get(service.url + open_path(message)).status_code == 200
        time.sleep(3 * TIMEOUT_SECONDS)
        assert service.get(open_path(message)).status_code == 200
    assert rows(conninfo, "SELECT count(*) AS n FROM email_events WHERE outreach_id = %s", message) == [{"n": 2}]
