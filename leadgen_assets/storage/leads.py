"""The leads as the ledger holds them: what the day's partitions say is published here, in one statement per table.

Facts about people's acts (opened, replied, ...) are never touched: the database derives them from events. Once a lead
is queued, what decided about it stays as it was. SQL only.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from leadgen_assets.storage.ledger import Connection

_COLUMNS = (
    "lead_id uuid, place_id text, business_name text, category text, industry text, address text, city text,"
    " country text, lat float8, lng float8, phone text, email text, email_class text,"
    " email_origin text, email_source text, website_url text, google_maps_url text,"
    " rating float8, review_count int, source text, licence text, discovered_at timestamptz, decision text,"
    " score_lower int, score_upper int, rules_version text, presence text, route text, organisation text,"
    " checked_at timestamptz, timezone text"
)


@dataclass(frozen=True, slots=True)
class Registration:
    """One lead as the partitions say it is now; None is "not known".

    `decision` and the scores come from qualification, `route`, the email with its class, origin (record, site, ...) and
    source (the page or the names of sources), `phone` and `organisation` from contacts,
    `checked_at` is when the newest evidence behind the decision was captured. Times are aware; `timezone` is the IANA
    zone at its position.
    """

    lead_id: UUID
    place_id: str
    business_name: str
    source: str
    discovered_at: datetime
    category: str | None = None
    industry: str | None = None
    address: str | None = None
    city: str | None = None
    country: str | None = None
    lat: float | None = None
    lng: float | None = None
    phone: str | None = None
    email: str | None = None
    email_class: str | None = None
    email_origin: str | None = None
    email_source: str | None = None
    website_url: str | None = None
    google_maps_url: str | None = None
    rating: float | None = None
    review_count: int | None = None
    licence: str | None = None
    decision: str | None = None
    score_lower: int | None = None
    score_upper: int | None = None
    rules_version: str | None = None
    presence: str | None = None
    route: str | None = None
    organisation: str | None = None
    checked_at: datetime | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """The state of one check of one lead, for people who ask why."""

    lead_id: UUID
    check_name: str
    state: str
    detail: str | None
    captured_at: datetime | None


def register_leads(connection: Connection, leads: Sequence[Registration], at: datetime) -> int:
    """Publish leads: new ones are inserted, known ones brought up to date; how many rows that wrote.

    An erased lead stays erased. A lead that was queued keeps its decision, scores, route, email and organisation, and
    so does one about which the ledger already holds newer evidence.
    """
    parameters = {"rows": _rows(leads), "at": at}
    written = connection.execute(
        f"""
        INSERT INTO leads AS l (id, place_id, business_name, category, industry, address, city, country, lat, lng,
            phone, website_url, google_maps_url, rating, review_count, source, licence, discovered_at, updated_at,
            timezone)
        SELECT r.lead_id, left(r.place_id, 255), left(r.business_name, 255), left(r.category, 100),
            left(r.industry, 100), r.address, left(r.city, 100),
            CASE WHEN length(r.country) = 2 THEN upper(r.country) END,
            CASE WHEN r.lat BETWEEN -90 AND 90 THEN r.lat END, CASE WHEN r.lng BETWEEN -180 AND 180 THEN r.lng END,
            left(r.phone, 50), r.website_url, r.google_maps_url, CASE WHEN r.rating BETWEEN 0 AND 5 THEN r.rating END,
            greatest(r.review_count, 0), left(r.source, 50), r.licence, r.discovered_at, %(at)s, r.timezone
        FROM jsonb_to_recordset(%(rows)s) AS r ({_COLUMNS}) ORDER BY r.lead_id
        ON CONFLICT (id) DO UPDATE SET
            business_name = excluded.business_name, category = excluded.category, industry = excluded.industry,
            address = excluded.address, city = excluded.city, country = excluded.country, lat = excluded.lat,
            lng = excluded.lng, timezone = excluded.timezone, phone = excluded.phone,
            website_url = excluded.website_url, google_maps_url = excluded.google_maps_url,
            rating = excluded.rating, review_count = excluded.review_count, licence = excluded.licence,
            updated_at = greatest(l.updated_at, excluded.updated_at)
        WHERE l.erased_at IS NULL
        """,
        parameters,
    ).rowcount
    connection.execute(
        f"""
        UPDATE leads l SET email = CASE WHEN length(r.email) <= 255 THEN r.email END, email_class = r.email_class,
            email_origin = r.email_origin, email_source = r.email_source, decision = r.decision,
            qualification_score = r.score_lower, score_upper = r.score_upper, rules_version = r.rules_version,
            web_presence_notes = r.presence, route = r.route, organisation = r.organisation,
            qualified_at = CASE WHEN r.decision = 'qualified' THEN coalesce(l.qualified_at, %(at)s) END,
            updated_at = greatest(l.updated_at, %(at)s)
        FROM jsonb_to_recordset(%(rows)s) AS r ({_COLUMNS})
        WHERE l.id = r.lead_id AND {_OPEN_TO_REVISION}
        """,
        parameters,
    )
    return written


def publish_evidence(connection: Connection, evidence: Sequence[Evidence]) -> None:
    """Keep what each check found, for the leads that are still open to revision; call this after `register_leads`."""
    connection.execute(
        f"""
        INSERT INTO evidence_summaries (lead_id, check_name, state, detail, checked_at)
        SELECT r.lead_id, r.check_name, r.state, r.detail, r.captured_at
        FROM (SELECT *, max(captured_at) OVER (PARTITION BY lead_id) AS checked_at FROM jsonb_to_recordset(%(rows)s)
              AS one (lead_id uuid, check_name text, state text, detail text, captured_at timestamptz)) AS r
        JOIN leads l ON l.id = r.lead_id
        WHERE {_OPEN_TO_REVISION} ORDER BY r.lead_id, r.check_name
        ON CONFLICT (lead_id, check_name) DO UPDATE SET state = excluded.state, detail = excluded.detail,
            checked_at = excluded.checked_at
        """,
        {"rows": _rows(evidence)},
    )


def registered_between(connection: Connection, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Leads discovered in [since, until), as rows of asset `lead_register`, ordered by id."""
    return connection.execute(
        "SELECT id::text AS lead_id, status, decision, route, qualification_score AS score_lower, score_upper,"
        " rules_version, discovered_at FROM leads WHERE discovered_at >= %s AND discovered_at < %s ORDER BY id",
        (since, until),
    ).fetchall()


