"""Capturing place records from each configured source into the journal, and reading a day's records back from there.

Every answer is stored in its own transaction as soon as it is there, so a run that was killed goes on where it stopped.
The assets are in `discovery`; what records mean is decided in `domain`.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from leadgen_assets.clients import google_places, overpass
from leadgen_assets.clients.errors import ClientError
from leadgen_assets.clients.overpass_tags import untagged
from leadgen_assets.domain.addresses import metres_between
from leadgen_assets.domain.place_payloads import without_places
from leadgen_assets.resources import Platform
from leadgen_assets.sender.claims import suppressions_of
from leadgen_assets.storage.journal import Capture, captured_subjects, read_captures, store_capture
from leadgen_assets.storage.place_files import PlaceFileError, clean_records, read_place_file
from leadgen_assets.storage.quotas import reserve, settle, used
from leadgen_assets.storage.schemas import SCHEMAS
from leadgen_assets.storage.targets import Target

GOOGLE_QUOTA = "google_places"
_GOOGLE_DAY_QUOTA = "google_places_day"
_ROWS_PER_CAPTURE = 500
_FAILURES_IN_A_ROW = 3
_NO_TAG = "OpenStreetMap is not asked for {categories} in {target}: no tag of it is known that says that."
_FILE_LICENCES = {
    "openstreetmap": overpass.LICENCE,
    "osm": overpass.LICENCE,
    "overture": "CDLA-Permissive-2.0, Overture Maps Foundation",
    "foursquare": "Apache-2.0, Foursquare OS Places",
}


def capture_google(platform: Platform, day: date, targets: Sequence[Target]) -> list[ClientError]:
    """Search every category of every target, page by page, within the free requests of the month and the day's share
    of them; returns what went wrong.

    The first search differs from day to day, so that a small allowance reaches every category in the end.
    """
    settings, failures, in_a_row = platform.settings, list[ClientError](), 0
    searches = [(target, category) for target in targets for category in target.categories]
    offset = day.toordinal() % len(searches) if searches else 0
    with google_places.GooglePlaces(settings.google_places_base_url, settings.google_places_api_key) as api:
        for target, category in searches[offset:] + searches[:offset]:
            try:
                if not _search_google(platform, day, api, target, category):
                    break
                in_a_row = 0
            except ClientError as error:
                failures.append(error)
                in_a_row += 1
                if in_a_row == _FAILURES_IN_A_ROW:
                    break
    return failures


def capture_overpass(platform: Platform, day: date, targets: Sequence[Target]) -> list[ClientError]:
    """Ask the interpreter once for every target with a known position; returns what went wrong."""
    settings, failures = platform.settings, list[ClientError]()
    with platform.ledger() as connection:
        captured = captured_subjects(connection, "places", day)
    with overpass.Overpass(settings.overpass_url, settings.user_agent) as api:
        for target in targets:
            subject = f"osm:{target.label}"
            if subject in captured or target.lat is None or target.lng is None:
                continue
            if unknown := untagged(target.categories):
                failures.append(ClientError(_NO_TAG.format(categories=", ".join(unknown), target=target.label)))
            query = overpass.business_query(target.lat, target.lng, target.radius_meters, target.categories)
            if query is None:
                continue
            try:
                answer = api.search(query)
            except ClientError as error:
                failures.append(error)
                continue
            payload = {"city": target.city, "country": target.country, "query": query, "answer": answer}
            _store(platform, day, subject, "osm", payload, overpass.LICENCE)
    return failures


def capture_file(platform: Platform, day: date, targets: Sequence[Target], path: Path) -> list[ClientError]:
    """Take the next records of a file, each version of a file once, at most so many a day; returns what went wrong."""
    try:
        records = read_place_file(path)
        version = sha256(path.read_bytes()).hexdigest()[:12]
    except PlaceFileError as error:
        return [ClientError(str(error))]
    with platform.ledger() as connection:
        ever = captured_subjects(connection, "places", date.min)
        today = captured_subjects(connection, "places", day)
    start = max((end for _, end in _spans(ever, version)), default=0)
    limit = platform.settings.places_file_rows_per_day or records.height
    stop = min(records.height, start + max(0, limit - sum(end - begin for begin, end in _spans(today, version))))
    for first in range(start, stop, _ROWS_PER_CAPTURE):
        last = min(first + _ROWS_PER_CAPTURE, stop)
        rows = [_placed(row, targets) for row in records.slice(first, last - first).iter_rows(named=True)]
        _store(platform, day, f"file:{version}:{first:08d}-{last:08d}", "file", {"file": path.name, "rows": rows}, None)
    return []


def places_of(captures: Iterable[Capture]) -> pl.DataFrame:
    """The rows of `places` that captures hold: one per place key, the earliest, ordered by it."""
    ordered = sorted(captures, key=lambda capture: (capture.captured_at, capture.subject))
    rows = [row | {"captured_at": capture.captured_at} for capture in ordered for row in _rows(capture)]
    frame = clean_records(pl.DataFrame(rows, schema=SCHEMAS["places"], strict=False))
    rating = pl.col("rating").is_between(0, 5) & pl.col("rating").is_finite()
    return frame.with_columns(
        (pl.col("source") + ":" + pl.col("source_id")).alias("place_key"),
        pl.when(rating).then(pl.col("rating")),
        pl.when(pl.col("review_count") >= 0).then(pl.col("review_count")),
    ).sort("place_key")


def _rows(capture: Capture) -> list[dict[str, Any]]:
    payload = capture.payload
    if capture.source == "google":
        rows = google_places.place_records(payload["answer"], category=payload["category"], country=payload["country"])
    elif capture.source == "osm":
        rows = overpass.place_records(payload["answer"], country=payload["country"])
    else:
        return [
            row | {"licence": _FILE_LICENCES.get(row["source"], f"as the provider of {payload['file']} says")}
            for row in payload["rows"]
        ]
    return [row | {"target_city": payload["city"], "licence": capture.licence} for row in rows]


def _search_google(
    platform: Platform, day: date, api: google_places.GooglePlaces, target: Target, category: str
) -> bool:
    """Capture the pages of one search that are not captured yet; false once the allowance is used up."""
    query = google_places.TextSearch(
        category, target.city, target.country, target.lat, target.lng, target.radius_meters
    )
    with platform.ledger() as connection:
        captured = {
            capture.subject: capture.payload["answer"]
            for capture in read_captures(connection, "places", day)
            if capture.source == "google"
        }
    token: str | None = None
    for page in range(1, google_places.MAX_PAGES + 1):
        subject = f"google:{target.label}:{category}:{page}"
        if subject not in captured:
            if not _allowed(platform, day):
                return False
            answer = api.search(query, token)
            payload = {"city": target.city, "country": target.country, "category": category, "answer": answer}
            _store(platform, day, subject, "google", payload, google_places.LICENCE)
            captured[subject] = answer
        token = captured[subject].get("nextPageToken")
        if not token:
            break
    return True


def _allowed(platform: Platform, day: date) -> bool:
    """Reserve one request of the month's allowance, and of the equal share of what was left of it this morning."""
    limit, month = platform.settings.google_places_monthly_requests, day.replace(day=1)
    days_left = monthrange(day.year, day.month)[1] - day.day + 1
    with platform.ledger() as connection:
        this_morning = limit - used(connection, GOOGLE_QUOTA, month) + used(connection, _GOOGLE_DAY_QUOTA, day)
        if not reserve(connection, _GOOGLE_DAY_QUOTA, day, 1, max(1, this_morning // days_left)):
            return False
        if reserve(connection, GOOGLE_QUOTA, month, 1, limit):
            return True
        settle(connection, _GOOGLE_DAY_QUOTA, day, -1)
        return False


def _store(
    platform: Platform, day: date, subject: str, source: str, payload: dict[str, Any], licence: str | None
) -> None:
    """Keep an answer, without the places of whoever was erased."""
    with platform.ledger() as connection:
        kept, _ = without_places(source, payload, suppressions_of(platform.settings).place_test(connection))
        capture = Capture(
            subject=subject, captured_at=platform.clock.now(), source=source, payload=kept, licence=licence
        )
        store_capture(connection, "places", day, capture)


def _spans(subjects: Iterable[str], version: str) -> Iterator[tuple[int, int]]:
    prefix = f"file:{version}:"
    for subject in subjects:
        if subject.startswith(prefix):
            first, _, last = subject.removeprefix(prefix).partition("-")
            yield int(first), int(last)


def _placed(row: dict[str, Any], targets: Sequence[Target]) -> dict[str, Any]:
    """The row with the target it lies in, whose country stands in where the row has none."""
    target = next((target for target in targets if _lies_in(row, target)), None)
    return row | {
        "target_city": target.city if target else None,
        "country": row["country"] or (target.country if target else None),
    }


def _lies_in(row: dict[str, Any], target: Target) -> bool:
    if row["lat"] is not None and target.lat is not None and target.lng is not None:
        return metres_between((row["lat"], row["lon"]), (target.lat, target.lng)) <= target.radius_meters
    return bool(row["city"]) and row["city"].casefold() == target.city.casefold()
