"""Real name servers and web servers on loopback for tests of probing: every answer is in a dictionary of the test."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import trustme
from dnslib import AAAA, MX, QTYPE, RCODE, RR, TXT, A, DNSError, DNSRecord
from dnslib.server import DNSLogger, DNSServer

Zone = dict[
    str, Any
]  # name: an address, a list of addresses, "servfail", "drop", "no_data", "many", {"MX": [...]} or {"TXT": [...]}


class NameServer:
    """Answers from a zone; whatever is not in it does not exist."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.asked: list[tuple[str, str]] = []
        quiet = DNSLogger("error", prefix=False, logf=lambda text: None)
        self._tcp = DNSServer(self, address="127.0.0.1", port=0, tcp=True, logger=quiet)
        self.port = self._tcp.server.server_address[1]
        self._udp = DNSServer(self, address="127.0.0.1", port=self.port, logger=quiet)

    def resolve(self, request: DNSRecord, handler: Any) -> DNSRecord:
        name, kind = str(request.q.qname).rstrip("."), QTYPE[request.q.qtype]
        self.asked.append((name, kind))
        reply, found = request.reply(), self.zone.get(name)
        found = found() if callable(found) else found
        if found == "drop":
            raise DNSError("stays without an answer")
        if found is None:
            reply.header.rcode = RCODE.NXDOMAIN
        elif found == "servfail":
            reply.header.rcode = RCODE.SERVFAIL
        for record in _records(name, kind, found):
            reply.add_answer(record)
        return reply

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        for server in (self._tcp, self._udp):  # `start_thread` would take half a second to notice that it shall stop
            threading.Thread(target=server.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        for server in (self._tcp, self._udp):
            server.server.shutdown()
            server.server.server_close()


def _records(name: str, kind: str, found: Any) -> Iterator[RR]:
    if found == "many":  # too much for one datagram, so that the client has to come back over TCP
        yield from (RR(name, QTYPE.TXT, rdata=TXT("x" * 200)) for _ in range(40))
        found = "192.0.2.9"
    if isinstance(found, dict):
        if kind == "TXT":
            yield from (RR(name, QTYPE.TXT, rdata=TXT(text)) for text in found.get(kind, ()))
            return
        yield from (RR(name, QTYPE.MX, rdata=MX(exchange, preference)) for preference, exchange in found.get(kind, ()))
    elif kind in {"A", "AAAA"} and found is not None and found not in ("servfail", "no_data"):
        for address in [found] if isinstance(found, str) else found:
            if (":" in address) == (kind == "AAAA"):
                yield RR(name, getattr(QTYPE, kind), rdata=AAAA(address) if ":" in address else A(address))


@contextmanager
def name_server(zone: Zone | None = None) -> Iterator[NameServer]:
    server = NameServer(zone or {})
    server.start()
    try:
        yield server
    finally:
        server.stop()


@dataclass
class Reply:
    """What a host answers; `write` takes over the connection for answers that no well-behaved server gives."""

    status: int = 200
    body: bytes | str = ""
    headers: dict[str, str] = field(default_factory=dict)
    write: Callable[[Any], None] | None = None


@dataclass
class Request:
    host: str
    path: str
    headers: dict[str, str]
    open_connections: int


class WebServer:
    """One server for every host, `sites[host][path]` (or `sites[host]["*"]`); with TLS where a certificate is given."""

    def __init__(self, sites: dict[str, dict[str, Reply]], certificate: trustme.LeafCert | None = None) -> None:
        self.sites = sites
        self.asked: list[Request] = []
        self._open = 0
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 5

            def setup(self) -> None:
                super().setup()
                with outer._lock:
                    outer._open += 1

            def finish(self) -> None:
                with outer._lock:
                    outer._open -= 1
                super().finish()

            def do_GET(self) -> None:
                outer._answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(context)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        host = (handler.headers["Host"] or "").partition(":")[0]
        with self._lock:
            self.asked.append(Request(host, handler.path, dict(handler.headers), self._open))
        paths = self.sites.get(host, {})
        reply = paths.get(handler.path) or paths.get("*") or Reply(404, "nothing here")
        if reply.write is not None:
            reply.write(handler)
            handler.close_connection = True
            return
        body = reply.body.encode() if isinstance(reply.body, str) else reply.body
        handler.send_response(reply.status)
        for name, value in {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Length": str(len(body)),
            **reply.headers,
        }.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    def __enter__(self) -> "WebServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(2)


@contextmanager
def canary() -> Iterator[tuple[int, list[Any]]]:
    """A listening port that nothing may ever connect to, and who did."""
    visitors: list[Any] = []
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    done = threading.Event()

    def listen() -> None:
        while not done.is_set():
            try:
                connection, visitor = listener.accept()
            except TimeoutError:
                continue
            visitors.append(visitor)
            connection.close()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], visitors
    finally:
        time.sleep(0.1)
        done.set()
        thread.join(1)
        listener.close()


def unused_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]
