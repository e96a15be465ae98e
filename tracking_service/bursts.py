"""What else of the same message was requested in the seconds before: scanners follow every link at once.

Kept in memory for a bounded number of messages; a restart forgets it, and the stored events still hold what was seen.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

_REQUESTS_KEPT = 16


@dataclass(frozen=True, slots=True)
class Burst:
    """The requests of one message within the window that ends now, the present one included.

    Attributes:
        links: distinct links requested (pixels are not links).
        requests: requests of any kind.
        head_before: the same link was asked for with HEAD.
    """

    links: int
    requests: int
    head_before: bool


class RecentRequests:
    """Remembers the last requests of the messages seen last."""

    def __init__(self, *, window_seconds: float = 10.0, messages_kept: int = 5000) -> None:
        self._window = timedelta(seconds=window_seconds)
        self._limit = messages_kept
        self._messages: OrderedDict[UUID, deque[tuple[datetime, str, str | None]]] = OrderedDict()

    def note(self, outreach_id: UUID, at: datetime, method: str, link: str | None) -> Burst:
        """Remember one request (`link` is None for the pixel) and return the burst that it is part of."""
        seen = self._messages.get(outreach_id)
        if seen is None:
            seen = self._messages[outreach_id] = deque(maxlen=_REQUESTS_KEPT)
            if len(self._messages) > self._limit:
                self._messages.popitem(last=False)
        else:
            self._messages.move_to_end(outreach_id)
        while seen and at - seen[0][0] > self._window:
            seen.popleft()
        head_before = link is not None and any(other == link and verb == "HEAD" for _, verb, other in seen)
        seen.append((at, method, link))
        links = len({other for _, _, other in seen if other is not None})
        return Burst(links, len(seen), head_before and method != "HEAD")
