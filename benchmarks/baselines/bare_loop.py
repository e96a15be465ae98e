"""A bare loop over httpx and dnspython: the same names and addresses as another run asked, and nothing done with them.

The baseline of `benchmarks/probing.py`: no guard, no judgement, no politeness, no journal.
"""

import asyncio
import ssl
from collections.abc import Iterable, Sequence
from typing import Any

import dns.asyncquery
import dns.message
import httpcore
import httpx


class _Dialer(httpcore.AsyncNetworkBackend):
    """Every host is on loopback, at the port of its scheme."""

    def __init__(self, ports: dict[int, int]) -> None:
        self._ports = ports
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(self, host: str, port: int, *options: Any, **more: Any) -> httpcore.AsyncNetworkStream:
        return await self._backend.connect_tcp("127.0.0.1", self._ports[port], *options, **more)

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)


async def run(
    asked: Iterable[tuple[Sequence[str], Sequence[str]]],
    *,
    ports: dict[str, int],
    tls: ssl.SSLContext,
    concurrency: int,
    timeout_seconds: float,
) -> None:
    """Ask for each lead's names and addresses one after the other, so many leads at a time."""
    transport = httpx.AsyncHTTPTransport(verify=tls)
    transport._pool = httpcore.AsyncConnectionPool(
        ssl_context=tls,
        max_connections=100,  # this and the next two: what httpx does where nothing is said
        max_keepalive_connections=20,
        keepalive_expiry=5.0,
        network_backend=_Dialer({80: ports["http"], 443: ports["https"]}),
    )
    waiting = iter(asked)

    async def work(client: httpx.AsyncClient) -> None:
        for names, urls in waiting:
            for name in names:
                query = dns.message.make_query(name, "A", use_edns=True)
                await dns.asyncquery.udp_with_fallback(query, "127.0.0.1", port=ports["dns"], timeout=timeout_seconds)
            for url in urls:
                try:
                    async with asyncio.timeout(timeout_seconds):
                        await client.get(url)
                except (TimeoutError, httpx.HTTPError):
                    pass

    async with httpx.AsyncClient(transport=transport, timeout=timeout_seconds) as client, asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(work(client))
