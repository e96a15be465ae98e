"""The one daily partitions definition that every asset shares.

Its zone is the operator's, read when the code location loads, because a partition's key is a day of that zone.
"""

from datetime import timedelta

import dagster as dg

from leadgen_assets.settings import settings_or_defaults

FIRST_DAY = "2026-03-02"

_settings = settings_or_defaults()

daily = dg.DailyPartitionsDefinition(
    start_date=FIRST_DAY,
    end_date=(_settings.last_partition + timedelta(days=1)).isoformat() if _settings.last_partition else None,
    timezone=_settings.operator_timezone,
    end_offset=1,
)
