"""What people and machines of the town did, written down as it happened: the evidence the verdict is judged by.

Deciding whether the product understood it belongs to the verdict, not here.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from leadgen_assets.rehearsal.truth import Act

Actor = Literal["person", "machine"]
ActKind = Literal["open", "click", "unsubscribe", "reply", "auto_reply", "bounce", "complaint"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class BadAnswer:
    """An answer of the product that its visitor had no reason to expect, such as a redirect to a foreign site."""

    at_us: int
    business_key: str
    request: str
    problem: str


class ActLog:
    """The acts in order of virtual time; appended to by one thread, the driver's.

    Attributes:
        acts: everything that counts as an event: opens, clicks, unsubscribes, replies, bounces.
        bad_answers: answers that were wrong in themselves, acknowledged or not.
        looks: requests that must not count as anything, by kind (`head`, `unsubscribe_page`).
    """

    def __init__(self) -> None:
        self.acts: list[Act] = []
        self.bad_answers: list[BadAnswer] = []
        self.looks: Counter[str] = Counter()

    def record(self, act: Act) -> None:
        """Write down one act."""
        self.acts.append(act)

    def count(self, kind: ActKind, actor: Actor | None = None) -> int:
        """How many acts of a kind were acknowledged, by everybody or by people or machines only."""
        return sum(act.acknowledged and act.kind == kind and actor in (None, act.actor) for act in self.acts)

    def counts(self) -> dict[str, int]:
        """Acknowledged acts by `kind_actor`, for example `open_person`."""
        return dict(sorted(Counter(f"{act.kind}_{act.actor}" for act in self.acts if act.acknowledged).items()))

    def of(self, business_key: str) -> list[Act]:
        """What happened at one business, in order."""
        return [act for act in self.acts if act.business_key == business_key]

    @property
    def unacknowledged(self) -> list[Act]:
        """Acts that the product never acknowledged; it need not know of them."""
        return [act for act in self.acts if not act.acknowledged]


def microseconds(at: datetime) -> int:
    """An aware moment as microseconds since 1970, the form acts are compared in."""
    return (at - _EPOCH) // timedelta(microseconds=1)
