"""Everybody in the town who receives the product's mail: finds whose it is, and sets people and machines on it.

What they do is in `people.py` and `machines.py`, how they look on the wire in `disguises.py`, what they write in
`answers.py`. Choices are drawn from a generator of each business's own, so they depend on the seed alone and not on
who else acts meanwhile.
"""

import random
import threading
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from leadgen_assets.rehearsal import disguises
from leadgen_assets.rehearsal.acts import ActLog
from leadgen_assets.rehearsal.browsing import Browsing
from leadgen_assets.rehearsal.cases import Case
from leadgen_assets.rehearsal.correspondence import Correspondence, ReplyMailbox
from leadgen_assets.rehearsal.machines import Machines
from leadgen_assets.rehearsal.people import People
from leadgen_assets.rehearsal.received_mail import read_mail
from leadgen_assets.rehearsal.simulation import Timetable
from leadgen_assets.rehearsal.truth import Business


class Visitors:
    """The people and machines of the town.

    Args:
        businesses: the population.
        simulation: where acts are scheduled; they run in its driver's thread.
        tracking_url: base address of the tracking service.
        mailbox: the reply mailbox.
        seed: the same seed and the same mail lead to the same acts.
        acts: where acts are written down; a new log when None.
        company_website: where the offer link must lead; not checked when None.

    Attributes:
        acts: what happened so far.
    """

    def __init__(
        self,
        businesses: Iterable[Business],
        simulation: Timetable,
        tracking_url: str,
        mailbox: ReplyMailbox,
        seed: int,
        *,
        acts: ActLog | None = None,
        company_website: str | None = None,
    ) -> None:
        self.acts = ActLog() if acts is None else acts
        self._owners: dict[str, Business] = {}
        for business in sorted(businesses, key=lambda b: b.key):
            if business.email:  # an address that several share is read by the first of them
                self._owners.setdefault(business.email.lower(), business)
        self._browsing = Browsing(tracking_url, simulation.clock, self.acts, company_website)
        correspondence = Correspondence(mailbox, simulation.clock, self.acts, seed)
        self._machines = Machines(simulation, self._browsing, correspondence)
        self._people = People(simulation, self._browsing, correspondence)
        self._seed = seed
        self._lock = threading.Lock()
        self._arrivals: Counter[str] = Counter()
        self._cases: dict[str, Case] = {}

    def close(self) -> None:
        """Close the connections; nobody can visit any more."""
        self._browsing.close()

    def mail_arrived(self, recipient: str, content: bytes, envelope_from: str = "") -> None:
        """Schedule what a business does with a message; the mail server calls this for each one that it accepted.

        Mail to an address that nobody in the town owns is ignored.
        """
        case = self.remember(recipient, content, envelope_from)
        if case is not None:
            self._machines.receive(case)
            self._people.receive(case)

    def remember(self, recipient: str, content: bytes, envelope_from: str = "") -> Case | None:
        """Note that a business has a message without acting on it, so that `linger` may come back to it."""
        business = self._owners.get(recipient.strip().lower())
        if business is None:
            return None
        with self._lock:
            self._arrivals[business.key] += 1
            number = self._arrivals[business.key]
        rng = random.Random(f"{self._seed}:{business.key}:{number}")
        looks = disguises.person(rng)
        if business.machine == "gmail_proxy":
            looks = disguises.behind_gmail(looks, rng)
        case = Case(business, read_mail(recipient, content, envelope_from), number, rng, looks)
        with self._lock:
            self._cases[business.key] = case
        return case

    def linger(self, simulation: Timetable, every_seconds: float) -> None:
        """From now on somebody who has a message and the temper for it opens or clicks it, every so many seconds."""
        rng = random.Random(f"{self._seed}:linger")
        beats = iter(range(1, 10**9))

        def beat() -> None:
            simulation.after(timedelta(seconds=every_seconds), f"linger {next(beats):09d}", beat)
            with self._lock:
                cases = [case for _, case in sorted(self._cases.items())]
            willing = [case for case in cases if self._people.willing(case)]
            if willing:
                case = rng.choice(willing)
                clicks = case.business.temper != "opener" and rng.random() < 0.5
                (self._people.click if clicks else self._people.open)(case)

        simulation.after(timedelta(seconds=every_seconds), f"linger {next(beats):09d}", beat)
