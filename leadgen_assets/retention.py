"""What is not kept for good: Google's content (its terms give thirty days), and the text of captured web pages.

Letters, call sheets and reports are our own words and stay until somebody is erased (`erasure`), as do records of
other sources. What derivations do without their pages is in `stages/kept_pages`.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta

import polars as pl

from leadgen_assets.clients.google_places import LICENCE
from leadgen_assets.settings import Settings
from leadgen_assets.storage.erased_files import replace_partition
from leadgen_assets.storage.expired_pages import drop_bodies
from leadgen_assets.storage.expired_places import reduce_captures, reduce_leads
from leadgen_assets.storage.ledger import Connection
from leadgen_assets.storage.warehouse import Warehouse
from tracking_service.clock import Clock

KEPT_DAYS = 30
_SOURCE = "google"
_KEYS = ("place_key", "source", "source_id", "licence", "captured_at")
Ledger = Callable[[], AbstractContextManager[Connection]]


def drop_expired_content(ledger: Ledger, settings: Settings, clock: Clock) -> dict[str, int]:
    """Reduce what Google gave before the last thirty days to place ids; how much that concerned, by place.

    A place that is known only by its id is not taken for a new business when it is found again. A lead that came from
    Google alone and was never queued keeps its id, its score and its status.
    """
    before = clock.today(settings.operator_timezone) - timedelta(days=KEPT_DAYS)
    with ledger() as connection:
        captures = reduce_captures(connection, _SOURCE, before)
        leads = reduce_leads(connection, _SOURCE, LICENCE, before, settings.operator_timezone, clock.now())
    warehouse = Warehouse(settings.warehouse_folder)
    places = sum(_reduce_places(warehouse, day) for day in warehouse.days("places", until=before - timedelta(days=1)))
    rows = sum(_drop_leads(warehouse, day) for day in warehouse.days("leads", until=before - timedelta(days=1)))
    return {"captured_places": captures, "leads": leads, "place_rows": places, "lead_rows": rows}


def pages_kept_since(settings: Settings, clock: Clock) -> date:
    """The first day whose captured pages are kept with their text."""
    return clock.today(settings.operator_timezone) - timedelta(days=settings.pages_kept_days)


def drop_old_pages(ledger: Ledger, settings: Settings, clock: Clock) -> dict[str, int]:
    """Delete the text of pages captured before the last PAGES_KEPT_DAYS; how much that concerned, by place.

    That a page was asked for, when, and how its host answered stays: later judgements read it.
    """
    since = pages_kept_since(settings, clock)
    with ledger() as connection:
        captures = drop_bodies(connection, since)
    warehouse = Warehouse(settings.warehouse_folder)
    days = warehouse.days("web_captures", until=since - timedelta(days=1))
    return {"captured_pages": captures, "page_rows": sum(_drop_bodies(warehouse, day) for day in days)}


def _drop_bodies(warehouse: Warehouse, day: date) -> int:
    bodies = warehouse.read("web_captures", since=day, until=day, columns=["body"])
    dropped = bodies.height - bodies["body"].null_count()
    if dropped:
        frame = warehouse.read("web_captures", since=day, until=day)
        replace_partition(warehouse, "web_captures", day, frame.with_columns(body=pl.lit(None, pl.String)))
    return dropped


def _reduce_places(warehouse: Warehouse, day: date) -> int:
    frame = warehouse.read("places", since=day, until=day)
    theirs = pl.col("source") == _SOURCE
    expired = frame.filter(theirs & pl.col("name").is_not_null()).height
    if expired:
        content = [name for name in frame.columns if name not in _KEYS]
        emptied = frame.with_columns(pl.when(~theirs).then(pl.col(name)).alias(name) for name in content)
        replace_partition(warehouse, "places", day, emptied)
    return expired


def _drop_leads(warehouse: Warehouse, day: date) -> int:
    """A recomputation would find no name in their places, and so make no lead of them: the rows go now."""
    frame = warehouse.read("leads", since=day, until=day)
    kept = frame.filter(pl.col("sources") != [_SOURCE])
    if kept.height < frame.height:
        replace_partition(warehouse, "leads", day, kept)
    return frame.height - kept.height
