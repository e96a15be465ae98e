"""httpx's transport over connections that only ever go to checked addresses.

The name is resolved here and nowhere else, every address is checked, and the connection is made to a checked address:
a redirect or a name that changes its answer gets no further than a direct request. Requests are made by `web`.
"""

import ssl
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import httpcore
import httpx

from leadgen_assets.clients.address_guard import AddressGuard, BlockedTargetError
from leadgen_assets.clients.dns import DnsAnswer
from leadgen_assets.clients.errors import ClientError

Resolve = Callable[[str], Awaitable[DnsAnswer]]
CONNECTIONS_PER_HOST = 1  # a server that has not noticed the end of the last one yet sees two, and never more
_KEEP_ALIVE_SECONDS = 2.0


class UnresolvedError(OSError):
    """A host without an address, with what the resolvers said."""

    def __init__(self, answer: DnsAnswer) -> None:
        super().__init__(f"{answer.host}: {answer.outcome}")
        self.answer = answer


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens connections to checked addresses only; the name is resolved here and nowhere else."""

    def __init__(self, resolve: Resolve, guard: AddressGuard) -> None:
        self._resolve = resolve
        self._guard = guard
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first address of `host` that takes one."""
        addresses = await self._addresses(host)
        self._guard.check_addresses(addresses)
        error: Exception | None = None
        for address in addresses[:2]:
            real_host, real_port = self._guard.dial_target(host, address, port)
            try:
                return await self._backend.connect_tcp(real_host, real_port, timeout, local_address, socket_options)
            except httpcore.ConnectError as refused:
                error = refused
        raise error or UnresolvedError(DnsAnswer(host, "A", "no_data"))

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Never: pages of the web are not behind sockets of this machine."""
        raise BlockedTargetError(f"{path} is a socket of this machine")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._backend.sleep(seconds)

    async def _addresses(self, host: str) -> tuple[str, ...]:
        literal = host.strip("[]")
        if ":" in literal or literal.replace(".", "").isdigit():
            return (literal,)  # the guard refuses what is no well-formed public address
        answer = await self._resolve(host.lower().rstrip("."))
        if answer.outcome != "answered":
            raise UnresolvedError(answer)
        return answer.values


class GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's transport to one host over our own network backend, which httpx itself offers no argument for."""

    def __init__(self, resolve: Resolve, guard: AddressGuard, tls: ssl.SSLContext) -> None:
        super().__init__(verify=tls, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=CONNECTIONS_PER_HOST,
            max_keepalive_connections=CONNECTIONS_PER_HOST,
            keepalive_expiry=_KEEP_ALIVE_SECONDS,
            network_backend=GuardedBackend(resolve, guard),
        )


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """The usual authorities and one more, where a PEM file is named.

    Raises:
        ClientError: if the file cannot be read.
    """
    context = httpx.create_ssl_context(trust_env=False)
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=str(ca_file))
        except (OSError, ssl.SSLError) as error:
            raise ClientError(f"CA_FILE {ca_file} cannot be read as PEM certificates ({error}).") from None
    return context


def unverified(context: ssl.SSLContext) -> ssl.SSLContext:
    """A context that takes any certificate, to read what a site with a bad one shows; nothing secret is ever sent."""
    lenient = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    lenient.check_hostname = False
    lenient.verify_mode = ssl.CERT_NONE
    lenient.minimum_version = context.minimum_version
    return lenient
