"""The circuit breaker: when bounces, complaints or refusals by policy say that sending must stop until somebody looked.

Pure. Counting is in `storage/pauses`, asking before each message in `sender/claims`.
"""

from dataclasses import dataclass
from datetime import timedelta

FEWEST_BOUNCES = 3
FEWEST_COMPLAINTS = 2
FEWEST_POLICY_REFUSALS = 3


@dataclass(frozen=True, slots=True)
class Figures:
    """What happened within the window; counts of messages.

    Attributes:
        handed_over: every attempt, whatever became of it.
        bounced: with an address that does not exist.
        complained: called spam by their recipient.
        refused_by_policy: refused for good because of who sends or what is said.
    """

    handed_over: int
    bounced: int
    complained: int
    refused_by_policy: int


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How much harm is borne.

    Attributes:
        window: how far back the breaker looks.
        bounce_percent: hard bounces in a hundred messages.
        complaint_percent: complaints in a hundred messages.
    """

    window: timedelta
    bounce_percent: float
    complaint_percent: float


def opened_by(figures: Figures, tolerance: Tolerance) -> str | None:
    """Why sending must stop, as one clause; None where it may go on.

    A rate says nothing about a handful of messages, so a few single cases are always borne.
    """
    days = f"in {tolerance.window.days} days"
    total = max(figures.handed_over, 1)
    if figures.complained >= FEWEST_COMPLAINTS and 100 * figures.complained / total > tolerance.complaint_percent:
        return f"{figures.complained} of {figures.handed_over} messages were called spam {days}"
    if figures.bounced >= FEWEST_BOUNCES and 100 * figures.bounced / total > tolerance.bounce_percent:
        return f"{figures.bounced} of {figures.handed_over} messages went to addresses that do not exist {days}"
    if figures.refused_by_policy >= FEWEST_POLICY_REFUSALS and figures.refused_by_policy * 10 > total:
        return f"mail servers refused {figures.refused_by_policy} of {figures.handed_over} messages by policy {days}"
    return None
