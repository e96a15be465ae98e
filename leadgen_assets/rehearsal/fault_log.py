"""Which faults were injected, and the seeded draws that decide about each; every kind of fault shares both.

What the faults are belongs to `network_faults.py`, `provider_faults.py` and `mail_faults.py`.
"""

import random
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeVar

_Item = TypeVar("_Item")


class FaultLog:
    """Counts faults by name; used from the threads of all town servers.

    Attributes:
        injected: how often each fault was carried out.
    """

    def __init__(self) -> None:
        self.injected: Counter[str] = Counter()
        self._seen: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def note(self, name: str) -> None:
        """Count one fault."""
        with self._lock:
            self.injected[name] += 1

    def is_first(self, kind: str, subject: str) -> bool:
        """True the first time somebody asks about a subject; a fault that happens once asks here."""
        with self._lock:
            known = (kind, subject) in self._seen
            self._seen.add((kind, subject))
            return not known


def drawn(shares: Mapping[str, float], seed: int, kind: str, subject: str) -> str | None:
    """The fault of one subject, or None: a name of `shares` with that probability.

    Each subject has a generator of its own, so the draw does not depend on who asks when.
    """
    point = random.Random(f"faults:{kind}:{seed}:{subject}").random()
    for name, share in shares.items():
        point -= share
        if point < 0:
            return name
    return None


def dealt(subjects: Sequence[_Item], shares: Mapping[str, float]) -> dict[_Item, str]:
    """Faults for the given shares of known subjects, each at least once as far as there are subjects.

    Args:
        subjects: in the order in which they are taken.
        shares: share of the subjects by name of the fault.
    """
    waiting = iter(subjects)
    # every fault once before any a second time, so that a small town has the rare ones too
    counts = {name: max(1, round(share * len(subjects))) for name, share in shares.items()}
    rounds = [name for number in range(max(counts.values())) for name, count in counts.items() if count > number]
    return dict(zip(waiting, rounds, strict=False))
