"""The faults of a rehearsal: which hooks of the town each kind sets, and when the product's own processes crash.

The faults are in `network_faults.py`, `provider_faults.py` and `mail_faults.py`; crashing and restarting processes
belongs to whoever started them.
"""

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Literal, Protocol

from leadgen_assets.rehearsal.fault_log import FaultLog
from leadgen_assets.rehearsal.mail_faults import WITHOUT_ANSWER, MailFaults
from leadgen_assets.rehearsal.network_faults import NetworkFaults
from leadgen_assets.rehearsal.provider_faults import ProviderFaults
from leadgen_assets.rehearsal.simulation import Simulation
from leadgen_assets.rehearsal.town import Town

Kind = Literal["none", "network", "providers", "chaos"]
CRASHES = ("database_crash", "database_crash_at_message", "tracking_service_crash")
NETWORK_HOURS = 12  # of the first day, from midnight
_CRASH_MESSAGES = (3, 6)  # during which message the database crashes
_CRASH_HOURS = (9, 14)  # while mail goes out and its first readers come
_SERVICE_CRASHES = 2
_SERVICE_AWAY = timedelta(minutes=30)


class Outages(Protocol):
    """How the product's own processes are crashed, always by SIGKILL, and brought back."""

    def crash_database(self) -> None:
        """Kill the database and begin to start it again."""
        ...

    def await_database(self) -> None:
        """Wait until the database answers again."""
        ...

    def crash_tracking_service(self) -> None:
        """Kill the tracking service."""
        ...

    def restart_tracking_service(self) -> None:
        """Start the tracking service again at the same address, and wait until it answers."""
        ...


class Faults:
    """Everything that goes wrong in one rehearsal, decided by its seed.

    Args:
        kind: none, network, providers, or chaos: both, and crashes of the database and of the tracking service.
        seed: the same seed gives the same faults to the same hosts, recipients and questions.
        begin: midnight of the first day, on which everything but the providers' trouble happens.
    """

    def __init__(self, kind: Kind, seed: int, begin: datetime) -> None:
        self.kind = kind
        self._seed = seed
        self._begin = begin
        self._log = FaultLog()

    @property
    def injected(self) -> Counter[str]:
        """How often each fault was carried out, by name."""
        return self._log.injected

    @property
    def unanswered_messages(self) -> int:
        """Messages that the mail server took without saying so: as many may be `unknown`."""
        return sum(self.injected[name] for name in WITHOUT_ANSWER)

    def install(self, town: Town, simulation: Simulation, outages: Outages) -> None:
        """Set the town's hooks and schedule the crashes, before the first day begins."""
        if self.kind in {"network", "chaos"}:
            end = self._begin + timedelta(hours=NETWORK_HOURS)
            network = NetworkFaults(town.businesses, self._seed, self._log, lambda: simulation.clock.now() < end)
            town.dns.interrupt, town.web.interrupt = network.of_name, network.of_page
            if town.search:
                town.search.interrupt = network.of_search
        if self.kind in {"providers", "chaos"}:
            providers = ProviderFaults(self._seed, self._log)
            town.llm.fault_for = providers.of_prompt
            town.places.interrupt, town.overpass.interrupt = providers.of_search, providers.of_query
            town.messengers.fault_for = providers.of_alert
            town.mail.fault_for = MailFaults(town.businesses, self._seed, self._log, self._crash(outages)).at
        if self.kind == "chaos":
            self._schedule_crashes(simulation, outages)

    def _crash(self, outages: Outages) -> tuple[int, "_Crash"] | None:
        """The crash in the worst moment: the message is with the mail server, its outcome not yet in the ledger."""
        if self.kind != "chaos":
            return None
        number = random.Random(f"faults:crash:{self._seed}").randint(*_CRASH_MESSAGES)
        return number, _Crash(self._log, outages)

    def _schedule_crashes(self, simulation: Simulation, outages: Outages) -> None:
        rng = random.Random(f"faults:crashes:{self._seed}")
        first, last = (self._begin + timedelta(hours=hour) for hour in _CRASH_HOURS)

        def crash_database() -> None:
            self._log.note("database_crash")
            outages.crash_database()
            outages.await_database()

        def crash_service() -> None:
            self._log.note("tracking_service_crash")
            outages.crash_tracking_service()

        simulation.at(first + rng.random() * (last - first), "crash of the database", crash_database)
        for number in range(_SERVICE_CRASHES):
            part = (last - first) / _SERVICE_CRASHES
            moment = first + (number + 0.8 * rng.random()) * part  # each over before the next
            simulation.at(moment, "crash of the tracking service", crash_service)
            simulation.at(moment + _SERVICE_AWAY, "return of the tracking service", outages.restart_tracking_service)


class _Crash:
    """The database crashes while a message is handed over; it comes back while the sender waits for it."""

    def __init__(self, log: FaultLog, outages: Outages) -> None:
        self._log, self._outages = log, outages

    def __call__(self) -> None:
        self._log.note("database_crash_at_message")
        self._outages.crash_database()
