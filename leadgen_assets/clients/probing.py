"""How one candidate site is asked: names, then https and http, then `www.`, then the contact page.

Every answer becomes one row of `web_captures`. Whether a page is the lead's own is asked of the caller (`follow`), and
what the rows mean is judged in the domain.
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit, urlunsplit

from leadgen_assets.clients.dns import DnsAnswer, DnsClient
from leadgen_assets.clients.web import Exchange, WebClient
from tracking_service.clock import Clock

Row = dict[str, Any]
Follow = Callable[[list[Row]], Iterable[str]]
_FOLLOWED_PAGES = 2
_ERROR_BODY_CHARACTERS = 20_000
_NOT_WELCOME = frozenset({401, 403, 429, 451})
_REMEMBERED_NAMES = 20_000
_REMEMBERED_PAGES = 128

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Prober:
    """Asks candidate sites; shares what it learned about a host between the leads of a run.

    Args:
        dns: the resolvers.
        open_web: makes the web client from a function that resolves names.
        clock: the time of each capture.
    """

    def __init__(
        self, dns: DnsClient, open_web: Callable[[Callable[[str], Awaitable[DnsAnswer]]], WebClient], clock: Clock
    ) -> None:
        self._names: _Memory[str, DnsAnswer] = _Memory(dns.addresses, _REMEMBERED_NAMES)
        self._web = open_web(self._names.get)
        self._pages: _Memory[str, Exchange] = _Memory(self._web.get, _REMEMBERED_PAGES)
        self._clock = clock

    async def __aenter__(self) -> "Prober":
        return self

    async def __aexit__(self, *details: object) -> None:
        await self._web.__aexit__(*details)

    async def probe(self, url: str, origin: str, follow: Follow) -> list[Row]:
        """Ask one candidate until a page answers or every way was tried.

        Args:
            url: where to begin; its scheme does not matter, https is tried first.
            origin: how the candidate was found (record, email_domain, name).
            follow: given the rows so far, further addresses of the same site worth asking (its contact page).

        Returns:
            Rows with the columns of `web_captures` except lead_id and ordinal; `detail_json` names the `candidate`
            and marks pages that were `followed`.
        """
        parts = urlsplit(url)
        host = parts.hostname or ""
        candidate = host.removeprefix("www.")
        other = candidate if host != candidate else f"www.{host}"
        rows: list[Row] = []
        first = await self._ask_name(host, origin, candidate, rows)
        if first.outcome == "answered" and await self._ask_site(host, parts.path, parts.query, origin, candidate, rows):
            await self._follow(follow, origin, candidate, rows)
            return rows
        if first.outcome == "nxdomain" and host == candidate and origin != "record":
            return rows  # where a name does not exist, nothing exists below it
        second = await self._ask_name(other, origin, candidate, rows)
        same_silence = first.values == second.values and all(
            row["outcome"] == "timeout" for row in rows if row["kind"] == "http"
        )
        if second.outcome == "answered" and not same_silence:
            await self._ask_site(other, parts.path, parts.query, origin, candidate, rows)
        await self._follow(follow, origin, candidate, rows)
        return rows

    async def _ask_name(self, host: str, origin: str, candidate: str, rows: list[Row]) -> DnsAnswer:
        answer = await self._names.get(host)
        detail = {
            "candidate": candidate,
            "records": answer.kind,
            "values": list(answer.values),
            "asked": list(answer.asked),
        }
        rows.append(self._row(origin, "dns", host, answer.outcome, detail))
        return answer

    async def _ask_site(self, host: str, path: str, query: str, origin: str, candidate: str, rows: list[Row]) -> bool:
        """True once a page answered below 400, or the host made clear that we are not welcome."""
        paths = [(path or "/", query)] + ([("/", "")] if (path or "/", query) != ("/", "") else [])
        for scheme in ("https", "http"):
            for asked_path, asked_query in paths:
                url = urlunsplit((scheme, host, asked_path, asked_query, ""))
                exchange = await self._ask_page(url, origin, candidate, rows)
                if exchange.status is None:
                    break  # the other path would fail in the same way
                if exchange.status < 400 or exchange.status in _NOT_WELCOME:
                    return True
        return False

    async def _ask_page(
        self, url: str, origin: str, candidate: str, rows: list[Row], *, followed: bool = False
    ) -> Exchange:
        exchange = await self._pages.get(url)
        detail = {
            "candidate": candidate,
            "hops": list(exchange.hops),
            "truncated": exchange.truncated,
            "detail": exchange.detail,
            "followed": followed,
        }
        row = self._row(origin, "http", url, exchange.outcome, detail)
        body = exchange.body
        if body is not None and (exchange.status or 0) >= 400:
            body = body[:_ERROR_BODY_CHARACTERS]
        rows.append(
            row
            | {
                "status": exchange.status,
                "final_url": exchange.final_url,
                "content_type": exchange.content_type,
                "body": body,
            }
        )
        return exchange

    async def _follow(self, follow: Follow, origin: str, candidate: str, rows: list[Row]) -> None:
        asked = {row["url"] for row in rows}
        found = 0
        for url in follow(rows):
            if url in asked or found >= _FOLLOWED_PAGES:
                continue
            exchange = await self._ask_page(url, origin, candidate, rows, followed=True)
            found += exchange.status is not None and exchange.status < 400

    def _row(self, origin: str, kind: str, url: str, outcome: str, detail: dict[str, Any]) -> Row:
        return {
            "origin": origin,
            "kind": kind,
            "url": url,
            "outcome": outcome,
            "status": None,
            "final_url": None,
            "content_type": None,
            "body": None,
            "detail_json": json.dumps(detail, ensure_ascii=False),
            "captured_at": self._clock.now().isoformat(),
        }


class _Memory(Generic[Key, Value]):
    """Answers by key, the latest `most` of them; one question at a time for each key, however many ask."""

    def __init__(self, ask: Callable[[Key], Awaitable[Value]], most: int) -> None:
        self._ask = ask
        self._most = most
        self._answers: OrderedDict[Key, asyncio.Future[Value]] = OrderedDict()

    async def get(self, key: Key) -> Value:
        """The remembered answer, or a new one."""
        if key not in self._answers:
            self._answers[key] = asyncio.ensure_future(self._ask(key))
            if len(self._answers) > self._most:
                self._answers.popitem(last=False)
        return await self._answers[key]
