"""Draws who can be written to, what their mail server does, and what they and their machines do with a message."""

import random
from collections import defaultdict
from itertools import cycle

from leadgen_assets.rehearsal.draft import Draft
from leadgen_assets.rehearsal.draw_sites import dealt
from leadgen_assets.rehearsal.shares import (
    EMAIL_IN_RECORD,
    EMAIL_ON_SITE,
    FATES,
    FEWEST_FATES,
    MACHINES,
    PHONELESS_SHARE,
    apportion,
)
from leadgen_assets.rehearsal.town_hosts import HostRegister
from leadgen_assets.rehearsal.town_names import role_address
from leadgen_assets.rehearsal.truth import Mailbox, Temper

_MAILBOXES: tuple[Mailbox, ...] = ("unknown_user", "bounces_later", "full")
_TEMPERS: tuple[Temper, ...] = ("silent", "opener", "clicker", "replier", "unsubscriber", "out_of_office")
_CERTAIN_KINDS = frozenset({"none", "social_only", "dead_domain"})
_JUDGED_LATER = "broken"  # a server error is judged over two days, so its owner gets no mail on the first


def draw_addresses(drafts: list[Draft], hosts: HostRegister, rng: random.Random) -> None:
    """Settle email, email_on and has_phone: an address is at the site's domain, or at one that only takes mail."""
    groups: dict[str, list[Draft]] = defaultdict(list)
    for draft in drafts:
        groups["undiscoverable" if draft.undiscoverable else draft.kind].append(draft)
    for name in sorted(groups):
        shares = {"record": EMAIL_IN_RECORD[name], "site": EMAIL_ON_SITE.get(name, 0.0)}
        shares["nowhere"] = 1 - sum(shares.values())
        for draft, where in zip(groups[name], dealt(apportion(len(groups[name]), shares), rng), strict=True):
            if where == "nowhere":
                continue
            host = draft.site_host if draft.mail_at_site else None
            host = host or hosts.own(draft.key, draft.record["name"], draft.record["city"], rng)
            draft.email, draft.email_on = role_address(draft.key, host), "record" if where == "record" else "site"
    unreachable = [draft for draft in drafts if draft.site_host is None and draft.email is None]
    counts = apportion(len(unreachable), {"visit": PHONELESS_SHARE, "call": 1 - PHONELESS_SHARE})
    for draft, way in zip(unreachable, dealt(counts, rng), strict=True):
        draft.has_phone = way == "call"


def draw_people(drafts: list[Draft], hosts: HostRegister, rng: random.Random) -> None:
    """Settle mailbox, temper, machine and reply_address of everybody with an address.

    Those who truly need a site and will be written to on the first day get their fates by quota, the rarest among those
    whose need is plainest; the rest, who should get no mail at all, by chance.
    """
    with_email = [draft for draft in drafts if draft.email]
    due = [draft for draft in with_email if draft.needs_site and draft.kind != _JUDGED_LATER]
    rng.shuffle(due)
    due.sort(key=lambda draft: not (draft.kind in _CERTAIN_KINDS and draft.email_on == "record"))
    counts = apportion(len(due), FATES, FEWEST_FATES)
    rare = {name: min(number, counts[name]) for name, number in FEWEST_FATES.items()}
    common = {name: number - rare.get(name, 0) for name, number in counts.items()}
    for draft, fate in zip(due, [*dealt(rare, rng), *dealt(common, rng)], strict=True):
        _give_fate(draft, fate)
    for draft in with_email:
        if draft.mailbox == "none":
            _give_fate(draft, rng.choices(list(FATES), list(FATES.values()))[0])
    _deal_machines(due)
    _deal_machines([draft for draft in with_email if draft not in due])
    _give_reply_addresses(with_email, hosts, rng)


def _give_fate(draft: Draft, fate: str) -> None:
    draft.mailbox = next((mailbox for mailbox in _MAILBOXES if mailbox == fate), "accepts")
    draft.temper = next((temper for temper in _TEMPERS if temper == fate), "silent")


def _deal_machines(drafts: list[Draft]) -> None:
    for temper, machines in MACHINES.items():
        reached = [draft for draft in drafts if draft.mailbox == "accepts" and draft.temper == temper]
        for draft, machine in zip(reached, cycle(machines), strict=False):
            draft.machine = machine


def _give_reply_addresses(drafts: list[Draft], hosts: HostRegister, rng: random.Random) -> None:
    """Every third replier answers from the address written to, one from another at the domain, one from elsewhere."""
    repliers = [draft for draft in drafts if draft.temper == "replier" and draft.email]
    for draft, form in zip(repliers, cycle(("same", "colleague", "elsewhere")), strict=False):
        if form == "colleague":
            draft.reply_address = f"owner@{str(draft.email).partition('@')[2]}"
        elif form == "elsewhere":
            draft.reply_address = f"owner@{hosts.own(draft.key, draft.record['name'], draft.record['city'], rng)}"
