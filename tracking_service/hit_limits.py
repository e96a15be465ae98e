"""How many hits of one network and of one link count in a minute; one that is over is answered, and not stored.

Counting starts anew each minute and forgets everything, so that memory is bounded. Calls of the API are in `rates`.
"""

import time
from collections.abc import Callable, Hashable

_KEYS_KEPT = 4_000


class HitLimits:
    """Counts of the present minute.

    Args:
        per_network: hits of one truncated network that count in a minute.
        per_link: hits of one pixel or link of one message that count in a minute.
        seconds: a clock that only goes forward.
    """

    def __init__(self, per_network: int, per_link: int, seconds: Callable[[], float] = time.monotonic) -> None:
        self._per_network, self._per_link = per_network, per_link
        self._seconds = seconds
        self._began = seconds()
        self._networks: dict[str | None, int] = {}
        self._links: dict[int, int] = {}  # by the link's hash: it would keep alive what it is made of

    def allows(self, network: str | None, link: Hashable) -> bool:
        """Count one hit; false where it is one too many."""
        now = self._seconds()
        if now - self._began >= 60 or len(self._links) > _KEYS_KEPT or len(self._networks) > _KEYS_KEPT:
            self._began = now
            self._networks.clear()
            self._links.clear()
        of_network = self._networks.get(network, 0) + 1
        key = hash(link)
        of_link = self._links.get(key, 0) + 1
        if of_network > self._per_network or of_link > self._per_link:
            return False
        self._networks[network], self._links[key] = of_network, of_link
        return True
