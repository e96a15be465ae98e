"""What else of the same message was requested in the seconds before: scanners follow every link at once.

Kept in memory for a bounded number of messages; a restart forgets it, and the stored events still hold what was seen.
"""

from collections import OrderedDict
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

_REQUESTS_KEPT = 16


class Burst(NamedTuple):
    """The requests of one message within the window that ends now, the present one included.

    Attributes:
        links: distinct links requested (pixels are not links).
        requests: requests of any kind.
        head_before: the same link was asked for with HEAD.
    """

    links: int
    requests: int
    head_before: bool


_ALONE_AS_PIXEL, _ALONE_AS_LINK = Burst(0, 1, False), Burst(1, 1, False)


class RecentRequests:
    """Remembers the requests of the last seconds, of a bounded number of messages."""

    def __init__(self, *, window_seconds: float = 10.0, messages_kept: int = 5000) -> None:
        self._window_seconds = window_seconds
        self._limit = messages_kept
        self._messages: OrderedDict[UUID, list[tuple[float, str, str | None]]] = OrderedDict()

    def note(self, outreach_id: UUID, at: datetime, method: str, link: str | None) -> Burst:
        """Remember one request (`link` is None for the pixel) and return the burst that it is part of."""
        now = at.timestamp()
        oldest = now - self._window_seconds
        before = self._messages.pop(outreach_id, None)
        if before is None:  # the common case, kept short
            self._messages[outreach_id] = [(now, method, link)]
            self._forget(oldest)
            return _ALONE_AS_PIXEL if link is None else _ALONE_AS_LINK
        seen = [request for request in before if request[0] >= oldest][-_REQUESTS_KEPT:]
        head_before = method != "HEAD" and link is not None and any(r[1] == "HEAD" and r[2] == link for r in seen)
        seen.append((now, method, link))
        self._messages[outreach_id] = seen
        self._forget(oldest)
        return Burst(len({r[2] for r in seen if r[2] is not None}), len(seen), head_before)

    def _forget(self, oldest: float) -> None:
        while len(self._messages) > self._limit or next(iter(self._messages.values()))[-1][0] < oldest:
            self._messages.popitem(last=False)
