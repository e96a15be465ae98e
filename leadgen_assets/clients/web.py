"""The one client that fetches other people's pages: guarded, bounded, polite, one exchange at a time with each host.

Connections are opened by `guarded_transport`, to checked addresses alone. In which order a site is asked belongs to
`probing`, what a page means to the domain.
"""

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from urllib.parse import urljoin

import httpcore
import httpx

from leadgen_assets.clients.address_guard import AddressGuard, BlockedTargetError
from leadgen_assets.clients.guarded_transport import (
    GuardedTransport,
    Resolve,
    UnresolvedError,
    tls_context,
    unverified,
)
from leadgen_assets.clients.web_bodies import decompressed, read_body, text_of

WebOutcome = Literal[
    "answered",
    "nxdomain",
    "no_data",
    "servfail",
    "timeout",
    "refused",
    "tls_error",
    "reset",
    "redirect_loop",
    "blocked",
]
MOST_HOPS = 6
_HOSTS_KEPT_OPEN = 32
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Exchange:
    """What became of one GET, redirects included.

    Attributes:
        url: what was asked.
        outcome: answered, or why there is no answer (nxdomain, no_data and servfail are those of the host or of a hop).
        status: of the last answer.
        final_url: where the last request went.
        content_type: as sent, without parameters, in lower case.
        body: the text of the last answer, at most 512 kB of it; None where it is no text.
        truncated: there was more.
        hops: the redirects on the way, as (url, status).
        detail: one clause about a failure.
        certificate_error: why the last answer's certificate is not valid, None where it is or none was shown.
        received_bytes: the body as it was sent; 0 where nothing was sent for this.
        asked_at: when it was asked, where that was earlier the same day and for another lead.
    """

    url: str
    outcome: WebOutcome
    status: int | None = None
    final_url: str | None = None
    content_type: str | None = None
    body: str | None = None
    truncated: bool = False
    hops: tuple[tuple[str, int], ...] = ()
    detail: str | None = None
    certificate_error: str | None = None
    received_bytes: int = 0
    asked_at: str | None = None


class WebClient:
    """Fetches pages; an asynchronous context manager.

    One request at a time goes to a host (with and without `www.`), over one connection at a time. Cookies live as long
    as one chain of redirects. A page behind a certificate that is not valid is read all the same, and says so.

    Args:
        resolve: the addresses of a host (`DnsClient.addresses`, or a cache in front of it).
        guard: which targets are allowed.
        user_agent: the one name this product goes by.
        timeout_seconds: for each hop, from connecting to the last byte.
        ca_file: PEM of one more trusted certificate authority.
        is_elsewhere: hosts whose pages are never fetched; a redirect there is the last answer.

    Raises:
        ClientError: if the CA file cannot be read.
    """

    def __init__(
        self,
        resolve: Resolve,
        guard: AddressGuard,
        *,
        user_agent: str,
        timeout_seconds: float,
        ca_file: Path | None = None,
        is_elsewhere: Callable[[str], bool] = lambda host: False,
    ) -> None:
        self._resolve = resolve
        self._guard = guard
        self._user_agent = user_agent
        self._timeout_seconds = timeout_seconds
        self._tls = tls_context(ca_file)
        self._lenient_tls = unverified(self._tls)
        self._is_elsewhere = is_elsewhere
        self._hosts: OrderedDict[str, _Host] = OrderedDict()

    async def __aenter__(self) -> "WebClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        for host in self._hosts.values():
            await host.close()

    async def get(self, url: str, known: Callable[[str], Exchange | None] = lambda url: None) -> Exchange:
        """Fetch a URL and follow its redirects; an expected failure is an outcome, never an exception.

        Args:
            url: what to ask for.
            known: answers that are at hand already, by the address of a redirect; they are not asked for again.
        """
        hops: list[tuple[str, int]] = []
        seen: set[tuple[str, int]] = set()
        cookies = httpx.Cookies()
        current = url
        while True:
            if (current, len(cookies)) in seen or len(hops) >= MOST_HOPS:
                return Exchange(url, "redirect_loop", final_url=current, hops=tuple(hops), detail="too many redirects")
            seen.add((current, len(cookies)))
            if hops and (at_hand := known(current)) is not None:
                return replace(at_hand, url=url, hops=tuple(hops), received_bytes=0)
            answer = await self._one_hop(current, cookies)
            if isinstance(answer, _Failure):
                return Exchange(url, answer.outcome, final_url=current, hops=tuple(hops), detail=answer.detail)
            if answer.location is None or self._leads_elsewhere(answer.location):
                return Exchange(
                    url,
                    "answered",
                    answer.status,
                    answer.location or current,
                    answer.content_type,
                    answer.text,
                    answer.truncated,
                    tuple(hops),
                    certificate_error=answer.certificate_error,
                    received_bytes=answer.received_bytes,
                )
            hops.append((current, answer.status))
            current = answer.location

    def _leads_elsewhere(self, location: str) -> bool:
        try:
            return self._is_elsewhere(httpx.URL(location).host)
        except (httpx.InvalidURL, UnicodeError):
            return False

    async def _one_hop(self, url: str, cookies: httpx.Cookies) -> "_Answer | _Failure":
        try:
            target = httpx.URL(url)
            if target.userinfo:
                raise BlockedTargetError("the address carries a user name")
            port = target.port if target.port is not None else (443 if target.scheme == "https" else 80)
            self._guard.check_url(target.scheme, target.host, port)
            async with self._turn_at(target.host) as host:
                found = await self._in_time(target, cookies, host.transport(self._tls))
                if isinstance(found, _Failure) and found.is_certificate:
                    lenient = await self._in_time(target, cookies, host.transport(self._lenient_tls))
                    return replace(lenient, certificate_error=found.detail) if isinstance(lenient, _Answer) else lenient
                return found
        except BlockedTargetError as error:
            return _Failure("blocked", str(error))
        except (httpx.InvalidURL, UnicodeError):
            return _Failure("blocked", "the address is malformed")

    async def _in_time(
        self, target: httpx.URL, cookies: httpx.Cookies, transport: GuardedTransport
    ) -> "_Answer | _Failure":
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._exchange(target, cookies, transport)
        except TimeoutError:
            return _Failure("timeout", f"no complete answer within {self._timeout_seconds:g} s")
        except httpx.InvalidURL:
            raise
        except (httpx.HTTPError, httpcore.ProtocolError, ssl.SSLError, OSError) as error:
            return _failure_of(error)

    async def _exchange(self, target: httpx.URL, cookies: httpx.Cookies, transport: GuardedTransport) -> "_Answer":
        headers = {
            "Host": target.netloc.decode("ascii"),
            "User-Agent": self._user_agent,
            "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5",
            "Accept-Encoding": "gzip, deflate",
            "Accept-Language": "en, *;q=0.5",
        }
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), self._timeout_seconds)
        request = httpx.Request("GET", target, headers=headers, extensions={"timeout": timeout})
        if cookies:
            cookies.set_cookie_header(request)
        response = await transport.handle_async_request(request)
        response.request = request
        try:
            if "set-cookie" in response.headers:
                cookies.extract_cookies(response)
            location = response.headers.get("location")
            if response.status_code in _REDIRECTS and location:
                return _Answer(response.status_code, location=_joined(target, location))
            content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if content_type and not content_type.startswith("text/") and "html" not in content_type:
                return _Answer(response.status_code, content_type=content_type)
            sent, truncated = await read_body(response)
            raw, more = decompressed(sent, response.headers.get("content-encoding", ""))
            text = text_of(raw, response)
            return _Answer(response.status_code, content_type, text, truncated or more, received_bytes=len(sent))
        finally:
            await response.aclose()

    @asynccontextmanager
    async def _turn_at(self, name: str) -> AsyncIterator["_Host"]:
        """The turn at a host and what is kept of it; hosts that were asked longest ago are forgotten."""
        key = name.lower().rstrip(".").removeprefix("www.")
        host = self._hosts.setdefault(key, _Host(self._resolve, self._guard))
        self._hosts.move_to_end(key)
        host.visitors += 1
        try:
            async with host.turn:
                yield host
        finally:
            host.visitors -= 1
        if len(self._hosts) > _HOSTS_KEPT_OPEN:
            idle = next((old for old, kept in self._hosts.items() if not kept.visitors), None)
            if idle is not None:
                await self._hosts.pop(idle).close()


