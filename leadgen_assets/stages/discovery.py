"""The discovery stage: place records as the sources give them, and the leads that are new among them."""

from datetime import timedelta

import dagster as dg
import polars as pl

from leadgen_assets.clients.errors import ClientError
from leadgen_assets.domain.leads import leads_and_left_out
from leadgen_assets.partitions import daily
from leadgen_assets.resources import Platform
from leadgen_assets.stages.kinds import asset_options, is_dry_run, materialized, may_act, may_observe, partition_day
from leadgen_assets.stages.place_sources import capture_file, capture_google, capture_overpass, places_of
from leadgen_assets.storage.alerts import queue_alert
from leadgen_assets.storage.journal import read_captures
from leadgen_assets.storage.targets import list_targets


@dg.asset(**asset_options("observation", "discovery", "python", "postgres", personal=True))
def places(context: dg.AssetExecutionContext, platform: Platform) -> dg.Output[pl.DataFrame]:
    """Place records of the active targets as Google Places, Overpass and a places file gave them that day.

    Only configured sources are asked, Google within its free allowance and never in a dry run. A source that fails
    leaves what was captured before; the run fails only if nothing at all was captured that day.
    """
    day = partition_day(context)
    failures = _capture(context, platform) if may_observe(context, platform) else []
    for failure in failures:
        context.log.warning(str(failure))
    with platform.ledger() as connection:
        captures = read_captures(connection, "places", day)
    if failures and not captures:
        sentence = " ".join(dict.fromkeys(str(failure) for failure in failures))
        raise dg.Failure(sentence, allow_retries=any(failure.retryable for failure in failures))
    frame = places_of(captures)
    counts = {f"from_{source}": count for source, count in sorted(frame["source"].value_counts().iter_rows())}
    notes = {
        "captures": len(captures),
        "failures": [str(failure) for failure in failures],
        "sources_asked": _sources(platform),
    }
    return materialized(frame, "source", "category", "city", "country", data_version=True, **counts, **notes)


@dg.asset(**asset_options("derivation", "discovery", "polars", code_version="3", personal=True))
def leads(context: dg.AssetExecutionContext, platform: Platform, places: pl.DataFrame) -> dg.Output[pl.DataFrame]:
    """The businesses first seen that day: records of all sources merged, and set against all earlier records.

    Who is no customer (chains, banks, public bodies, unattended amenities and the like) is left out, and counted.
    """
    day = partition_day(context)
    earlier = platform.warehouse.read("places", until=day - timedelta(days=1))
    with_chains = platform.settings.leads_include_chains
    frame, left_out = leads_and_left_out(places, earlier, day, include_chains=with_chains)
    if may_act(context) and may_observe(context, platform):
        _report_progress(platform, day.isoformat(), frame.height)
    merged = frame.filter(pl.col("place_keys").list.len() > 1).height
    counts = {
        "merged_records": merged,
        "closed": frame.filter(pl.col("business_status") == "closed_permanently").height,
        "left_out": dg.MetadataValue.json(left_out),
    }
    return materialized(frame, "industry", "category", "city", "country", "sources", data_version=True, **counts)


@dg.asset_check(
    asset="places", partitions_def=daily, blocking=True, description="No place key occurs twice within the day."
)
def places_are_unique(places: pl.DataFrame) -> dg.AssetCheckResult:
    """Count the keys that occur more than once."""
    repeated = places.height - places["place_key"].n_unique()
    return dg.AssetCheckResult(
        passed=repeated == 0 and places["place_key"].null_count() == 0, metadata={"repeated": repeated}
    )


@dg.asset_check(
    asset="leads",
    partitions_def=daily,
    blocking=True,
    description="Every place key belongs to one lead, and every lead is new.",
)
def leads_are_unique(platform: Platform, leads: pl.DataFrame) -> dg.AssetCheckResult:
    """Count the place keys that two leads share, on that day or with an earlier one."""
    keys = leads["place_keys"].explode()
    repeated = keys.len() - keys.n_unique()
    days = leads["first_seen_on"].unique().to_list()
    earlier = platform.warehouse.read("leads", until=min(days) - timedelta(days=1)) if days else leads.clear()
    again = keys.is_in(earlier["place_keys"].explode().implode()).sum()
    return dg.AssetCheckResult(
        passed=repeated == 0 and again == 0, metadata={"repeated": repeated, "seen_on_earlier_days": int(again)}
    )


def _sources(platform: Platform) -> list[str]:
    settings = platform.settings
    configured = {
        "google": settings.google_places_api_key,
        "osm": settings.overpass_url,
        "file": settings.places_file,
    }
    return [name for name, value in configured.items() if value]


def _capture(context: dg.AssetExecutionContext, platform: Platform) -> list[ClientError]:
    """Ask every configured source for what is not captured yet; returns what went wrong."""
    settings, day, failures = platform.settings, partition_day(context), list[ClientError]()
    with platform.ledger() as connection:
        targets = list_targets(connection, active_only=True)
    sources = _sources(platform)
    if not sources:
        context.log.warning(
            "No source of places is configured: set GOOGLE_PLACES_API_KEY, OVERPASS_URL or PLACES_FILE."
        )
    if settings.places_file is not None:
        failures += capture_file(platform, day, targets, settings.places_file)
    if "osm" in sources:
        failures += capture_overpass(platform, day, targets)
    if "google" in sources and not is_dry_run(context):
        failures += capture_google(platform, day, targets)
    return failures


def _report_progress(platform: Platform, day: str, found: int) -> None:
    with platform.ledger() as connection:
        locations = len(list_targets(connection, active_only=True))
        text = f"🔍 Discovery: {found} new leads found in {locations} location{'' if locations == 1 else 's'}"
        at = platform.clock.now()
        queue_alert(
            connection, dedupe_key=f"progress:discovery:{day}", channel="telegram", kind="progress", text=text, at=at
        )
