"""What else of the same message was requested in the seconds before: scanners follow every link at once.

Kept in memory for a bounded number of messages; a restart forgets it, and the stored events still hold what was seen.
"""

from collections import OrderedDict
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from tracking_service.verdicts import BURST_SECONDS

_REQUESTS_KEPT = 16


class Burst(NamedTuple):
    """The requests of one message within the window that ends now, the present one included.

    Attributes:
        links: distinct links requested (pixels are not links).
        requests: requests of any kind.
        link_gap_seconds: the shortest time between two requests of different links, one after the other.
        head_before: the same link was asked for with HEAD.
        honeypot: the link that no person sees was requested.
    """

    links: int
    requests: int
    link_gap_seconds: float | None = None
    head_before: bool = False
    honeypot: bool = False

    @property
    def is_alone(self) -> bool:
        """Whether there is nothing to tell: one request, of something that people see."""
        return self.requests == 1 and not self.honeypot


_Request = tuple[float, str, str | None, bool]  # when, method, link, whether it is the honeypot
_ALONE_AS_PIXEL, _ALONE_AS_LINK = Burst(0, 1), Burst(1, 1)


class RecentRequests:
    """Remembers the requests of the last seconds, of a bounded number of messages."""

    def __init__(self, *, window_seconds: float = BURST_SECONDS, messages_kept: int = 5000) -> None:
        self._window_seconds = window_seconds
        self._limit = messages_kept
        self._messages: OrderedDict[int, list[_Request]] = OrderedDict()

    def note(self, outreach_id: UUID, at: datetime, method: str, link: str | None, *, honeypot: bool = False) -> Burst:
        """Remember one request (`link` is None for the pixel) and return the burst that it is part of."""
        now = at.timestamp()
        oldest = now - self._window_seconds
        request = (now, method, link, honeypot)
        key = outreach_id.int
        before = self._messages.pop(key, None)
        if before is None:  # by far the most common, so kept short
            self._messages[key] = [request]
            self._forget(oldest)
            if honeypot:
                return _burst([request], head_before=False)
            return _ALONE_AS_PIXEL if link is None else _ALONE_AS_LINK
        seen = [earlier for earlier in before if earlier[0] >= oldest][-_REQUESTS_KEPT:]
        head_before = method != "HEAD" and link is not None and any(r[1] == "HEAD" and r[2] == link for r in seen)
        seen.append(request)
        self._messages[key] = seen
        self._forget(oldest)
        return _burst(seen, head_before)

    def _forget(self, oldest: float) -> None:
        while len(self._messages) > self._limit or next(iter(self._messages.values()))[-1][0] < oldest:
            self._messages.popitem(last=False)


def _burst(seen: list[_Request], head_before: bool) -> Burst:
    gap, last_at, last_link, links = None, 0.0, None, set()
    for at, _, link, _ in seen:
        if link is None:
            continue
        links.add(link)
        if last_link is not None and last_link != link:
            gap = at - last_at if gap is None else min(gap, at - last_at)
        last_at, last_link = at, link
    return Burst(len(links), len(seen), gap, head_before, any(honeypot for _, _, _, honeypot in seen))
