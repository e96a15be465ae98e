"""Reactions on the virtual clock: what the daemon does through the `tracking_reactions` sensor, done at once.

The work itself is the sensor's: this evaluates it without waiting, and puts its events on the asset graph.
"""

import dagster as dg

from leadgen_assets.reactions import react_once
from leadgen_assets.resources import Platform
from leadgen_assets.sensors import observe_events


class Reactions:
    """Sends due alerts after each act, and reports new tracking events every virtual hour."""

    def __init__(self, platform: Platform, instance: dg.DagsterInstance) -> None:
        self._platform = platform
        self._instance = instance
        self._cursor: str | None = None

    def now(self) -> None:
        """Send what is due; cheap where nothing is."""
        react_once(self._platform.ledger, self._platform.settings, self._platform.clock)

    def report_events(self) -> None:
        """Show the events since the last time on `tracking_events`."""
        events, self._cursor = observe_events(self._platform, self._cursor)
        for event in events:
            self._instance.report_runless_asset_event(event)
