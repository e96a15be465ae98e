"""Who made a hit: a person, a machine, or nobody can tell. Pure rules over the raw signals that are stored.

A rule may be changed at any time: raise VERSION, and the stored signals can be judged again (`hit_from_row`). What a
verdict leads to (lead facts, alerts) is decided by the database.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, NamedTuple

VERSION = "1"
JUDGED_HEADERS = (
    "accept-language",
    "accept",
    "sec-fetch-site",
    "sec-fetch-mode",
    "sec-fetch-dest",
    "sec-fetch-user",
    "purpose",
    "x-purpose",
    "sec-purpose",
    "x-moz",
    "via",
)
SCAN_SECONDS = 10.0
LATE_SCAN_SECONDS = 60.0

Verdict = Literal["person", "machine", "unsure"]

_PREFETCH = re.compile(r"prefetch|prerender|preview", re.IGNORECASE)
_PREFETCH_HEADERS = ("purpose", "x-purpose", "sec-purpose", "x-moz")
_IMAGE_PROXIES = (
    (re.compile(r"GoogleImageProxy|ggpht\.com", re.IGNORECASE), "Gmail's image proxy"),
    (re.compile(r"YahooMailProxy", re.IGNORECASE), "Yahoo's image proxy"),
)
_APPLE_PREFETCH = "Mozilla/5.0"
# Security products, link previews, programming libraries and headless browsers. CUBOT is a phone.
_SCANNERS = re.compile(
    r"(?<!cu)bot\b|crawl|spider|scanner|slurp|barracuda|mimecast|proofpoint|forcepoint|websense|zscaler"
    r"|ironport|fireeye|trellix|trend.?micro|symantec|messagelabs|sophos|cloudmark|avanan|check.?point"
    r"|fortinet|fortiguard|sonicwall|cisco|kaspersky|bitdefender|virustotal|urlscan|safe.?links"
    r"|office.existence|bingpreview|microsoft.url|headless|phantomjs|puppeteer|playwright|selenium|python"
    r"|aiohttp|httpx|curl/|wget|go-http-client|libwww|java/|apache-httpclient|axios|node-fetch|undici|ruby"
    r"|php/|guzzle|scrapy|postman|powershell|facebookexternalhit|whatsapp|skypeuripreview|google-read-aloud"
    r"|google-safety|preview|validator|monitor",
    re.IGNORECASE,
)
_BROWSER = re.compile(r"^Mozilla/5\.0 \(.+\) .*(AppleWebKit|Gecko)/", re.IGNORECASE)
_MAIL_PROGRAM = re.compile(r"ms-?office|outlook|thunderbird|AppleWebKit/[\d.]+ \(KHTML, like Gecko\)$", re.IGNORECASE)


@dataclass(slots=True)
class Hit:
    """The signals of one hit.

    Attributes:
        event_type: open, click or unsubscribe.
        method: HTTP method.
        user_agent: as sent, or None.
        headers: lower-case names of JUDGED_HEADERS to values; absent ones are missing.
        network: truncated network, or None.
        seconds_since_sent: since the message was handed over; None where it never was.
        links_in_burst: distinct links of the same message requested within seconds, this one included.
        head_before: the same link was asked for with HEAD within seconds before.
    """

    event_type: str
    method: str = "GET"
    user_agent: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    network: str | None = None
    seconds_since_sent: float | None = None
    links_in_burst: int = 1
    head_before: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with the reasons that led to it, in words."""

    verdict: Verdict
    reasons: tuple[str, ...]


def judge(hit: Hit) -> Judgement:
    """The verdict on one hit."""
    if hit.event_type == "unsubscribe" and hit.method == "POST":
        # Mail providers post on behalf of the person who pressed their button, and nothing else posts here.
        return Judgement("person", ("unsubscribed by POST",))
    signs = _signs_of_a_machine(hit)
    if signs:
        return Judgement("machine", signs)
    if hit.seconds_since_sent is None:
        return Judgement("unsure", ("the message had not been sent",))
    return _judge_open(hit) if hit.event_type == "open" else _judge_click(hit)


