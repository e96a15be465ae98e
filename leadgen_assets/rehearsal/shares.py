"""How the town is made up, in shares that `docs/town.md` publishes, and how shares become whole numbers.

Who gets what is drawn elsewhere (`rehearsal/population.py`).
"""

from collections.abc import Mapping
from datetime import date
from math import floor
from types import MappingProxyType
from typing import Literal, TypeVar

from leadgen_assets.rehearsal.truth import Machine, SiteKind, Temper

_Name = TypeVar("_Name", bound=str)
UntaggedSite = Literal["none", "findable", "undiscoverable", "social_only"]

FIRST_DAY = date(2026, 3, 2)  # a Monday in the past: Dagster knows no partitions after today

TAGGED_SHARE = 0.5  # of all businesses: a source lists a website for it

# Of the businesses with a website tag. 90 % of the tags lead to the business's own site, in whatever state it is; the
# last five lead nowhere or to somebody else.
TAGGED_SITES: Mapping[SiteKind, float] = MappingProxyType({
    "healthy": 0.66, "weak": 0.22, "broken": 0.02,
    "dead_domain": 0.02, "not_found": 0.02, "parked": 0.02, "foreign": 0.02, "social_only": 0.02,
})  # fmt: skip

# Of the businesses without a website tag. `findable` is a healthy site under a name that the candidate search tries,
# `undiscoverable` one that nothing leads to.
UNTAGGED_SITES: Mapping[UntaggedSite, float] = MappingProxyType({
    "none": 0.72, "findable": 0.12, "undiscoverable": 0.04, "social_only": 0.12,
})  # fmt: skip
LEAST_HEALTHY_UNTAGGED = 0.15  # of those without a tag
UNDISCOVERABLE_LIMIT = 0.03  # of all businesses

# Where an address is published, by what site there really is; the rest of the businesses have no address.
EMAIL_IN_RECORD: Mapping[str, float] = MappingProxyType({
    "none": 0.66, "social_only": 0.66, "dead_domain": 0.66, "parked": 0.66, "foreign": 0.66, "broken": 0.5,
    "not_found": 0.0, "weak": 0.1, "healthy": 0.4, "undiscoverable": 0.5,
})  # fmt: skip
EMAIL_ON_SITE: Mapping[str, float] = MappingProxyType({"weak": 0.55, "not_found": 0.5, "healthy": 0.5})

PHONELESS_SHARE = 0.15  # of the businesses with neither a site of their own nor an address: only a visit reaches them

# What becomes of a message to a business that truly needs a site, and the fewest of each in a town of 100.
FATES: Mapping[str, float] = MappingProxyType({
    "silent": 0.29, "opener": 0.20, "clicker": 0.15, "replier": 0.12, "unsubscriber": 0.06, "out_of_office": 0.06,
    "unknown_user": 0.05, "bounces_later": 0.05, "full": 0.02,
})  # fmt: skip
FEWEST_FATES: Mapping[str, int] = MappingProxyType({
    "opener": 3, "clicker": 3, "replier": 3, "unsubscriber": 2, "out_of_office": 2, "unknown_user": 2,
    "bounces_later": 2, "full": 1,
})  # fmt: skip

# The machine at each mailbox, dealt in turn within a temper, so that people are found with and without each machine.
MACHINES: Mapping[Temper, tuple[Machine, ...]] = MappingProxyType({
    "silent": ("none", "apple_prefetch", "link_scanner", "none"),
    "opener": ("none", "gmail_proxy", "apple_prefetch", "none"),
    "clicker": ("none", "link_scanner", "gmail_proxy", "none"),
    "replier": ("none", "gmail_proxy", "link_scanner", "none"),
    "unsubscriber": ("none", "link_scanner"),
    "out_of_office": ("none", "apple_prefetch"),
})  # fmt: skip

OVERPASS_SHARE = 0.8  # of the businesses without a published address; those with one in the record are always there
SEARCH_INDEX_SHARE = 0.75  # of the sites that show a page: the town's search engine knows them, where it has one
RESPELT_SHARE = 0.1  # of the businesses that both sources publish: the second spelling differs
GOOGLE_RESULTS_PER_TYPE = 60  # a text search returns no more, so whoever ranks lower in its type is in Overpass too


def apportion(total: int, shares: Mapping[_Name, float], fewest: Mapping[_Name, int] | None = None) -> dict[_Name, int]:
    """Whole numbers that add up to `total` and follow `shares` (which add up to 1) as closely as they can.

    Args:
        total: how many there are to share out.
        shares: by name; equal remainders are settled in this order.
        fewest: numbers that a name gets in any case, taken from where most can be spared. Where `total` is too small
            for all of them, each of these names gets one, in order, as far as they go.
    """
    exact = {name: share * total + 1e-9 for name, share in shares.items()}
    counts = {name: floor(value) for name, value in exact.items()}
    by_remainder = sorted(exact, key=lambda name: floor(exact[name]) - exact[name])
    for name in by_remainder[: total - sum(counts.values())]:
        counts[name] += 1
    fewest = dict(fewest or {})
    if sum(fewest.values()) > total:
        fewest = dict.fromkeys(list(fewest)[:total], 1)
    for name, number in fewest.items():
        while counts[name] < number:
            donor = max(counts, key=lambda other: counts[other] - fewest.get(other, 0))
            counts[donor] -= 1
            counts[name] += 1
    return counts
