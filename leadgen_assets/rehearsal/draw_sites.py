"""Draws what site each business really has, under which host, and what its sources list."""

import random
from collections.abc import Mapping
from math import ceil
from typing import TypeVar

from leadgen_assets.rehearsal.draft import Draft
from leadgen_assets.rehearsal.shares import (
    LEAST_HEALTHY_UNTAGGED,
    TAGGED_SITES,
    UNDISCOVERABLE_LIMIT,
    UNTAGGED_SITES,
    apportion,
)
from leadgen_assets.rehearsal.town_hosts import HostRegister
from leadgen_assets.rehearsal.town_names import is_plain, social_page
from leadgen_assets.rehearsal.truth import SiteKind

_LISTINGS = ("https://{}/", "https://www.{}/", "http://{}/", "www.{}")
_PLAIN_HTTP_LISTINGS = ("http://{}/", "http://www.{}/", "www.{}")
_PLAIN_HTTP_KINDS = frozenset({"weak", "parked", "not_found"})
_Name = TypeVar("_Name", bound=str)


def draw_sites(drafts: list[Draft], hosts: HostRegister, rng: random.Random) -> None:
    """Settle kind, findable, site_host, website and facebook of every business."""
    tagged = [draft for draft in drafts if draft.tagged]
    for draft, kind in zip(tagged, dealt(apportion(len(tagged), TAGGED_SITES), rng), strict=True):
        _give_listed_site(draft, kind, hosts, rng)
    untagged = [draft for draft in drafts if not draft.tagged]
    counts = apportion(len(untagged), UNTAGGED_SITES)
    hidden = min(counts["undiscoverable"], int(len(drafts) * UNDISCOVERABLE_LIMIT))
    healthy = max(counts["findable"] + counts["undiscoverable"], ceil(len(untagged) * LEAST_HEALTHY_UNTAGGED))
    _give_findable_sites(untagged, healthy - hidden, hosts, rng)
    rest = [draft for draft in untagged if draft.kind == "none"]
    for draft in rest[:hidden]:
        draft.kind, draft.site_host = "healthy", hosts.odd(draft.key)
    for draft in rest[hidden : hidden + counts["social_only"]]:
        draft.kind, draft.facebook = "social_only", _social_page(draft, hosts, rng)


def dealt(counts: Mapping[_Name, int], rng: random.Random) -> list[_Name]:
    """Each name as often as counted, shuffled."""
    names = [name for name, number in counts.items() for _ in range(number)]
    rng.shuffle(names)
    return names


def _give_listed_site(draft: Draft, kind: SiteKind, hosts: HostRegister, rng: random.Random) -> None:
    draft.kind, draft.findable = kind, kind == "healthy"
    if kind == "social_only":
        draft.website = _social_page(draft, hosts, rng)
        return
    draft.site_host = hosts.own(draft.key, draft.record["name"], draft.record["city"], rng)
    forms = _PLAIN_HTTP_LISTINGS if kind in _PLAIN_HTTP_KINDS else _LISTINGS
    draft.website = rng.choice(forms).format(draft.site_host)


def _give_findable_sites(untagged: list[Draft], number: int, hosts: HostRegister, rng: random.Random) -> None:
    """Healthy sites that no source lists, for businesses whose name makes an obvious host; fewer if few have one."""
    for draft in untagged:
        if number <= 0:
            return
        name, city = draft.record["name"], draft.record["city"]
        host = hosts.guessable(draft.key, name, city, rng) if is_plain(name) else None
        if host:
            draft.kind, draft.findable, draft.site_host = "healthy", True, host
            number -= 1


def _social_page(draft: Draft, hosts: HostRegister, rng: random.Random) -> str:
    # the name of its page is a host that it never registered: unique in the town, and nobody's page outside it
    return social_page(hosts.own(draft.key, draft.record["name"], draft.record["city"], rng))
