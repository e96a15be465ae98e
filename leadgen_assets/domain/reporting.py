"""The figures of a day, from the snapshot of the ledger: totals, the seven-day trend, and one line per lead.

How they look belongs to `workbook` (Excel) and to the report templates (mail).
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

TREND_DAYS = 7
_HEAT = (
    "erased", "disqualified", "unknown", "discovered", "bounced", "unsubscribed", "unreachable", "no_email",
    "qualified", "queued", "email_sent", "opened", "clicked", "replied", "converted",
)  # fmt: skip
_LABELS = {
    "converted": "READY TO BUILD", "replied": "REPLIED", "clicked": "HOT LEAD", "opened": "Opened",
    "email_sent": "Mailed", "queued": "Queued", "qualified": "Qualified", "no_email": "Call sheet",
    "unreachable": "Visit", "unsubscribed": "Unsubscribed", "bounced": "Bounced", "unknown": "Unknown, re-checked",
    "disqualified": "Has a good site", "discovered": "Discovered",
}  # fmt: skip

_CLASSES = {"role": "role address", "person": "a person's address", "free_mail": "free-mail address"}
_ORIGINS = {
    "record": "place record", "site": "own site", "social": "public page", "guessed": "guessed from its domain",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Counts of one day: each lead is counted on the day its fact happened first.

    `tried` are the mails sent and those refused at the hand-over, which count as bounced and were never sent.
    """

    day: date
    discovered: int
    qualified: int
    unknown: int
    call_sheet: int
    tried: int
    sent: int
    opened: int
    clicked: int
    replied: int
    bounced: int
    unsubscribed: int
    converted: int


@dataclass(frozen=True, slots=True)
class LeadLine:
    """One line of the report: times are local to the operator, None where it did not happen."""

    business: str
    category: str
    location: str
    sent: datetime | None
    opened: datetime | None
    clicked: datetime | None
    replied: datetime | None
    status: str
    label: str
    phone: str
    maps_url: str
    email: str
    email_found: str


@dataclass(frozen=True, slots=True)
class DailyReport:
    """Everything a day's workbook and mail say."""

    day: date
    as_of: datetime
    figures: DayFigures
    so_far: DayFigures
    trend: tuple[DayFigures, ...]
    leads: tuple[LeadLine, ...]


def day_bounds(day: date, timezone: str) -> tuple[datetime, datetime]:
    """First and last moment of a calendar day in a time zone, aware."""
    zone = ZoneInfo(timezone)
    start = datetime.combine(day, time.min, zone)
    return start, datetime.combine(day + timedelta(days=1), time.min, zone) - timedelta(microseconds=1)


def daily_report(snapshot: pl.DataFrame, day: date, timezone: str) -> DailyReport:
    """The report of a day.

    Args:
        snapshot: LEDGER_SNAPSHOT rows of that day.
        day: the day reported.
        timezone: the operator's IANA zone, in which days begin and times are shown.
    """
    times = [name for name, kind in snapshot.schema.items() if isinstance(kind, pl.Datetime)]
    local = snapshot.with_columns(pl.col(times).dt.convert_time_zone(timezone))
    _, end = day_bounds(day, timezone)
    as_of = local["as_of"].max() if local.height else end
    trend = tuple(
        _figures(local, each, each) for each in (day - timedelta(days=n) for n in reversed(range(TREND_DAYS)))
    )
    so_far = _figures(local, date.min, day)
    return DailyReport(day, as_of, trend[-1], so_far, trend, _lines(local, day))  # type: ignore[arg-type]


def _figures(local: pl.DataFrame, first: date, last: date) -> DayFigures:
    def on(column: str, extra: pl.Expr | None = None) -> pl.Expr:
        within = pl.col(column).dt.date().is_between(first, last)
        return (within & extra if extra is not None else within).sum()

    qualified = pl.col("decision") == "qualified"
    row = (
        local.with_columns(tried_at=pl.min_horizontal("sent_at", "bounced_at"))
        .select(
            discovered=on("discovered_at"),
            qualified=on("discovered_at", qualified),
            unknown=on("discovered_at", pl.col("decision") == "unknown"),
            call_sheet=on("discovered_at", qualified & pl.col("route").is_in(["phone", "visit"])),
            tried=on("tried_at"),
            sent=on("sent_at"),
            opened=on("opened_at"),
            clicked=on("clicked_at"),
            replied=on("replied_at"),
            bounced=on("bounced_at"),
            unsubscribed=on("unsubscribed_at"),
            converted=on("converted_at"),
        )
        .row(0, named=True)
    )
    return DayFigures(day=last, **row)


def _lines(local: pl.DataFrame, day: date) -> tuple[LeadLine, ...]:
    facts = [
        "discovered_at",
        "sent_at",
        "opened_at",
        "clicked_at",
        "replied_at",
        "bounced_at",
        "unsubscribed_at",
        "converted_at",
    ]
    touched = local.filter(pl.any_horizontal(pl.col(name).dt.date() == day for name in facts))
    rows = sorted(
        touched.rows(named=True),
        key=lambda row: (-_HEAT.index(row["status"]), row["business_name"] or "", row["lead_id"]),
    )
    return tuple(
        LeadLine(
            business=row["business_name"] or "",
            category=(row["category"] or "").rpartition("=")[2].replace("_", " "),
            location=row["location"] or "",
            sent=row["sent_at"],
            opened=row["opened_at"],
            clicked=row["clicked_at"],
            replied=row["replied_at"],
            status=row["status"],
            label=_LABELS[row["status"]],
            phone=row["phone"] or "",
            maps_url=row["maps_url"] or "",
            email=row["email"] or "",
            email_found=_found(row),
        )
        for row in rows
    )


def _found(row: dict[str, Any]) -> str:
    """Of which class an address is and where it was published, in a few words; "" without an address."""
    if not row["email"]:
        return ""
    where = _ORIGINS.get(row["email_origin"], "")
    source = f" ({row['email_source']})" if row["email_source"] and row["email_origin"] != "record" else ""
    return ", ".join(part for part in (_CLASSES.get(row["email_class"], ""), f"{where}{source}") if part)


def share(part: int, whole: int) -> str:
    """A count with its share of a whole, as people read it: `7 (58 %)`; the bare count where the whole is zero."""
    return f"{part} ({round(100 * part / whole)} %)" if whole else str(part)
