"""Ten thousand sites and their name server on loopback, in a process of their own: each answers after a fixed latency.

SIGUSR1 writes how much was asked since the last time to `counts.json`. Host `b<n>.sites.test` exists for every listed business; hosts of silent businesses take connections and never answer.
"""

import asyncio
import json
import signal
import ssl
import sys
from collections import Counter
from pathlib import Path

from dnslib import QTYPE, RCODE, RR, A, DNSRecord

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{name} | Helsinki</title><meta name="description" content="{name}, Helsinki. Your local bakery."></head><body>
<header><nav><a href="/">Home</a><a href="/contact">Contact</a></nav></header><main><h1>{name}</h1>
<p>Welcome to {name}, your local bakery in Helsinki. We are glad to help. Ask us anything, and we will find what suits you.</p>
<h2>Opening hours</h2><p>Mo-Fr 09:00-17:00, closed on public holidays and in the first week of July.</p>{text}
<h2>Where to find us</h2><address>{name}<br>Testikatu 12<br>00100 Helsinki</address></main></body></html>"""
_TEXT = "<p>Rye bread, cardamom buns and cakes to order, baked every morning from flour that is milled nearby.</p>" * 20


_asked: Counter[str] = Counter()


def kind_of(number: int) -> str:
    """What a business has: a healthy site, none at all, or a host that takes connections and stays silent."""
    place = number % 100
    return "silent" if place < 3 else "none" if place < 33 else "healthy"


def name_of(number: int) -> str:
    """The name of a business."""
    return f"Bakery Number{number}"


async def serve(folder: Path, latency_seconds: float) -> None:
    """Write the ports to `ports.json` and serve until killed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "site.pem")
    loop = asyncio.get_running_loop()
    http = await loop.create_server(lambda: _Web(latency_seconds), "127.0.0.1", 0, backlog=1024)
    https = await loop.create_server(lambda: _Web(latency_seconds), "127.0.0.1", 0, ssl=context, backlog=1024)
    names, _ = await loop.create_datagram_endpoint(_Names, local_addr=("127.0.0.1", 0))
    loop.add_signal_handler(signal.SIGUSR1, _write_counts, folder)
    ports = {
        "http": http.sockets[0].getsockname()[1],
        "https": https.sockets[0].getsockname()[1],
        "dns": names.get_extra_info("sockname")[1],
    }
    (folder / "ports.part").write_text(json.dumps(ports))
    (folder / "ports.part").rename(folder / "ports.json")
    await asyncio.Event().wait()


def _write_counts(folder: Path) -> None:
    (folder / "counts.part").write_text(json.dumps({"questions": _asked["questions"], "requests": _asked["requests"]}))
    (folder / "counts.part").rename(folder / "counts.json")
    _asked.clear()


class _Web(asyncio.Protocol):
    def __init__(self, latency_seconds: float) -> None:
        self._latency_seconds = latency_seconds
        self._waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        head, end, self._waiting = self._waiting.partition(b"\r\n\r\n")
        if not end:
            self._waiting = head
            return
        host = next(
            (line[5:].strip() for line in head.split(b"\r\n") if line.lower().startswith(b"host:")), b""
        ).decode()
        _asked["requests"] += 1
        number = _number(host.removeprefix("www."))
        if number is not None and kind_of(number) != "silent":
            asyncio.get_running_loop().call_later(self._latency_seconds, self._answer, number)

    def _answer(self, number: int) -> None:
        if self._transport.is_closing():
            return
        body = _PAGE.format(name=name_of(number), text=_TEXT).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


class _Names(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        request = DNSRecord.parse(data)
        _asked["questions"] += 1
        name, reply = str(request.q.qname).rstrip("."), request.reply()
        if _number(name.removeprefix("www.")) is None:
            reply.header.rcode = RCODE.NXDOMAIN
        elif request.q.qtype == QTYPE.A:
            reply.add_answer(RR(name, QTYPE.A, rdata=A("192.0.2.1"), ttl=60))
        self._transport.sendto(reply.pack(), address)


def _number(host: str) -> int | None:
    label, _, rest = host.partition(".")
    found = label[1:]
    if rest != "sites.test" or label[:1] != "b" or not found.isdigit() or kind_of(int(found)) == "none":
        return None
    return int(found)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), float(sys.argv[2])))
