"""What machines do with a message, whether or not anybody reads it: prefetching, scanning, bouncing.

What people do belongs to `people.py`.
"""

from functools import partial

from leadgen_assets.rehearsal import disguises
from leadgen_assets.rehearsal.browsing import Browsing
from leadgen_assets.rehearsal.cases import Case
from leadgen_assets.rehearsal.correspondence import Correspondence
from leadgen_assets.rehearsal.disguises import Disguise
from leadgen_assets.rehearsal.simulation import Timetable


class Machines:
    """Mail servers, prefetchers and link scanners of the town."""

    def __init__(self, timetable: Timetable, browsing: Browsing, correspondence: Correspondence) -> None:
        self._timetable = timetable
        self._browsing = browsing
        self._correspondence = correspondence

    def receive(self, case: Case) -> None:
        """Schedule what the machine at this mailbox does, if there is one."""
        if case.business.mailbox == "bounces_later":
            case.plan(self._timetable, case.rng.uniform(60, 1200), partial(self._correspondence.bounce, case))
        elif case.business.machine == "apple_prefetch":
            looks = disguises.apple_prefetch(case.rng)
            case.plan(self._timetable, case.rng.uniform(2, 60), partial(self._load_pixel, case, looks))
        elif case.business.machine == "link_scanner":
            self._plan_scan(case)

    def _plan_scan(self, case: Case) -> None:
        looks = disguises.link_scanner(case.rng)
        seconds = case.rng.uniform(1, 4)
        for url in case.mail.links:
            for look in (self._probe, self._follow):
                case.plan(self._timetable, seconds, partial(look, case, url, looks))
                seconds += case.rng.uniform(0.02, 0.2)
        case.plan(self._timetable, seconds, partial(self._load_pixel, case, looks))

    def _probe(self, _case: Case, url: str, looks: Disguise) -> None:
        if self._browsing.reaches(url):
            self._browsing.look("HEAD", url, looks.page, "head")

    def _follow(self, case: Case, url: str, looks: Disguise) -> None:
        if not self._browsing.reaches(url):
            return
        if case.mail.unsubscribes(url):
            self._browsing.look("GET", url, looks.page, "unsubscribe_page")
        else:
            self._browsing.click(case, "machine", url, looks.page)

    def _load_pixel(self, case: Case, looks: Disguise) -> None:
        if case.pixel and self._browsing.reaches(case.pixel):
            self._browsing.open(case, "machine", case.pixel, looks.image)