def hit_from_row(row: Mapping[str, Any]) -> Hit:
    """The hit behind a stored event, to judge it now or again.

    Args:
        row: columns `event_type`, `method`, `user_agent`, `headers` (mapping or JSON text), `network`, `occurred_at`,
            and of its message `transmitting_at` and `sent_at` (each may be missing or None).
    """
    headers = row.get("headers") or {}
    if isinstance(headers, str):
        headers = json.loads(headers)
    burst = headers.get("burst") or {}
    sent_at = row.get("transmitting_at") or row.get("sent_at")
    network = row.get("network")
    return Hit(
        event_type=row["event_type"],
        method=row.get("method") or "GET",
        user_agent=row.get("user_agent"),
        headers=headers,
        network=None if network is None else str(network),
        seconds_since_sent=None if sent_at is None else (row["occurred_at"] - sent_at).total_seconds(),
        links_in_burst=burst.get("links", 1),
        head_before=burst.get("head_before", False),
    )


class _Agent(NamedTuple):
    """What a user agent says about itself."""

    scanner: bool
    proxy: str | None
    mail_program: bool
    browser: bool


@lru_cache(maxsize=2048)
def _agent(user_agent: str) -> _Agent:
    return _Agent(
        scanner=bool(_SCANNERS.search(user_agent)),
        proxy=next((name for pattern, name in _IMAGE_PROXIES if pattern.search(user_agent)), None),
        mail_program=bool(_MAIL_PROGRAM.search(user_agent)),
        browser=bool(_BROWSER.match(user_agent)),
    )


def _signs_of_a_machine(hit: Hit) -> tuple[str, ...]:
    user_agent = (hit.user_agent or "").strip()
    agent = _agent(user_agent)
    is_click = hit.event_type != "open"
    seconds = hit.seconds_since_sent if hit.seconds_since_sent is not None else float("inf")
    may_lack_language = agent.proxy is not None or (agent.mail_program and not is_click)
    no_language = not hit.headers.get("accept-language") and not may_lack_language
    signs = (
        (hit.method == "HEAD", "asked with HEAD"),
        (any(_PREFETCH.search(hit.headers.get(name, "")) for name in _PREFETCH_HEADERS), "says that it prefetches"),
        (user_agent == _APPLE_PREFETCH, "a bare Mozilla/5.0, as Apple's prefetching sends"),
        (agent.scanner, "user agent of a scanner or a program"),
        (is_click and agent.proxy is not None, "clicked by an image proxy"),
        (is_click and not user_agent, "clicked without a user agent"),
        (hit.head_before, "the same link was asked for with HEAD just before"),
        (hit.links_in_burst >= 3, "many links of the message within seconds"),
        (is_click and seconds < SCAN_SECONDS, "clicked within seconds of sending"),
        (no_language and seconds < LATE_SCAN_SECONDS, "no language, within a minute of sending"),
    )
    return tuple(reason for found, reason in signs if found)


def _judge_open(hit: Hit) -> Judgement:
    agent = _agent((hit.user_agent or "").strip())
    if hit.seconds_since_sent is not None and hit.seconds_since_sent < SCAN_SECONDS:
        return Judgement("unsure", ("opened within seconds of sending",))
    if hit.links_in_burst >= 2:
        return Judgement("unsure", ("two links of the message within seconds",))
    if agent.proxy:  # these fetch when the message is opened, not before
        return Judgement("person", (f"opened through {agent.proxy}",))
    if agent.mail_program:
        return Judgement("person", ("opened in a mail program",))
    if agent.browser and hit.headers.get("accept-language"):
        return Judgement("person", ("opened in a browser with a language",))
    return Judgement("unsure", ("neither a browser with a language nor a known mail program or proxy",))


def _judge_click(hit: Hit) -> Judgement:
    if hit.links_in_burst >= 2:
        return Judgement("unsure", ("two links of the message within seconds",))
    if not hit.headers.get("accept-language"):
        return Judgement("unsure", ("no language, which every browser sends",))
    if not _agent((hit.user_agent or "").strip()).browser:
        return Judgement("unsure", ("not the user agent of a browser",))
    return Judgement("person", ("clicked in a browser with a language",))
