"""What a rehearsal must show at least, given who lives in its town and who was written to so far.

Zero mistakes also hold when nothing happens, so there are floors; but a day's mail reaches only some of a big town, and
nobody of a rare temper may be among them. Comparing belongs to `verdict.py`.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from leadgen_assets.rehearsal.truth import Business

_FEWEST_ACTORS = 2  # one alone may still be asleep when the rehearsal ends
_TEMPERS_OF_ACTS: Mapping[str, frozenset[str]] = MappingProxyType({
    "opened_person": frozenset({"opener", "clicker", "replier", "unsubscriber"}),
    "clicked_person": frozenset({"clicker", "replier"}), "replied": frozenset({"replier"}),
    "auto_replied": frozenset({"out_of_office"}), "unsubscribed": frozenset({"unsubscriber"}),
})  # fmt: skip


def acts_too_rare(businesses: Iterable[Business], recipients: Iterable[str]) -> set[str]:
    """The acts that hardly anybody who was written to would do, so that they may be missing.

    Args:
        businesses: the town's.
        recipients: the addresses whose mail server took a message.
    """
    written_to = {address.lower() for address in recipients}
    tempers = [
        business.temper
        for business in businesses
        if business.mailbox == "accepts" and (business.email or "").lower() in written_to
    ]
    return {
        act for act, whose in _TEMPERS_OF_ACTS.items() if sum(temper in whose for temper in tempers) < _FEWEST_ACTORS
    }
