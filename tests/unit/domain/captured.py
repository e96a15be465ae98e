"""Leads and captures as rows, in the few words that a test of the rules needs."""

import json
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from leadgen_assets.domain.candidates import bare_host
from leadgen_assets.storage.schemas import frame_of

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
LEAD_ID = "00000000-0000-5000-8000-000000000001"


def a_lead(**values: Any) -> dict[str, Any]:
    """A bakery in Helsinki, known to a source with ratings."""
    return {
        "lead_id": LEAD_ID,
        "place_key": "google:1",
        "sources": ["google"],
        "name": "Leipomo Kultakorva",
        "address": "Testikatu 12, 00100 Helsinki",
        "city": "Helsinki",
        "country": "FI",
        "phone": "+358950001234",
        "first_seen_on": date(2026, 3, 2),
    } | values


def dns(host: str, outcome: str = "answered", *, origin: str = "name", at: datetime = AT) -> dict[str, Any]:
    return _row("dns", host, outcome, origin, host.removeprefix("www."), at)


def http(
    url: str, status: int | None = 200, body: str | None = None, *, outcome: str = "answered", origin: str = "name", at: datetime = AT,
    content_type: str = "text/html", final_url: str | None = None, candidate: str | None = None, **detail: Any,
) -> dict[str, Any]:  # fmt: skip
    row = _row("http", url, outcome, origin, candidate or bare_host(url), at, **detail)
    return row | {
        "status": status if outcome == "answered" else None,
        "final_url": final_url or url,
        "content_type": content_type,
        "body": body,
    }


def leads_frame(*leads: dict[str, Any]) -> pl.DataFrame:
    return frame_of("leads", list(leads))


def captures_frame(*rows: dict[str, Any], lead_id: str = LEAD_ID, planned: tuple[str, ...] = ()) -> pl.DataFrame:
    """The rows of one lead with its plan, in which `planned` are the candidates."""
    plan = {"candidates": [{"host": host, "origin": "name"} for host in planned], "elsewhere": [], "settled_by": None}
    first = _row("plan", "", "planned", "", "", rows[0]["captured_at"] if rows else AT) | {
        "detail_json": json.dumps(plan)
    }
    return frame_of(
        "web_captures", [row | {"lead_id": lead_id, "ordinal": number} for number, row in enumerate([first, *rows])]
    )


def html(
    *,
    title: str = "Leipomo Kultakorva",
    description: str = "Fresh bread every day",
    viewport: bool = True,
    text: str = "",
) -> str:
    return (
        "<!doctype html><html><head>"
        + (f"<title>{title}</title>" if title else "")
        + (f'<meta name="description" content="{description}">' if description else "")
        + ('<meta name="viewport" content="width=device-width, initial-scale=1">' if viewport else "")
        + f"</head><body><h1>{title}</h1><p>{text}</p></body></html>"
    )


OWN_TEXT = "Welcome to our bakery in Helsinki. Testikatu 12, 00100 Helsinki. Call us: 09 5000 1234."


def _row(kind: str, url: str, outcome: str, origin: str, candidate: str, at: datetime, **detail: Any) -> dict[str, Any]:
    return {
        "lead_id": LEAD_ID,
        "ordinal": 0,
        "origin": origin or None,
        "kind": kind,
        "url": url or None,
        "outcome": outcome,
        "status": None,
        "final_url": None,
        "content_type": None,
        "body": None,
        "detail_json": json.dumps({"candidate": candidate, **detail}),
        "captured_at": at,
    }
