"""The one client that fetches other people's pages: guarded, bounded, polite, one exchange at a time.

Connections are opened by `guarded_transport`, to checked addresses alone. In which order a site is asked belongs to
`probing`, what a page means to the domain.
"""

import asyncio
import ssl
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urljoin

import httpcore
import httpx

from leadgen_assets.clients.address_guard import AddressGuard, BlockedTargetError
from leadgen_assets.clients.guarded_transport import GuardedTransport, Resolve, UnresolvedError, tls_context
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
CONNECTIONS_PER_HOST = 2
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


class WebClient:
    """Fetches pages; an asynchronous context manager.

    Args:
        resolve: the addresses of a host (`DnsClient.addresses`, or a cache in front of it).
        guard: which targets are allowed.
        user_agent: the one name this product goes by.
        timeout_seconds: for each hop, from connecting to the last byte.
        ca_file: PEM of one more trusted certificate authority.

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
    ) -> None:
        self._guard = guard
        self._user_agent = user_agent
        self._timeout_seconds = timeout_seconds
        self._transport = GuardedTransport(resolve, guard, tls_context(ca_file))
        self._turns: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(CONNECTIONS_PER_HOST))

    async def __aenter__(self) -> "WebClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._transport.aclose()

    async def get(self, url: str) -> Exchange:
        """Fetch a URL and follow its redirects; an expected failure is an outcome, never an exception."""
        hops: list[tuple[str, int]] = []
        seen: set[str] = set()
        current = url
        while True:
            if current in seen or len(hops) >= MOST_HOPS:
                return Exchange(url, "redirect_loop", final_url=current, hops=tuple(hops), detail="too many redirects")
            seen.add(current)
            answer = await self._one_hop(current)
            if isinstance(answer, _Failure):
                return Exchange(url, answer.outcome, final_url=current, hops=tuple(hops), detail=answer.detail)
            if answer.location is None:
                return Exchange(
                    url,
                    "answered",
                    answer.status,
                    current,
                    answer.content_type,
                    answer.text,
                    answer.truncated,
                    tuple(hops),
                )
            hops.append((current, answer.status))
            current = answer.location

    async def _one_hop(self, url: str) -> "_Answer | _Failure":
        try:
            target = httpx.URL(url)
            if target.userinfo:
                raise BlockedTargetError("the address carries a user name")
            port = target.port or (443 if target.scheme == "https" else 80)
            self._guard.check_url(target.scheme, target.host, port)
            async with self._turns[target.host], asyncio.timeout(self._timeout_seconds):
                return await self._exchange(target)
        except BlockedTargetError as error:
            return _Failure("blocked", str(error))
        except TimeoutError:
            return _Failure("timeout", f"no complete answer within {self._timeout_seconds:g} s")
        except (httpx.InvalidURL, UnicodeError):
            return _Failure("blocked", "the address is malformed")
        except (httpx.HTTPError, httpcore.ProtocolError, ssl.SSLError, OSError) as error:
            return _failure_of(error)

    async def _exchange(self, target: httpx.URL) -> "_Answer":
        headers = {
            "Host": target.netloc.decode("ascii"),
            "User-Agent": self._user_agent,
            "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5",
            "Accept-Encoding": "gzip, deflate",
        }
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), self._timeout_seconds)
        request = httpx.Request("GET", target, headers=headers, extensions={"timeout": timeout})
        response = await self._transport.handle_async_request(request)
        try:
            location = response.headers.get("location")
            if response.status_code in _REDIRECTS and location:
                return _Answer(response.status_code, location=_joined(target, location))
            content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if content_type and not content_type.startswith("text/") and "html" not in content_type:
                return _Answer(response.status_code, content_type=content_type)
            raw, truncated = await read_body(response)
            raw, more = decompressed(raw, response.headers.get("content-encoding", ""))
            return _Answer(response.status_code, content_type, text_of(raw, response), truncated or more)
        finally:
            await response.aclose()


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    content_type: str | None = None
    text: str | None = None
    truncated: bool = False
    location: str | None = None


@dataclass(frozen=True, slots=True)
class _Failure:
    outcome: WebOutcome
    detail: str


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
        if isinstance(link, ssl.SSLError):
            return _Failure("tls_error", getattr(link, "verify_message", "") or link.reason or "TLS failed")
        if isinstance(link, ConnectionRefusedError):
            return _Failure("refused", "the port is closed")
    if any(isinstance(link, httpx.TimeoutException | httpcore.TimeoutException) for link in chain):
        return _Failure("timeout", "no answer in time")
    if isinstance(error, httpx.ConnectError):  # no route or no network here: says nothing about the site
        return _Failure("timeout", "no connection")
    return _Failure("reset", "the connection broke off or spoke no HTTP")
