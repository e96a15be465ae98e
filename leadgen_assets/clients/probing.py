"""How one candidate site is asked: names, then https and http, then `www.`, then the contact page.

Every answer becomes one row of `web_captures`. Whether a page is the lead's own is asked of the caller (`reading`), and
what the rows mean is judged in the domain.
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import urljoin, urlsplit, urlunsplit

from protego import Protego

from leadgen_assets.clients.answers_of_the_day import AnswersOfTheDay, Recall
from leadgen_assets.clients.dns import DnsAnswer, DnsClient
from leadgen_assets.clients.web import Exchange, WebClient
from tracking_service.clock import Clock

Row = dict[str, Any]
_FOLLOWED_PAGES = 2
_SHARED_HOPS = 3
_ERROR_BODY_CHARACTERS = 20_000
_NOT_WELCOME = frozenset({401, 403, 429, 451})
_REMEMBERED_NAMES = 2_000
_REMEMBERED_PAGES = 128

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Reading(Protocol):
    """What the caller makes of the rows so far."""

    def is_settled(self, rows: list[Row]) -> bool:
        """True once the candidate shows the lead's own site, so that its other addresses need not be asked."""

    def pages_to_follow(self, rows: list[Row]) -> Iterable[str]:
        """Further addresses of the same site worth asking: its contact page."""

    def may_read_more(self, rows: list[Row]) -> bool:
        """False once so much was read for the lead that nothing more is asked."""


