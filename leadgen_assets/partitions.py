"""The one daily partitions definition that every asset shares.

Its zone is the operator's, read when the code location loads, because a partition's key is a day of that zone.
"""

import dagster as dg

from leadgen_assets.settings import Settings

FIRST_DAY = "2026-03-02"


def _operator_timezone() -> str:
    try:
        return Settings.load().operator_timezone
    except Exception:  # noqa: BLE001 a broken setting is reported by what needs it; the location must still load
        return "UTC"


daily = dg.DailyPartitionsDefinition(start_date=FIRST_DAY, timezone=_operator_timezone(), end_offset=1)
