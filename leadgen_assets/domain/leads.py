"""From place records to leads: one lead per business, first seen on one day, with the best of what its records say.

Which records are one business is decided in `matching`. Whether a lead needs a site is not asked here.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

import polars as pl

from leadgen_assets.domain.addresses import address_line, comparable_address
from leadgen_assets.domain.hosts import host_kind
from leadgen_assets.domain.identity import lead_id_of
from leadgen_assets.domain.industries import industry_of
from leadgen_assets.domain.matching import Identity, one_business
from leadgen_assets.domain.names import name_words
from leadgen_assets.domain.phones import normalised_phone
from leadgen_assets.domain.web_addresses import (
    facebook_of,
    instagram_of,
    normalised_email,
    normalised_url,
    site_host,
)
from leadgen_assets.policies.left_out import reason_to_leave_out
from leadgen_assets.storage.schemas import frame_of

Record = dict[str, Any]


def new_leads(today: pl.DataFrame, earlier: pl.DataFrame, day: date, *, include_chains: bool = False) -> pl.DataFrame:
    """The businesses first seen on a day that may be customers.

    Args:
        today: the day's rows of `places`.
        earlier: the rows of `places` of all days before it; a business with a record there is not new.
        day: the day.
        include_chains: see `left_out`.

    Returns:
        A frame with the columns of `leads`, ordered by place key. A record without a name (erased since) makes no lead.
    """
    return leads_and_left_out(today, earlier, day, include_chains=include_chains)[0]


def leads_and_left_out(
    today: pl.DataFrame, earlier: pl.DataFrame, day: date, *, include_chains: bool = False
) -> tuple[pl.DataFrame, dict[str, int]]:
    """The same leads, and how many businesses were left out for each reason of `left_out`."""
    known = _records(earlier)
    fresh = {key: record for key, record in _records(today).items() if key not in known}
    if not fresh:
        return frame_of("leads", []), {}
    named = [record for record in (*known.values(), *fresh.values()) if record["name"]]
    groups = one_business(map(identity_of, named), settled=known.keys())
    new = [[fresh[key] for key in group] for group in groups if not any(key in known for key in group)]
    reasons = [reason_to_leave_out(group, include_chains=include_chains) for group in new]
    wanted = [_lead(group, day) for group, reason in zip(new, reasons, strict=True) if reason is None]
    return frame_of("leads", wanted), dict(sorted(Counter(filter(None, reasons)).items()))


def identity_of(record: Record) -> Identity:
    """What of a row of `places` tells whose it is."""
    host = site_host(normalised_url(record["website"]))
    lat, lon = record["lat"], record["lon"]
    return Identity(
        key=record["place_key"],
        words=name_words(record["name"]),
        phone=normalised_phone(record["phone"], record["country"]),
        host=None if host is None or host_kind(host) else host,
        address=comparable_address(record["street"], record["housenumber"], record["postcode"], record["city"]),
        position=None if lat is None or lon is None else (lat, lon),
    )


def _records(places: pl.DataFrame) -> dict[str, Record]:
    """The first row of every place key, in key order."""
    first = places.sort("place_key", "captured_at", maintain_order=True).unique(
        "place_key", keep="first", maintain_order=True
    )
    return {row["place_key"]: row for row in first.iter_rows(named=True)}


def _lead(group: list[Record], day: date) -> Record:
    """One lead from its records (in key order); where they differ the most complete record speaks first."""
    keys = [record["place_key"] for record in group]
    records = sorted(group, key=lambda record: sum(value is None for value in record.values()))
    best, located = records[0], next((record for record in records if record["lat"] is not None), records[0])
    statuses = [record["business_status"] for record in records]
    sites = [url for url in (normalised_url(record["website"]) for record in records) if url]
    own_sites = [url for url in sites if not host_kind(site_host(url) or "")]
    pages = [value for record in records for value in (record["facebook"], record["instagram"], record["website"])]
    return {
        "lead_id": str(lead_id_of(keys[0])),
        "place_key": keys[0],
        "place_keys": keys,
        "sources": sorted({record["source"] for record in records}),
        "name": best["name"],
        "category": _first(records, "category"),
        "industry": industry_of(_first(records, "category")),
        "lat": located["lat"],
        "lon": located["lon"],
        "address": next((text for text in map(_address_line, records) if text), None),
        "phone": next(
            (phone for phone in (normalised_phone(r["phone"], r["country"]) for r in records) if phone), None
        ),
        "email": next((email for email in (normalised_email(record["email"]) for record in records) if email), None),
        "website": next(iter([*own_sites, *sites]), None),
        "facebook": facebook_of(*pages) or _handle("facebook", records),
        "instagram": instagram_of(*pages) or _handle("instagram", records),
        # a closed business stays closed even if another source has not heard of it
        "business_status": "closed_permanently"
        if "closed_permanently" in statuses
        else _first(records, "business_status"),
        "licence": "; ".join(sorted({record["licence"] for record in records if record["licence"]})) or None,
        "first_seen_on": day,
        **{
            name: _first(records, name)
            for name in ("city", "country", "opening_hours", "brand", "rating", "review_count", "maps_url")
        },
    }


def _address_line(record: Record) -> str | None:
    return address_line(record["street"], record["housenumber"], record["postcode"], record["city"])


def _handle(network: str, records: Iterable[Record]) -> str | None:
    """The page of a bare account name, as some sources write it."""
    names = (record[network].removeprefix("@") for record in records if record[network])
    name = next((name for name in names if name.replace(".", "").replace("_", "").replace("-", "").isalnum()), None)
    return f"https://www.{network}.com/{name}" if name else None


def _first(records: list[Record], column: str) -> Any:
    return next((record[column] for record in records if record[column] is not None), None)