class Prober:
    """Asks candidate sites; shares what it learned about a host between the leads of a run.

    Args:
        dns: the resolvers.
        open_web: makes the web client from a function that resolves names.
        clock: the time of each capture.
        robot: the name that robots.txt knows this client by.
        recall: see `AnswersOfTheDay`; nothing is recalled without it.
    """

    def __init__(
        self,
        dns: DnsClient,
        open_web: Callable[[Callable[[str], Awaitable[DnsAnswer]]], WebClient],
        clock: Clock,
        robot: str = "LeadgenBot",
        recall: Recall = lambda host: (),
    ) -> None:
        self._dns = dns
        self._today = AnswersOfTheDay(recall)
        self._names: _Memory[str, DnsAnswer] = _Memory(self._resolve, _REMEMBERED_NAMES)
        self._web = open_web(self._names.get)
        self._landed: OrderedDict[str, Exchange] = OrderedDict()
        self._pages: _Memory[str, Exchange] = _Memory(self._fetch, _REMEMBERED_PAGES)
        self._rules: _Memory[str, Exchange] = _Memory(self._fetch_rules, _REMEMBERED_PAGES)
        self._clock = clock
        self._robot = robot

    async def __aenter__(self) -> "Prober":
        return self

    async def __aexit__(self, *details: object) -> None:
        await self._web.__aexit__(*details)

    async def probe(self, url: str, origin: str, reading: Reading) -> list[Row]:
        """Ask one candidate until its page is the lead's own or every way was tried.

        Args:
            url: where to begin; its scheme does not matter, https is tried first.
            origin: how the candidate was found (record, email_domain, name).
            reading: what the rows so far mean.

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
        if first.outcome == "answered" and await self._ask_site(
            host, parts.path, parts.query, origin, candidate, rows, reading
        ):
            await self._follow(reading, origin, candidate, rows)
            return rows
        if first.outcome == "nxdomain" and host == candidate and origin != "record":
            return rows  # where a name does not exist, nothing exists below it
        second = await self._ask_name(other, origin, candidate, rows)
        same_silence = first.values == second.values and all(
            row["outcome"] == "timeout" for row in rows if row["kind"] == "http"
        )
        if second.outcome == "answered" and not same_silence:
            await self._ask_site(other, parts.path, parts.query, origin, candidate, rows, reading)
        await self._follow(reading, origin, candidate, rows)
        return rows

    async def read_public_page(self, url: str) -> list[Row]:
        """Read a page on a host that many businesses share, if its robots.txt permits; one row of kind `public_page`.

        Unlike a business's own home page such a page is never asked for before robots.txt was.
        """
        detail: dict[str, Any] = {"candidate": _bare_host(url), "received_bytes": 0}
        page: Exchange | None = None
        for _ in range(_SHARED_HOPS):
            rules = await self._rules.get(urljoin(url, "/robots.txt"))
            outcome = self._verdict_of_robots(rules, url) or "answered"
            if outcome != "answered":
                return [self._row("record", "public_page", url, outcome, detail)]
            page = await self._pages.get(url)
            detail["received_bytes"] += page.received_bytes
            moved = page.final_url if page.status is not None and 300 <= page.status < 400 else None
            if not moved or moved == url or _bare_host(moved) != _bare_host(url):
                break  # where it leads to another host is not its page any more
            url = moved
        return [self._row("record", "public_page", url, page.outcome, detail) | _answer_of(page)] if page else []

    async def _ask_name(self, host: str, origin: str, candidate: str, rows: list[Row]) -> DnsAnswer:
        answer = await self._names.get(host)
        detail = {
            "candidate": candidate,
            "records": answer.kind,
            "values": list(answer.values),
            "aliases": list(answer.aliases),
            "asked": list(answer.asked),
        }
        rows.append(self._row(origin, "dns", host, answer.outcome, detail))
        return answer

    async def _ask_site(
        self, host: str, path: str, query: str, origin: str, candidate: str, rows: list[Row], reading: Reading
    ) -> bool:
        """True once a page settled the question, or the host made clear that we are not welcome."""
        paths = [(path or "/", query)] + ([("/", "")] if (path or "/", query) != ("/", "") else [])
        for scheme in ("https", "http"):
            for asked_path, asked_query in paths:
                url = urlunsplit((scheme, host, asked_path, asked_query, ""))
                exchange = await self._ask_page(url, origin, candidate, rows, reading)
                if exchange is None:
                    continue
                if exchange.status is None:
                    break  # the other path would fail in the same way
                if exchange.status in _NOT_WELCOME or (exchange.status < 400 and reading.is_settled(rows)):
                    return True
        return False

    async def _ask_page(
        self, url: str, origin: str, candidate: str, rows: list[Row], reading: Reading, *, followed: bool = False
    ) -> Exchange | None:
        """The answer, or None where the page was left alone."""
        detail: dict[str, Any] = {"candidate": candidate, "followed": followed}
        reason = await self._reason_to_leave(url, origin, candidate, rows, reading)
        if reason:
            rows.append(self._row(origin, "http", url, reason, detail))
            return None
        exchange = await self._pages.get(url)
        detail |= {
            "hops": list(exchange.hops),
            "truncated": exchange.truncated,
            "detail": exchange.detail,
            "certificate_error": exchange.certificate_error,
            "received_bytes": exchange.received_bytes,
        } | ({"asked_at": exchange.asked_at} if exchange.asked_at else {})
        rows.append(self._row(origin, "http", url, exchange.outcome, detail) | _answer_of(exchange))
        return exchange

    async def _reason_to_leave(
        self, url: str, origin: str, candidate: str, rows: list[Row], reading: Reading
    ) -> str | None:
        """Why a page is not asked for: too much was read already, or robots.txt closes it to us."""
        if not reading.may_read_more(rows):
            return "over_budget"
        parts = urlsplit(url)
        if parts.path in {"", "/"} and not parts.query:
            return None  # a home page is what a name is for
        where = urljoin(url, "/robots.txt")
        rules = await self._rules.get(where)
        if not any(row["kind"] == "robots" and row["url"] == where for row in rows):
            detail = {"candidate": candidate, "received_bytes": rules.received_bytes}
            rows.append(self._row(origin, "robots", where, rules.outcome, detail) | _answer_of(rules))
        return self._verdict_of_robots(rules, url)

    def _verdict_of_robots(self, rules: Exchange, url: str) -> str | None:
        """Why robots.txt keeps us from a page, or None where it does not."""
        if rules.status is None or rules.status >= 500:
            return None if rules.outcome in {"refused", "tls_error"} else "robots_unknown"
        if rules.status >= 400 or Protego.parse(rules.body or "").can_fetch(url, self._robot):
            return None
        return "disallowed"

    async def _follow(self, reading: Reading, origin: str, candidate: str, rows: list[Row]) -> None:
        asked = {row["url"] for row in rows}
        found = 0
        for url in reading.pages_to_follow(rows):
            if url in asked or found >= _FOLLOWED_PAGES:
                continue
            exchange = await self._ask_page(url, origin, candidate, rows, reading, followed=True)
            found += exchange is not None and exchange.status is not None and exchange.status < 400

    async def _resolve(self, host: str) -> DnsAnswer:
        return self._today.name(host) or await self._dns.addresses(host)

    async def _fetch_rules(self, url: str) -> Exchange:
        return self._today.page(url, "robots") or await self._web.get(url)

    async def _fetch(self, url: str) -> Exchange:
        exchange = self._today.page(url) or await self._web.get(url, self._landed_at)
        if exchange.final_url and exchange.outcome == "answered":
            self._landed[exchange.final_url] = exchange
            if len(self._landed) > _REMEMBERED_PAGES:
                self._landed.popitem(last=False)
        return exchange

    def _landed_at(self, url: str) -> Exchange | None:
        return self._landed.get(url) or self._today.page(url)

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


def _bare_host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _answer_of(exchange: Exchange) -> Row:
    body = exchange.body
    if body is not None and (exchange.status or 0) >= 400:
        body = body[:_ERROR_BODY_CHARACTERS]
    return {
        "status": exchange.status,
        "final_url": exchange.final_url,
        "content_type": exchange.content_type,
        "body": body,
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
