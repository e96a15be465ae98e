"""The contacts stage: the best lawful route to each qualified lead, and whom to call where there is no address."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import dagster as dg
import polars as pl

from leadgen_assets.domain.call_sheets import RULES_VERSION as CALL_RULES_VERSION
from leadgen_assets.domain.call_sheets import call_rows
from leadgen_assets.domain.contacts import RULES_VERSION, choose_contacts, first_owners
from leadgen_assets.resources import Platform
from leadgen_assets.stages.kept_pages import as_it_was
from leadgen_assets.stages.kinds import asset_options, materialized, partition_day
from leadgen_assets.stages.known_leads import known_leads


@dg.asset(**asset_options("derivation", "contacts", "polars", code_version=RULES_VERSION, personal=True))
def contacts(
    context: dg.AssetExecutionContext,
    platform: Platform,
    qualification_scores: pl.DataFrame,
    web_captures: pl.DataFrame,
) -> dg.Output[pl.DataFrame]:
    """The route to each qualified lead: email with class and origin, else telephone, else a visit, with the reason.

    Addresses come from the place record and from the lead's own pages; guessed ones are candidates only, unless
    USE_GUESSED_ADDRESSES is on. An address that another business had on an earlier day is that organisation's.
    Where its pages are no longer kept, a lead keeps the route it had.
    """
    day = partition_day(context)
    leads = known_leads(platform, qualification_scores["lead_id"], day)
    use_guesses = platform.settings.use_guessed_addresses
    owners = first_owners(_earlier_addresses(platform, day))
    frame = choose_contacts(leads, qualification_scores, web_captures, owners, use_guesses=use_guesses)
    stored = as_it_was(context, platform, "contacts", day)
    if stored is not None:
        known = stored.join(frame, on="lead_id", how="semi")
        frame = pl.concat([known, frame.join(known, on="lead_id", how="anti")])
    routes = {"email": 0, "phone": 0, "visit": 0} | dict(frame.group_by("route").len().iter_rows())
    return materialized(frame, "route", "email_class", "email_origin", "reason", data_version=True, **routes)


@dg.asset(**asset_options("derivation", "contacts", "polars", code_version=CALL_RULES_VERSION, personal=True))
def call_sheets(
    context: dg.AssetExecutionContext, platform: Platform, qualification_scores: pl.DataFrame, contacts: pl.DataFrame
) -> dg.Output[pl.DataFrame]:
    """Whom to call or to visit: every qualified lead without an address, with links, evidence and how to begin."""
    leads = known_leads(platform, contacts["lead_id"], partition_day(context))
    frame = call_rows(leads, qualification_scores, contacts)
    sheets = {"call": 0, "visit": 0} | dict(frame.group_by("sheet").len().iter_rows())
    return materialized(frame, "sheet", "trade", "score_lower", data_version=True, **sheets)


def _earlier_addresses(platform: Platform, day: date) -> Iterator[dict[str, Any]]:
    """Place key, address and day of every record with an address that was captured before a day."""
    for earlier in platform.warehouse.days("places", until=day - timedelta(days=1)):
        places = platform.warehouse.read("places", since=earlier, until=earlier, columns=["place_key", "email"])
        for row in places.filter(pl.col("email").is_not_null()).iter_rows(named=True):
            yield row | {"day": earlier}
