"""The one daily partitions definition that every asset shares.

Its zone is the operator's, read when the code location loads, because a partition's key is a day of that zone.
"""

import dagster as dg

from leadgen_assets.settings import settings_or_defaults

FIRST_DAY = "2026-03-02"

daily = dg.DailyPartitionsDefinition(
    start_date=FIRST_DAY, timezone=settings_or_defaults().operator_timezone, end_offset=1
)