_OPEN_TO_REVISION = (
    "l.queued_at IS NULL AND l.erased_at IS NULL AND NOT EXISTS (SELECT 1 FROM evidence_summaries e"
    " WHERE e.lead_id = l.id AND e.checked_at > coalesce(r.checked_at, '-infinity'))"
)


def find_leads(connection: Connection, text: str) -> list[dict[str, Any]]:
    """The leads with this id, address or business name, in any case; where there is none, those whose name holds it.

    Returns:
        id, business_name, city, status, decision, rules_version, route, email of each, by name.
    """
    rows = connection.execute(
        "WITH named AS (SELECT id, business_name, city, status, decision, rules_version, route, email,"
        " coalesce(lower(%(text)s) IN (id::text, lower(business_name), lower(email)), FALSE) AS is_exact FROM leads"
        " WHERE lower(%(text)s) IN (id::text, lower(email)) OR strpos(lower(business_name), lower(%(text)s)) > 0)"
        " SELECT id, business_name, city, status, decision, rules_version, route, email FROM named"
        " WHERE is_exact OR NOT EXISTS (SELECT FROM named WHERE is_exact) ORDER BY business_name, id",
        {"text": text.strip()},
    )
    return rows.fetchall()


def _rows(items: Sequence[Registration] | Sequence[Evidence]) -> Jsonb:
    # One JSON value for the whole batch; PostgreSQL's text cannot hold NUL characters.
    return Jsonb(
        [asdict(item) for item in items],
        dumps=lambda value: json.dumps(value, default=_text, ensure_ascii=False).replace("\\u0000", ""),
    )


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
