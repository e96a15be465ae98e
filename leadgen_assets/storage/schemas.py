"""The declared columns of every asset that has a Parquet partition; the IO manager casts to them.

Times are UTC. `*_json` columns hold one JSON value as text. What the values mean is said in the stages and the domain.
"""

import polars as pl

_TIME = pl.Datetime("us", "UTC")
_TEXT, _WHOLE, _REAL, _FLAG, _DAY = pl.String, pl.Int64, pl.Float64, pl.Boolean, pl.Date
ColumnType = pl.DataType | type[pl.DataType]

PLACE_FILE_COLUMNS = (
    "source", "source_id", "name", "category", "lat", "lon", "street", "housenumber", "postcode", "city", "country",
    "phone", "email", "website", "facebook", "instagram", "opening_hours", "brand",
)  # fmt: skip

_COLUMNS: dict[str, dict[str, ColumnType]] = {
    "places": {
        "place_key": _TEXT,  # "<source>:<source_id>"
        "source": _TEXT, "source_id": _TEXT, "target_city": _TEXT, "name": _TEXT, "category": _TEXT,
        "lat": _REAL, "lon": _REAL, "street": _TEXT, "housenumber": _TEXT, "postcode": _TEXT, "city": _TEXT,
        "country": _TEXT,  # ISO 3166 alpha-2
        "phone": _TEXT, "email": _TEXT, "website": _TEXT, "facebook": _TEXT, "instagram": _TEXT,
        "opening_hours": _TEXT, "brand": _TEXT, "rating": _REAL, "review_count": _WHOLE,
        "business_status": _TEXT,  # operational, closed_temporarily, closed_permanently, future_opening or null
        "maps_url": _TEXT, "licence": _TEXT, "captured_at": _TIME,
    },
    "leads": {
        "lead_id": _TEXT,  # uuid5 of the first place_key
        "place_key": _TEXT, "place_keys": pl.List(_TEXT), "sources": pl.List(_TEXT),
        "name": _TEXT, "category": _TEXT,
        "industry": _TEXT,  # our own trade, e.g. bakery, restaurant, beauty_salon, other
        "lat": _REAL, "lon": _REAL, "address": _TEXT, "city": _TEXT, "country": _TEXT,
        "phone": _TEXT,  # E.164 or null
        "email": _TEXT, "website": _TEXT, "facebook": _TEXT, "instagram": _TEXT, "opening_hours": _TEXT,
        "brand": _TEXT,
        "rating": _REAL, "review_count": _WHOLE, "business_status": _TEXT, "maps_url": _TEXT, "licence": _TEXT,
        "first_seen_on": _DAY,
    },
    "web_captures": {
        "lead_id": _TEXT, "ordinal": _WHOLE,
        "origin": _TEXT,  # how the candidate was found (see docs/candidates.md); contact for mail domains
        "kind": _TEXT,  # plan (all candidates of the lead), dns, http, robots, public_page, search, mx, registration
        "url": _TEXT,  # what was asked (a host name for dns)
        # planned, answered, nxdomain, no_data, servfail, timeout, refused, tls_error, reset,
        # redirect_loop, blocked, disallowed and robots_unknown (by robots.txt), over_budget (too much was read)
        "outcome": _TEXT,
        "status": _WHOLE, "final_url": _TEXT, "content_type": _TEXT, "body": _TEXT, "detail_json": _TEXT,
        "captured_at": _TIME,
    },
    "web_presence": {
        "lead_id": _TEXT, "check": _TEXT,
        "state": _TEXT,  # present, absent, unknown, not_applicable
        "detail": _TEXT, "evidence_json": _TEXT, "captured_at": _TIME,
    },
    "qualification_scores": {
        "lead_id": _TEXT, "score_lower": _WHOLE, "score_upper": _WHOLE,  # both within 0..100
        "decision": _TEXT,  # qualified, disqualified, unknown
        "presence": _TEXT,  # one sentence for people: what was found
        "site_url": _TEXT, "points_json": _TEXT, "rules_version": _TEXT,
    },
    "contacts": {
        "lead_id": _TEXT,
        "route": _TEXT,  # email, phone, visit
        "email": _TEXT,
        "email_class": _TEXT,  # role, person, free_mail
        "email_origin": _TEXT,  # record, site, social, guessed
        "email_source": _TEXT,  # the sources or the page that published it
        "mail_state": _TEXT,  # accepts, unknown: what is known of its domain
        "phone": _TEXT,  # E.164 or null
        "phone_origin": _TEXT,  # record, site
        "candidates_json": _TEXT,  # every candidate address and why it is not used
        "organisation": _TEXT,  # shared by leads that answer to the same address
        "reason": _TEXT,  # one sentence: why this route
    },
    "call_sheets": {
        "lead_id": _TEXT,
        "sheet": _TEXT,  # call, visit
        "business": _TEXT, "trade": _TEXT,
        "phone": _TEXT,  # E.164 or null
        "phone_shown": _TEXT, "phone_country": _TEXT, "call_link": _TEXT, "chat_link": _TEXT,
        "address": _TEXT, "map_link": _TEXT, "opening_hours": _TEXT,
        "evidence": _TEXT,  # what was found, one sentence
        "talking_point": _TEXT, "why_no_email": _TEXT, "score_lower": _WHOLE, "country": _TEXT,
    },
    "draft_completions": {
        "lead_id": _TEXT, "model": _TEXT, "prompt_sha256": _TEXT,
        "outcome": _TEXT,  # answered, refused, unavailable, over_budget, not_configured
        "answer": _TEXT, "prompt_tokens": _WHOLE, "completion_tokens": _WHOLE, "captured_at": _TIME,
    },
    "email_drafts": {
        "lead_id": _TEXT, "to_email": _TEXT, "country": _TEXT, "subject": _TEXT,
        "text": _TEXT, "html": _TEXT,  # with the markers of domain/markers.py where links go
        "intro": _TEXT,  # the proposal's first page
        "benefits": pl.List(_TEXT), "call_to_action": _TEXT, "facts_json": _TEXT, "problems": pl.List(_TEXT),
        "written_by": _TEXT,  # model, template
        "rules_version": _TEXT,
    },
    "proposals": {
        "lead_id": _TEXT, "filename": _TEXT,
        "state": _TEXT,  # rendered, not_rendered
        "reason": _TEXT, "pages": _WHOLE, "sha256": _TEXT, "pdf": pl.Binary,
    },
    "lead_register": {
        "lead_id": _TEXT, "status": _TEXT, "decision": _TEXT, "route": _TEXT, "score_lower": _WHOLE,
        "score_upper": _WHOLE,
        "rules_version": _TEXT, "discovered_at": _TIME,
    },
    "outreach_queue": {
        "outreach_id": _TEXT, "lead_id": _TEXT, "step": _WHOLE, "status": _TEXT, "message_sha256": _TEXT,
        "has_token": _FLAG, "has_unsubscribe": _FLAG, "has_attachment": _FLAG, "queued_at": _TIME,
    },
    "email_sends": {
        "outreach_id": _TEXT, "lead_id": _TEXT, "step": _WHOLE, "status": _TEXT, "status_reason": _TEXT,
        "attempts": _WHOLE,
        "transmitting_at": _TIME, "sent_at": _TIME, "delivered_at": _TIME, "bounced_at": _TIME, "smtp_reply": _TEXT,
    },
    "inbox_messages": {
        "mailbox": _TEXT, "uidvalidity": _WHOLE, "uid": _WHOLE, "message_id": _TEXT, "received_at": _TIME,
        "classification": _TEXT,  # reply, auto_reply, bounce, complaint, unsubscribe, unrelated
        "outreach_id": _TEXT, "lead_id": _TEXT, "matched_by": _TEXT,
    },
    "engagement": {
        "event_id": _TEXT, "lead_id": _TEXT, "outreach_id": _TEXT, "event_type": _TEXT, "occurred_at": _TIME,
        "origin": _TEXT,
        "verdict": _TEXT,  # person, machine, unsure
        "reasons": pl.List(_TEXT), "verdict_version": _TEXT,
    },
    "alerts": {
        "alert_id": _WHOLE, "kind": _TEXT, "channel": _TEXT, "status": _TEXT, "lead_id": _TEXT, "created_at": _TIME,
        "sent_at": _TIME, "attempts": _WHOLE,
    },
    "ledger_snapshot": {
        # one row per lead discovered or touched that day, as the ledger said at as_of
        "lead_id": _TEXT, "business_name": _TEXT, "category": _TEXT, "location": _TEXT, "phone": _TEXT,
        "email": _TEXT, "email_class": _TEXT, "email_origin": _TEXT, "email_source": _TEXT,
        "maps_url": _TEXT,
        "status": _TEXT, "decision": _TEXT, "route": _TEXT, "discovered_at": _TIME, "sent_at": _TIME,
        "opened_at": _TIME,
        "clicked_at": _TIME, "replied_at": _TIME, "bounced_at": _TIME, "unsubscribed_at": _TIME,
        "converted_at": _TIME,
        "as_of": _TIME,
    },
    "daily_report": {
        "report_date": _DAY, "filename": _TEXT, "workbook": pl.Binary, "subject": _TEXT, "text": _TEXT, "html": _TEXT,
        "totals_json": _TEXT,
    },
    "report_delivery": {
        "report_date": _DAY, "status": _TEXT, "message_id": _TEXT, "smtp_reply": _TEXT, "sent_at": _TIME,
    },
}  # fmt: skip

SCHEMAS = {asset: pl.Schema(columns) for asset, columns in _COLUMNS.items()}


def conform(asset: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with exactly the declared columns of an asset, in order, cast to their types.

    Raises:
        ValueError: if a declared column is missing or an undeclared one is there.
    """
    schema = SCHEMAS[asset]
    if set(frame.columns) != set(schema.names()):
        missing, extra = set(schema.names()) - set(frame.columns), set(frame.columns) - set(schema.names())
        raise ValueError(
            f"{asset} does not have its declared columns: missing {sorted(missing)}, undeclared {sorted(extra)}."
        )
    return frame.select(pl.col(name).cast(kind) for name, kind in schema.items())


def frame_of(asset: str, rows: list[dict]) -> pl.DataFrame:
    """A frame of the asset's schema from rows; absent columns are null."""
    return pl.DataFrame(rows, schema=SCHEMAS[asset], orient="row") if rows else pl.DataFrame(schema=SCHEMAS[asset])
