"""Which business gets which host name, so that nobody's likely addresses lead to somebody else's site."""

import random
from collections import defaultdict
from collections.abc import Iterable

from leadgen_assets.rehearsal.town_names import TLD, guessable_hosts, odd_host, spare_host, words_of

# What people put behind a name when the plain one is not to be had or only takes mail.
_SUFFIXES = ("shop", "info", "online", "group")


class HostRegister:
    """Hands out host names, each once.

    Args:
        owners: key, name and city of every business of the town: a host that one of them would be looked for under is
            given to no other.
        seed: of the town.
    """

    def __init__(self, owners: Iterable[tuple[str, str, str]], seed: int) -> None:
        self._seed = seed
        self._taken: set[str] = set()
        self._claims: dict[str, set[str]] = defaultdict(set)
        for key, name, city in owners:
            for host in guessable_hosts(name, city):
                self._claims[host].add(key)

    def guessable(self, key: str, name: str, city: str, rng: random.Random) -> str | None:
        """A host that anybody would try for this business and for no other, or None where there is none left."""
        free = [host for host in guessable_hosts(name, city) if host not in self._taken and self._claims[host] == {key}]
        return self._take(rng.choice(free)) if free else None

    def own(self, key: str, name: str, city: str, rng: random.Random) -> str:
        """A host of its own: mostly a guessable one, else one that only a listing tells."""
        if rng.random() < 0.7 and (host := self.guessable(key, name, city, rng)):
            return host
        label = "-".join(words_of(name))[:30].strip("-")
        suffixed = [f"{label}-{suffix}.{TLD}" for suffix in _SUFFIXES] if label else []
        free = [host for host in suffixed if host not in self._taken and not self._claims[host]]
        return self._take(rng.choice(free) if free else spare_host(f"{self._seed}:{key}:{len(self._taken)}", name))

    def odd(self, key: str) -> str:
        """A host that nothing about the business leads to."""
        return self._take(odd_host(key, self._seed))

    def _take(self, host: str) -> str:
        self._taken.add(host)
        return host
