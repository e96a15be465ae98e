"""What becomes of derivations whose pages were deleted: they stay as they are. Deleting is in `retention`."""

from datetime import date

import dagster as dg
import polars as pl

from leadgen_assets.resources import Platform
from leadgen_assets.retention import pages_kept_since


def as_it_was(context: dg.AssetExecutionContext, platform: Platform, asset: str, day: date) -> pl.DataFrame | None:
    """The stored partition of an asset that reads pages, for a day whose pages are no longer kept; None for others.

    Without its pages a site would look like one that says nothing: deriving the day again would contradict what was
    decided, and written, on what the pages said.
    """
    if day >= pages_kept_since(platform.settings, platform.clock):
        return None
    context.log.info("The pages of this day were deleted after PAGES_KEPT_DAYS: %s stays as it is.", asset)
    return platform.warehouse.read(asset, since=day, until=day)
