"""Who made a hit: a person, a machine, or nobody can tell. Pure rules over the raw signals that are stored.

A rule may be changed at any time: raise VERSION, and the stored signals can be judged again (`histories`). What a
verdict leads to (lead facts, alerts) is decided by the database; what user agents mean is in `agents`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from tracking_service.agents import Agent, read_agent

VERSION = "2"
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
AGE_LIMITS_SECONDS = [SCAN_SECONDS, LATE_SCAN_SECONDS]
# One age of a message for each judgement that its age can lead to: never sent, and then between the limits.
TELLING_AGES_SECONDS = (None, SCAN_SECONDS - 1, LATE_SCAN_SECONDS - 1, LATE_SCAN_SECONDS)
BURST_SECONDS = 10.0
FASTEST_HAND_SECONDS = 2.0
_MANY_LINKS = 3
MANY_REQUESTS = 8

Verdict = Literal["person", "machine", "unsure"]

_PREFETCH = re.compile(r"prefetch|prerender|preview", re.IGNORECASE)
_PREFETCH_HEADERS = ("purpose", "x-purpose", "sec-purpose", "x-moz")
_NAVIGATION = {"sec-fetch-mode": {"navigate"}, "sec-fetch-dest": {"document", "iframe"}}


@dataclass(slots=True)
class Hit:
    """The signals of one hit.

    Attributes:
        event_type: open, click or unsubscribe.
        method: HTTP method.
        user_agent: as sent, or None.
        headers: lower-case names of JUDGED_HEADERS to values; absent ones are missing.
        seconds_since_sent: since the message was handed over; None where it never was.
        links_in_burst: distinct links of the same message requested within BURST_SECONDS, this one included.
        requests_in_burst: requests of any kind of the same message within BURST_SECONDS, this one included.
        link_gap_seconds: the shortest time between requests of two different links in that burst; None for one link.
        head_before: the same link was asked for with HEAD in that burst.
        honeypot: the link that no person can see was requested in that burst.
        own_view: the request came from one of the operator's own networks.
    """

    event_type: str
    method: str = "GET"
    user_agent: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds_since_sent: float | None = None
    links_in_burst: int = 1
    requests_in_burst: int = 1
    link_gap_seconds: float | None = None
    head_before: bool = False
    honeypot: bool = False
    own_view: bool = False


class Judgement(NamedTuple):
    """A verdict with the reasons that led to it, in words."""

    verdict: Verdict
    reasons: tuple[str, ...]


def judge(hit: Hit) -> Judgement:
    """The verdict on one hit."""
    if hit.event_type == "unsubscribe" and hit.method == "POST":
        # Mail providers post on behalf of the person who pressed their button, and nothing else posts here.
        return Judgement("person", ("unsubscribed by POST",))
    if hit.own_view:
        return Judgement("machine", ("the operator's own view",))
    agent = read_agent(hit.user_agent)
    signs = _signs_of_a_machine(hit, agent)
    if signs:
        return Judgement("machine", tuple(signs))
    if hit.seconds_since_sent is None:
        return Judgement("unsure", ("the message had not been sent",))
    doubt = _doubt(hit) or (_doubt_open(hit, agent) if hit.event_type == "open" else _doubt_click(hit, agent))
    if doubt:
        return Judgement("unsure", (doubt,))
    return Judgement("person", (_sign_of_a_person(hit, agent),))


def _signs_of_a_machine(hit: Hit, agent: Agent) -> list[str]:
    """Each of them is enough."""
    headers, signs = hit.headers, []
    if hit.method != "GET":
        signs.append(f"asked with {hit.method}")
    if any(name in headers and _PREFETCH.search(headers[name]) for name in _PREFETCH_HEADERS):
        signs.append("says that it prefetches")
    if agent.apple_prefetch:
        signs.append("a bare Mozilla/5.0, as Apple's prefetching sends")
    if agent.scanner:
        signs.append("user agent of a scanner or a program")
    seconds = hit.seconds_since_sent if hit.seconds_since_sent is not None else float("inf")
    if hit.event_type != "open":
        signs += _signs_of_a_machine_that_clicks(agent, seconds)
    may_lack_language = agent.proxy is not None or (agent.mail_program and hit.event_type == "open")
    if seconds < LATE_SCAN_SECONDS and not may_lack_language and not headers.get("accept-language"):
        signs.append("no language, within a minute of sending")
    return signs + _signs_of_a_scan(hit)


def _signs_of_a_machine_that_clicks(agent: Agent, seconds_since_sent: float) -> list[str]:
    signs = []
    if agent.proxy or agent.empty:
        signs.append("clicked by an image proxy" if agent.proxy else "clicked without a user agent")
    if seconds_since_sent < SCAN_SECONDS:
        signs.append("clicked within seconds of sending")
    return signs


def _signs_of_a_scan(hit: Hit) -> list[str]:
    """What the other requests of the message tell."""
    signs = []
    if hit.honeypot:
        signs.append("the link that no person sees was followed")
    if hit.head_before:
        signs.append("the same link was asked for with HEAD")
    if hit.links_in_burst >= _MANY_LINKS or hit.requests_in_burst >= MANY_REQUESTS:
        signs.append("much of the message requested within seconds")
    if hit.link_gap_seconds is not None and hit.link_gap_seconds < FASTEST_HAND_SECONDS:
        signs.append("two links faster than a hand")
    return signs


def _doubt(hit: Hit) -> str | None:
    """What makes any hit doubtful."""
    if hit.seconds_since_sent is not None and hit.seconds_since_sent < LATE_SCAN_SECONDS:
        return "within a minute of sending, when mail is scanned"
    if hit.links_in_burst > 1:
        return "two links of the message within seconds"
    return None


def _doubt_open(hit: Hit, agent: Agent) -> str | None:
    # The proxies fetch when a message is opened, mail programs where it is read.
    if agent.proxy or agent.mail_program or (agent.browser and hit.headers.get("accept-language")):
        return None
    return "neither a browser with a language nor a known mail program or proxy"


def _doubt_click(hit: Hit, agent: Agent) -> str | None:
    headers = hit.headers
    if not headers.get("accept-language"):
        return "no language, which every browser sends"
    if not agent.browser:
        return "not the user agent of a browser"
    for name, usual in _NAVIGATION.items():
        if headers.get(name, "") and headers[name] not in usual:
            return "not what a browser sends that follows a link"
    return None


def _sign_of_a_person(hit: Hit, agent: Agent) -> str:
    if hit.event_type != "open":
        return "clicked in a browser with a language"
    if agent.proxy:
        return f"opened through {agent.proxy}"
    return "opened in a mail program" if agent.mail_program else "opened in a browser with a language"
