"""The code location: the stages in pipeline order, their jobs, schedules and sensors. Free of logic on purpose."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
from upath import UPath

from leadgen_assets.automation import JOBS, SCHEDULES
from leadgen_assets.resources import Platform
from leadgen_assets.sensors import SENSORS
from leadgen_assets.settings import settings_or_defaults
from leadgen_assets.stages import contacts, discovery, engagement, outreach, personalization, qualification, reporting
from leadgen_assets.storage.parquet_io import ParquetIOManager
from leadgen_assets.upkeep import UPKEEP_JOBS, UPKEEP_SENSORS

STAGE_MODULES = [discovery, qualification, contacts, personalization, outreach, engagement, reporting]


def build_defs(resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """The definitions, with some resources replaced (by tests)."""
    return dg.Definitions(
        assets=dg.load_assets_from_modules(STAGE_MODULES, include_specs=True),
        asset_checks=dg.load_asset_checks_from_modules(STAGE_MODULES),
        jobs=[*JOBS, *UPKEEP_JOBS],
        schedules=SCHEDULES,
        sensors=[*SENSORS, *UPKEEP_SENSORS],
        executor=dg.in_process_executor,  # also for what is launched by hand: a process per step costs more than most
        resources={
            "platform": Platform(),
            "io_manager": ParquetIOManager(UPath(settings_or_defaults().warehouse_folder)),
            **(resources or {}),
        },
    )


defs = build_defs()
