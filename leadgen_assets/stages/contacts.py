"""The contacts stage: the best lawful route to each qualified lead."""

import dagster as dg
import polars as pl

from leadgen_assets.domain.contacts import choose_contacts
from leadgen_assets.resources import Platform
from leadgen_assets.stages.kinds import asset_options, materialized, partition_day
from leadgen_assets.stages.known_leads import known_leads


@dg.asset(**asset_options("derivation", "contacts", "polars", code_version="1", personal=True))
def contacts(
    context: dg.AssetExecutionContext,
    platform: Platform,
    qualification_scores: pl.DataFrame,
    web_captures: pl.DataFrame,
) -> dg.Output[pl.DataFrame]:
    """The route to each qualified lead: email with class and origin, else telephone, else a visit, with the reason.

    Addresses come from the place record and from the lead's own pages; none is guessed.
    """
    leads = known_leads(platform, qualification_scores["lead_id"], partition_day(context))
    frame = choose_contacts(leads, qualification_scores, web_captures)
    routes = {"email": 0, "phone": 0, "visit": 0} | dict(frame.group_by("route").len().iter_rows())
    return materialized(frame, "route", "email_class", "email_origin", "reason", data_version=True, **routes)
