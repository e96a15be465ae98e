"""What goes wrong between the product and the town's sites: the resolver, firewalls, slow and broken connections.

Meant to make the product doubt, never to mislead it: under each of these faults a site may be missed, but nothing says
that there is none.
"""

import random
from collections.abc import Callable, Iterable

from leadgen_assets.rehearsal import site_pages
from leadgen_assets.rehearsal.fault_log import FaultLog, dealt, drawn
from leadgen_assets.rehearsal.servers.dns_server import Fault
from leadgen_assets.rehearsal.servers.site_answers import Answer
from leadgen_assets.rehearsal.town_names import COMPANY_HOST, MAIL_HOST, SOCIAL_HOST
from leadgen_assets.rehearsal.truth import Business

# Of the hosts of businesses, dead ones included; each at least once.
SITE_FAULTS = {
    "dns_servfail": 0.01, "dns_drop": 0.01, "web_403": 0.01, "web_slow": 0.01, "web_broken_off": 0.01,
}  # fmt: skip
# Of every other name that is asked for, such as a candidate that nobody registered.
NAME_FAULTS = {"dns_servfail": 0.002}
# Of the questions to the search engine, where the town has one; by HTTP status, 200 where its engines are silent.
SEARCH_FAULTS = {"search_429": 0.01, "search_200": 0.02}
SLOW_SECONDS = 5.0  # beyond the PROBE_TIMEOUT_SECONDS of a rehearsal
_SPARED = frozenset(name.removeprefix("www.") for name in (COMPANY_HOST, MAIL_HOST, SOCIAL_HOST))


class NetworkFaults:
    """The hooks of the name server, of the web and of the search engine.

    Args:
        businesses: the town's.
        seed: the same seed gives the same hosts the same faults.
        log: where injected faults are counted.
        is_on: whether faults happen at this moment.
    """

    def __init__(
        self, businesses: Iterable[Business], seed: int, log: FaultLog, is_on: Callable[[], bool] = lambda: True
    ) -> None:
        hosts = sorted({business.site_host for business in businesses if business.site_host})
        random.Random(f"faults:sites:{seed}").shuffle(hosts)
        self._dealt = dealt(hosts, SITE_FAULTS)
        self._known = frozenset(hosts)
        self._seed, self._log, self._is_on = seed, log, is_on

    def of_name(self, host: str) -> Fault | None:
        """What the name server does instead of answering about a host."""
        name = self._fault_of(host)
        if name not in {"dns_servfail", "dns_drop"}:
            return None
        self._log.note(name)
        return "servfail" if name == "dns_servfail" else "drop"

    def of_page(self, host: str, _path: str) -> Answer | None:
        """What a site answers instead of its page."""
        name = self._fault_of(host)
        if name is None or not name.startswith("web_"):
            return None
        self._log.note(name)
        if name == "web_403":
            return Answer(403, site_pages.error_page(403))
        if name == "web_slow":
            return Answer(200, site_pages.error_page(503), delay_seconds=SLOW_SECONDS)
        return Answer(200, site_pages.error_page(503), breaks_off=True)

    def of_search(self, words: str) -> int | None:
        """The status that the search engine answers instead of results."""
        name = drawn(SEARCH_FAULTS, self._seed, "search", words) if self._is_on() else None
        if name is None:
            return None
        self._log.note(name)
        return int(name.rpartition("_")[2])

    def _fault_of(self, host: str) -> str | None:
        bare = host.removeprefix("www.")
        if bare in _SPARED or not self._is_on():
            return None
        if bare in self._known:
            return self._dealt.get(bare)
        return drawn(NAME_FAULTS, self._seed, "names", bare)
