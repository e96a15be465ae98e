"""Content of a source that may be kept for a while only, in the ledger: reduced to the ids of its places. SQL only."""

from datetime import date, datetime

from leadgen_assets.storage.ledger import Connection

_CAPTURES = """
UPDATE captures SET payload = jsonb_set(payload, '{answer,places}',
    (SELECT jsonb_agg(jsonb_build_object('id', place -> 'id') ORDER BY position)
     FROM jsonb_array_elements(payload -> 'answer' -> 'places') WITH ORDINALITY AS one (place, position)))
WHERE asset = 'places' AND source = %(source)s AND partition_date < %(before)s
  AND EXISTS (SELECT 1 FROM jsonb_array_elements(payload -> 'answer' -> 'places') AS place WHERE place - 'id' <> '{}')
RETURNING jsonb_array_length(payload -> 'answer' -> 'places') AS places
"""
# A business that was written to stays named: that correspondence is ours, and a reply must find whom it is from.
_LEADS = """
UPDATE leads SET lat = NULL, lng = NULL, rating = NULL, review_count = NULL, google_maps_url = NULL,
    business_name = CASE WHEN queued_at IS NULL THEN 'known to Google only' ELSE business_name END,
    address = CASE WHEN queued_at IS NULL THEN NULL ELSE address END,
    phone = CASE WHEN queued_at IS NULL THEN NULL ELSE phone END,
    website_url = CASE WHEN queued_at IS NULL THEN NULL ELSE website_url END,
    updated_at = greatest(updated_at, %(at)s)
WHERE source = %(source)s AND licence = %(licence)s
  AND erased_at IS NULL AND discovered_at < %(before)s::date::timestamp AT TIME ZONE %(zone)s
  AND (num_nonnulls(lat, lng, rating, review_count, google_maps_url) > 0
       OR queued_at IS NULL AND num_nonnulls(address, phone, website_url) > 0)
"""


def reduce_captures(connection: Connection, source: str, before: date) -> int:
    """Leave only place ids in the answers captured before a day; how many places that concerned."""
    rows = connection.execute(_CAPTURES, {"source": source, "before": before}).fetchall()
    return sum(row["places"] for row in rows)


def reduce_leads(connection: Connection, source: str, licence: str, before: date, timezone: str, at: datetime) -> int:
    """Empty leads discovered before a day that have this source and licence alone; how many that concerned."""
    parameters = {"source": source, "licence": licence, "before": before, "zone": timezone, "at": at}
    return connection.execute(_LEADS, parameters).rowcount
