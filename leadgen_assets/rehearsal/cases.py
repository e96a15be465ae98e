"""One message at one business: what its people and machines need to know to act upon it."""

import random
from dataclasses import dataclass
from datetime import timedelta

from leadgen_assets.rehearsal.disguises import Disguise
from leadgen_assets.rehearsal.received_mail import ReceivedMail
from leadgen_assets.rehearsal.simulation import Action, Timetable
from leadgen_assets.rehearsal.truth import Business


@dataclass(slots=True)
class Case:
    """One message at one business.

    Attributes:
        business: whose mailbox it reached.
        mail: what it holds.
        number: 1 for the first message that this business got.
        rng: draws everything about this case when the message arrives.
        looks: how its reader looks to a web server.
        steps: how many acts were scheduled so far.
    """

    business: Business
    mail: ReceivedMail
    number: int
    rng: random.Random
    looks: Disguise
    steps: int = 0

    @property
    def name(self) -> str:
        """A name that no other case has."""
        return f"{self.business.key}#{self.number}"

    @property
    def owner(self) -> str:
        """The name that answers are signed with."""
        return str(self.business.record.get("name") or "")[:60]

    @property
    def pixel(self) -> str | None:
        """The image that tells of an open, the last one of the message."""
        return self.mail.images[-1] if self.mail.images else None

    def plan(self, timetable: Timetable, seconds: float, act: Action) -> None:
        """Schedule an act some seconds from now, under a name that orders it among others of the same moment."""
        self.steps += 1
        timetable.after(timedelta(seconds=seconds), f"visitor {self.name}.{self.steps:03d}", act)
