"""Who lives in the town: real places, with invented sites, addresses, mailboxes and tempers, drawn from one seed.

The shares are in `shares.py`, the spelling of invented names in `town_names.py`. What is drawn here is the truth that
the product is judged by, so nothing here asks what the product would make of it.
"""

import random
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl

from leadgen_assets.rehearsal.draft import Draft
from leadgen_assets.rehearsal.draw_people import draw_addresses, draw_people
from leadgen_assets.rehearsal.draw_sites import draw_sites
from leadgen_assets.rehearsal.shares import FIRST_DAY, GOOGLE_RESULTS_PER_TYPE, OVERPASS_SHARE, TAGGED_SHARE
from leadgen_assets.rehearsal.town_hosts import HostRegister
from leadgen_assets.rehearsal.town_names import google_id, osm_id
from leadgen_assets.rehearsal.town_phones import PhoneBook
from leadgen_assets.rehearsal.town_places import TownPlace, distinct_places
from leadgen_assets.rehearsal.trades import SEARCHED_TYPES, google_type
from leadgen_assets.rehearsal.truth import Business


class PopulationError(ValueError):
    """No town can be built on the given records; one sentence."""


def populate(records: pl.DataFrame, *, leads: int, seed: int, opening_days: int = 1) -> list[Business]:
    """The businesses of a town.

    Args:
        records: PLACE_FILE_COLUMNS, raw; rows in any order.
        leads: how many businesses; fewer where the records do not hold as many distinct ones.
        seed: the same seed and records give the same town.
        opening_days: over how many days from FIRST_DAY they become known, as many on each.

    Raises:
        PopulationError: if `leads` is not positive or no record can be used.
    """
    if leads < 1:
        raise PopulationError(f"A town needs at least one business, not {leads}.")
    drafts = _chosen(distinct_places(records, _rng("places", seed)), leads, _rng("choice", seed))
    if not drafts:
        raise PopulationError("The places hold no record with an id and a name of letters to build a town on.")
    hosts = HostRegister(((draft.key, draft.record["name"], draft.record["city"]) for draft in drafts), seed)
    draw_sites(drafts, hosts, _rng("sites", seed))
    draw_addresses(drafts, hosts, _rng("addresses", seed))
    draw_people(drafts, hosts, _rng("people", seed))
    _draw_sources(drafts, _rng("sources", seed))
    phones = PhoneBook()
    return [
        _business(
            draft,
            phones.next_number(draft.record["country"]) if draft.has_phone else None,
            _opening(number % opening_days),
        )
        for number, draft in enumerate(drafts)
    ]


def _rng(purpose: str, seed: int) -> random.Random:
    # one generator for each purpose: a change to one drawing leaves the others as they were
    return random.Random(f"{purpose}:{seed}")


def _chosen(places: Iterable[TownPlace], number: int, rng: random.Random) -> list[Draft]:
    """So many places with a website tag and so many without, following the real records as far as they go."""
    wanted = round(number * TAGGED_SHARE)
    tagged: list[TownPlace] = []
    untagged: list[TownPlace] = []
    for place in places:
        (tagged if place.tagged else untagged).append(place)
        if len(tagged) >= wanted and len(untagged) >= number - wanted:
            break
    number = min(number, len(tagged) + len(untagged))
    wanted = round(number * TAGGED_SHARE)
    # where the records hold too few of one sort, the other sort lends some
    with_tag = (tagged + untagged[::-1])[:wanted]
    taken = {place.key for place in with_tag}
    without_tag = [place for place in (untagged + tagged[::-1]) if place.key not in taken][: number - wanted]
    drafts = [Draft(place, True) for place in with_tag] + [Draft(place, False) for place in without_tag]
    rng.shuffle(drafts)
    return drafts


def _draw_sources(drafts: list[Draft], rng: random.Random) -> None:
    """Everybody is in the Places API; Overpass has those with a published address, most others, and the unsearched."""
    ranks: Counter[str] = Counter()
    for draft in drafts:
        kind = google_type(draft.record["category"])
        ranks[kind] += 1
        shown = kind in SEARCHED_TYPES and ranks[kind] <= GOOGLE_RESULTS_PER_TYPE
        by_chance, as_way = rng.random() < OVERPASS_SHARE, rng.random() < 0.2
        draft.source_keys = (f"google:{google_id(draft.key)}",)
        if draft.email_on == "record" or by_chance or not shown:
            draft.source_keys += (f"osm:{osm_id(draft.key, as_way)}",)


def _opening(days: int) -> date | None:
    return FIRST_DAY + timedelta(days=days) if days else None


def _business(draft: Draft, phone: str | None, opens_on: date | None) -> Business:
    return Business(
        key=draft.key,
        record={
            **draft.record,
            "phone": phone,
            "email": draft.email if draft.email_on == "record" else None,
            "website": draft.website,
            "facebook": draft.facebook,
            "instagram": None,
        },
        source_keys=draft.source_keys,
        site_kind=draft.kind,
        site_host=draft.site_host,
        listed_website=draft.website,
        findable=draft.findable,
        needs_site=draft.needs_site,
        email=draft.email,
        email_on=draft.email_on,
        mailbox=draft.mailbox,
        temper=draft.temper,
        machine=draft.machine,
        reply_address=draft.reply_address or draft.email,
        opens_on=opens_on,
    )
