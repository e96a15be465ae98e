"""What else of the same message was requested in the seconds before: scanners follow every link at once.

Kept in memory for a bounded number of messages; a restart forgets it, and the stored events still hold what was seen.
"""

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
    """Remembers the requests of the last seconds, of a bounded number of messages.

    Messages are kept in two generations: when the young one is full or a window old, it becomes the old one, and what
    was old is forgotten at once. One request of the pixel, which is most of what comes, is kept as its moment alone.
    """

    def __init__(self, *, window_seconds: float = BURST_SECONDS, messages_kept: int = 4000) -> None:
        self._window_seconds = window_seconds
        self._generation_limit = messages_kept // 2
        self._young: dict[int, float | list[_Request]] = {}
        self._old: dict[int, float | list[_Request]] = {}
        self._young_since = float("-inf")

    def note(self, outreach_id: UUID, at: datetime, method: str, link: str | None, *, honeypot: bool = False) -> Burst:
        """Remember one request (`link` is None for the pixel) and return the burst that it is part of."""
        now, key = at.timestamp(), outreach_id.int
        age = now - self._young_since
        if age >= self._window_seconds or len(self._young) >= self._generation_limit:
            self._old = self._young if age < 2 * self._window_seconds else {}
            self._young, self._young_since = {}, now
        before = self._young.get(key) or self._old.get(key)
        if before is None:  # by far the most common, so kept short
            if honeypot:
                self._young[key] = [(now, method, link, True)]
                return _burst([(now, method, link, True)], head_before=False)
            self._young[key] = now if link is None and method == "GET" else [(now, method, link, False)]
            return _ALONE_AS_PIXEL if link is None else _ALONE_AS_LINK
        if isinstance(before, float):
            before = [(before, "GET", None, False)]
        oldest = now - self._window_seconds
        seen = [earlier for earlier in before if earlier[0] >= oldest][-_REQUESTS_KEPT:]
        head_before = method != "HEAD" and link is not None and any(r[1] == "HEAD" and r[2] == link for r in seen)
        seen.append((now, method, link, honeypot))
        self._young[key] = seen
        return _burst(seen, head_before)


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