class _Host:
    """One host's turn, who waits for it, and its connections by how they check certificates."""

    def __init__(self, resolve: Resolve, guard: AddressGuard) -> None:
        self._resolve, self._guard = resolve, guard
        self._transports: dict[int, GuardedTransport] = {}
        self.turn = asyncio.Lock()
        self.visitors = 0

    def transport(self, tls: ssl.SSLContext) -> GuardedTransport:
        if id(tls) not in self._transports:
            self._transports[id(tls)] = GuardedTransport(self._resolve, self._guard, tls)
        return self._transports[id(tls)]

    async def close(self) -> None:
        for transport in self._transports.values():
            await transport.aclose()


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    content_type: str | None = None
    text: str | None = None
    truncated: bool = False
    location: str | None = None
    certificate_error: str | None = None
    received_bytes: int = 0


@dataclass(frozen=True, slots=True)
class _Failure:
    outcome: WebOutcome
    detail: str
    is_certificate: bool = False


def _joined(target: httpx.URL, location: str) -> str:
    try:
        return urljoin(str(target), location.strip()).partition("#")[0]
    except ValueError:
        raise httpx.InvalidURL("malformed redirect") from None


def _failure_of(error: BaseException) -> _Failure:
    """The outcome behind an exception, from its innermost cause."""
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    for link in chain:
        if isinstance(link, UnresolvedError):
            return _Failure(link.answer.outcome if link.answer.outcome != "answered" else "servfail", str(link))
        if isinstance(link, ssl.SSLCertVerificationError):
            return _Failure("tls_error", link.verify_message or "not valid", is_certificate=True)
        if isinstance(link, ssl.SSLError):
            return _Failure("tls_error", link.reason or "TLS failed")
        if isinstance(link, ConnectionRefusedError):
            return _Failure("refused", "the port is closed")
    if any(isinstance(link, httpx.TimeoutException | httpcore.TimeoutException) for link in chain):
        return _Failure("timeout", "no answer in time")
    if isinstance(error, httpx.ConnectError):  # no route or no network here: says nothing about the site
        return _Failure("timeout", "no connection")
    return _Failure("reset", "the connection broke off or spoke no HTTP")
