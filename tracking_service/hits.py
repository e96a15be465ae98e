"""From a request to an event: what is kept of a hit, and what is not.

Kept are the raw signals that a verdict needs, shortened. The address of the requester is cut to its network here and
goes no further. Reading the body, cookies or the query string does not belong here: none of them counts.
"""

from datetime import datetime
from typing import Any

import falcon.asgi
from uuid_utils import uuid7

from tracking_service.bursts import Burst, RecentRequests
from tracking_service.clock import Clock
from tracking_service.events import TrackingEvent
from tracking_service.hit_limits import HitLimits
from tracking_service.links import Link
from tracking_service.networks import Networks, TrustedProxies, truncated_network
from tracking_service.verdicts import JUDGED_HEADERS

_KEPT = {name.encode(): name for name in JUDGED_HEADERS}
_HEADER_CHARACTERS = 200
_AGENT_CHARACTERS = 500


class HitReader:
    """Turns requests into events.

    Args:
        clock: gives the moment of a hit.
        proxies: whose X-Forwarded-For is believed.
        own_networks: where the operator looks at mails from; such hits are marked.
        limits: how many hits count in a minute; all when None.
    """

    def __init__(
        self,
        clock: Clock,
        proxies: TrustedProxies,
        own_networks: Networks | None = None,
        limits: HitLimits | None = None,
    ) -> None:
        self._clock = clock
        self._proxies = proxies
        self._own_networks = own_networks or None
        self._limits = limits
        self._recent = RecentRequests()

    def event(self, request: falcon.asgi.Request, link: Link) -> TrackingEvent | None:
        """The event of a request that counts; None where it is one too many. An unsubscription is never too many.

        Raises:
            ValueError: for a link to a proposal: what counts is the click that led there.
        """
        if link.kind == "proposal":
            raise ValueError("a proposal that is fetched is no event of its own")
        now = self._clock.now()
        burst = self._note(request.method, link, now)
        headers: dict[str, Any] = {} if burst.is_alone else {"burst": burst._asdict()}
        user_agent = None
        forwarded_for = None
        for name, value in request.scope["headers"]:  # once over all: asking for each by name costs three times as much
            kept = _KEPT.get(name)
            if kept is not None:
                headers[kept] = _text(value, _HEADER_CHARACTERS)
            elif name == b"user-agent":
                user_agent = _text(value, _AGENT_CHARACTERS)
            elif name == b"x-forwarded-for":
                forwarded_for = f"{forwarded_for},{_text(value)}" if forwarded_for else _text(value)
        client = request.scope.get("client")
        requester = self._proxies.requester(client[0] if client else None, forwarded_for)
        network = truncated_network(requester)
        if self._limits and link.kind != "unsubscribe" and not self._limits.allows(network, link):
            return None
        if self._own_networks and requester in self._own_networks:
            headers["own_view"] = True
        return TrackingEvent(
            id=uuid7().hex,
            event_type="click" if link.kind == "honeypot" else link.kind,
            outreach_id=link.outreach_id,
            occurred_at=now,
            method=request.method,
            url_clicked=link.destination,
            network=network,
            user_agent=user_agent,
            headers=headers,
        )

    def note(self, request: falcon.asgi.Request, link: Link) -> None:
        """Remember a request that does not count (HEAD, a look at the unsubscribe page): it tells about others."""
        self._note(request.method, link, self._clock.now())

    def _note(self, method: str, link: Link, now: datetime) -> Burst:
        honeypot = link.kind == "honeypot"
        return self._recent.note(link.outreach_id, now, method, _name(link), honeypot=honeypot)


def _name(link: Link) -> str | None:
    if link.kind == "open":
        return None
    return link.destination if link.kind == "click" else link.kind


def _text(value: bytes, limit: int = 1000) -> str:
    return value[:limit].decode("latin-1").replace("\x00", "")
