"""What an alert says: the words for each fact about a lead, for a messenger with markup or without.

Progress, failure and report alerts bring their own text. When and where alerts are sent is decided elsewhere.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from html import escape
from typing import Any, Literal
from zoneinfo import ZoneInfo

Style = Literal["html", "plain"]
_LIMIT = 3000  # characters; Telegram takes 4096 after its markup is read
_FIELD_LIMIT = 400


def lead_alert(kind: str, lead: Mapping[str, Any], timezone: str, style: Style) -> str:
    """The alert about one fact of a lead.

    Args:
        kind: opened, clicked, replied, unsubscribed, bounced or complained.
        lead: business_name, city, category, phone, qualification_score, url_clicked, sender and occurred_at (aware);
            each may be missing or None, which is said as "not known".
        timezone: the operator's IANA zone, for the time shown.
        style: html for Telegram's markup, plain for none.
    """
    title, fields, advice = _TEMPLATES[kind]
    values = {name: _shown(read(lead, timezone)) for name, read in fields.items()}
    if style == "html":
        lines = [f"<b>{title}</b>", *(f"{name}: {escape(value)}" for name, value in values.items())]
    else:
        lines = [title, *(f"{name}: {value}" for name, value in values.items())]
    return "\n".join([*lines, *([f"→ {advice}"] if advice else [])])


def plain_alert(text: str, style: Style) -> str:
    """An alert that brings its own text, shortened to what messengers take."""
    shortened = text if len(text) <= _LIMIT else f"{text[: _LIMIT - 1]}…"
    return escape(shortened, quote=False) if style == "html" else shortened


def _shown(value: object) -> str:
    text = " ".join(str(value).split()) if value not in (None, "") else "not known"
    return text if len(text) <= _FIELD_LIMIT else f"{text[: _FIELD_LIMIT - 1]}…"


def _column(name: str) -> Callable[[Mapping[str, Any], str], object]:
    return lambda lead, _timezone: lead.get(name)


def _time(lead: Mapping[str, Any], timezone: str) -> str | None:
    at = lead.get("occurred_at")
    return f"{at.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M}" if isinstance(at, datetime) else None


def _score(lead: Mapping[str, Any], _timezone: str) -> str | None:
    score = lead.get("qualification_score")
    return None if score is None else f"{score}/100"


_BUSINESS, _PHONE = _column("business_name"), _column("phone")
_TEMPLATES: dict[str, tuple[str, dict[str, Callable[[Mapping[str, Any], str], object]], str]] = {
    "opened": (
        "👁 Email Opened!",
        {
            "Business": _BUSINESS,
            "Location": _column("city"),
            "Category": _column("category"),
            "Time": _time,
            "Lead Score": _score,
        },
        "",
    ),
    "clicked": (
        "🔥 HOT LEAD - Link Clicked!",
        {"Business": _BUSINESS, "Phone": _PHONE, "Clicked": _column("url_clicked"), "Time": _time},
        "Follow up NOW recommended",
    ),
    "replied": (
        "🚨 REPLY RECEIVED!",
        {"Business": _BUSINESS, "Their Email": _column("sender"), "Time": _time},
        "Check your inbox immediately",
    ),
    "unsubscribed": ("🚫 Unsubscribed", {"Business": _BUSINESS, "Time": _time}, "They will not be written to again"),
    "bounced": ("📭 Email bounced", {"Business": _BUSINESS, "Phone": _PHONE, "Time": _time}, ""),
    "complained": ("⚠️ Spam complaint", {"Business": _BUSINESS, "Time": _time}, "They will not be written to again"),
}
