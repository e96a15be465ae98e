"""What people do with a message, by their temper: read, click, answer, unsubscribe, come back.

What machines do before them belongs to `machines.py`.
"""

import random
from collections.abc import Callable
from functools import partial

from leadgen_assets.rehearsal import disguises
from leadgen_assets.rehearsal.browsing import Browsing
from leadgen_assets.rehearsal.cases import Case
from leadgen_assets.rehearsal.correspondence import Correspondence
from leadgen_assets.rehearsal.simulation import Action, Timetable

_READERS = {"opener", "clicker", "replier", "unsubscriber"}
_LATE_SHARE = 1 / 6  # of the openers: they read it on a later day
_RETURN_SHARE = 0.3  # of the openers and clickers: they come back
_CURIOUS_SHARE = 0.4  # of the repliers: they click before they answer
_APPLE_VISIBLE_SHARE = 0.5  # of Apple's users: they read on a second device too; the first shows nothing


class People:
    """The owners of the town's businesses. Whoever unsubscribed does nothing any more."""

    def __init__(self, timetable: Timetable, browsing: Browsing, correspondence: Correspondence) -> None:
        self._timetable = timetable
        self._browsing = browsing
        self._correspondence = correspondence
        self._gone: set[str] = set()

    def receive(self, case: Case) -> None:
        """Schedule what the owner does with a message; all of it is drawn now, from the case's own generator."""
        rng, temper = case.rng, case.business.temper
        if case.business.mailbox != "accepts" or case.business.key in self._gone:
            return
        if temper == "out_of_office":
            self._plan(case, rng.uniform(5, 55), self._correspondence.reply_automatically)
        if temper not in _READERS:
            return
        opened = _reading_delay(rng, may_be_late=temper == "opener")
        if case.business.machine != "apple_prefetch" or rng.random() < _APPLE_VISIBLE_SHARE:
            self._plan(case, opened, self.open)
        clicked = opened + rng.uniform(15, 240)
        if temper == "clicker" or (temper == "replier" and rng.random() < _CURIOUS_SHARE):
            self._plan(case, clicked, self.click)
        if temper == "replier":
            self._plan(case, clicked + rng.uniform(120, 3000), self._correspondence.reply)
        elif temper == "unsubscriber":
            self._plan(case, opened + rng.uniform(15, 180), self._way_out(case))
        elif rng.random() < _RETURN_SHARE:
            self._plan_return(case, opened)

    def willing(self, case: Case) -> bool:
        """Whether its owner may still open or click this message, out of curiosity."""
        business = case.business
        return (
            business.mailbox == "accepts"
            and business.temper in {"opener", "clicker", "replier"}
            and business.key not in self._gone
        )

    def open(self, case: Case) -> None:
        """Read the message with images."""
        if case.pixel and self._browsing.reaches(case.pixel):
            self._browsing.open(case, "person", case.pixel, case.looks.image)

    def click(self, case: Case) -> None:
        """Follow the first link that a person sees."""
        offer = next(filter(self._browsing.reaches, case.mail.visible_links), None)
        if offer:
            self._browsing.click(case, "person", offer, case.looks.page)

    def _plan_return(self, case: Case, opened: float) -> None:
        again = opened + case.rng.uniform(1, 40) * 3600
        self._plan(case, again, self.open)
        if case.business.temper == "clicker":
            self._plan(case, again + case.rng.uniform(15, 240), self.click)

    def _way_out(self, case: Case) -> Callable[[Case], None]:
        """How this person unsubscribes: with the mail program's button, on the page, or by mail."""
        mail, rng = case.mail, case.rng
        ways: list[Action] = []
        if mail.unsubscribe_url and self._browsing.reaches(mail.unsubscribe_url):
            url = mail.unsubscribe_url
            if mail.one_click:
                provider, multipart = disguises.mail_provider(rng), rng.random() < 0.5
                press = partial(self._browsing.unsubscribe, case, url, provider, multipart=multipart)
                ways += [press, press]
            ways.append(partial(self._browsing.unsubscribe_on_page, case, url, case.looks.page))
        if self._correspondence.takes_unsubscribes(case):
            ways.append(partial(self._correspondence.unsubscribe, case))
        chosen = rng.choice(ways) if ways else None

        def leave(_case: Case) -> None:
            if chosen is not None:
                self._gone.add(case.business.key)
                chosen()

        return leave

    def _plan(self, case: Case, seconds: float, act: Callable[[Case], None]) -> None:
        def run() -> None:
            if case.business.key not in self._gone:
                act(case)

        case.plan(self._timetable, seconds, run)


def _reading_delay(rng: random.Random, *, may_be_late: bool) -> float:
    """Seconds until a person reads a message: minutes or hours, for some the next day."""
    late = may_be_late and rng.random() < _LATE_SHARE
    minutes = rng.uniform(4, 60) if rng.random() < 0.6 else rng.uniform(60, 240)
    return minutes * 60 + (rng.uniform(16, 44) * 3600 if late else 0)
