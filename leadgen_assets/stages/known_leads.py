"""The rows of `leads` that a day's derivation needs, some of them of earlier days: rechecks and caught-up letters.

The day's own rows are read from its partition, which the same run made first. Rows of earlier days are derived anew
from `places`, an observation: so a backfill gives the same result whichever day it recomputes first.
"""

from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl

from leadgen_assets.domain.identity import lead_id_of
from leadgen_assets.domain.leads import new_leads
from leadgen_assets.resources import Platform

_ONE_DAY = timedelta(days=1)


def known_leads(platform: Platform, lead_ids: Iterable[str], day: date) -> pl.DataFrame:
    """The rows of some leads, as in asset `leads`.

    Args:
        platform: whose warehouse to read.
        lead_ids: of leads first seen on that day or before it.
        day: the partition that is being derived.

    Returns:
        One row for each of them that is still known; an erased one has none.
    """
    wanted = set(lead_ids)
    own = platform.warehouse.read("leads", since=day, until=day)
    found = [own.filter(pl.col("lead_id").is_in(wanted))]
    missing = wanted.difference(own["lead_id"])
    for earlier in platform.warehouse.days("places", until=day - _ONE_DAY):
        if not missing:
            break
        places = platform.warehouse.read("places", since=earlier, until=earlier)
        here = missing.intersection(str(lead_id_of(key)) for key in places["place_key"])
        if here:
            before = platform.warehouse.read("places", until=earlier - _ONE_DAY)
            leads = new_leads(places, before, earlier, include_chains=platform.settings.leads_include_chains)
            found.append(leads.filter(pl.col("lead_id").is_in(here)))
            missing.difference_update(found[-1]["lead_id"])
    return pl.concat(found)
