"""How often each key may call the management API: a bucket of calls per key that refills evenly."""

import time
from collections.abc import Callable


class CallRates:
    """A token bucket for each key.

    Args:
        per_minute: calls of one key in a minute, also how many may come at once.
        seconds: a clock that only goes forward.
    """

    def __init__(self, per_minute: int, seconds: Callable[[], float] = time.monotonic) -> None:
        self._capacity = float(per_minute)
        self._per_second = per_minute / 60
        self._seconds = seconds
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait_seconds(self, key: str) -> float:
        """0 where the call may go on (it is then counted), else how long to wait before the next."""
        now = self._seconds()
        left, since = self._buckets.get(key, (self._capacity, now))
        left = min(self._capacity, left + (now - since) * self._per_second)
        allowed = left >= 1
        self._buckets[key] = (left - 1 if allowed else left, now)
        return 0.0 if allowed else (1 - left) / self._per_second
