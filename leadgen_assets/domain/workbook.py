"""The daily workbook: three sheets and a native chart, the same bytes for the same report.

Which figures are in it is decided in `reporting`.
"""

from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING

from leadgen_assets.domain.reporting import DailyReport, DayFigures, LeadLine, share
from leadgen_assets.domain.sheets import (
    INK,
    QUIET,
    font,
    print_landscape,
    same_bytes,
    set_widths,
    style_rows,
    write_header,
    write_link,
    write_table_row,
    write_text,
    write_title,
)

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_FILLS = {"converted": "BBF7D0", "replied": "FED7AA", "clicked": "FECACA", "opened": "FEF9C3"}
_CREDIT = (
    "Business records that come from OpenStreetMap are © OpenStreetMap contributors (ODbL),"
    " openstreetmap.org/copyright."
)

SUMMARY_ROWS = (
    ("Leads discovered", "discovered", None),
    ("Qualified leads", "qualified", "discovered"),
    ("Not decided yet", "unknown", "discovered"),
    ("On the call sheet (no email)", "call_sheet", "qualified"),
    ("Emails sent", "sent", None),
    ("Emails opened", "opened", "sent"),
    ("Links clicked", "clicked", "sent"),
    ("Replies received", "replied", "sent"),
    ("Bounced", "bounced", "tried"),
    ("Unsubscribed", "unsubscribed", "sent"),
    ("Ready to build", "converted", "sent"),
)
_TREND = (("Sent", "sent"), ("Opened", "opened"), ("Clicked", "clicked"), ("Replied", "replied"))
_LEAD_COLUMNS = (
    ("Business", 32), ("Category", 18), ("Location", 40), ("Email Sent", 11), ("Opened", 10), ("Clicked", 10),
    ("Replied", 10), ("Status", 19), ("Phone", 18), ("Map", 8), ("Email", 38), ("Where the address was found", 36),
)  # fmt: skip


def build_workbook(report: DailyReport) -> bytes:
    """The `.xlsx` file of a report: Daily Summary, Lead Details, Weekly Trend."""
    from openpyxl import Workbook

    book = Workbook()
    summary = book.active
    assert summary is not None  # noqa: S101 a new workbook has a sheet
    _summary_sheet(summary, report)
    _leads_sheet(book.create_sheet("Lead Details"), report)
    _trend_sheet(book.create_sheet("Weekly Trend"), report)
    for sheet in book.worksheets:
        print_landscape(sheet, header_row=1 if sheet.title == "Lead Details" else None)
    buffer = BytesIO()
    book.save(buffer)
    return same_bytes(buffer.getvalue())


def _summary_sheet(sheet: "Worksheet", report: DailyReport) -> None:
    sheet.title = "Daily Summary"
    write_title(
        sheet,
        f"Daily report, {report.day:%A %d %B %Y}",
        f"As of {report.as_of:%H:%M} local time. People only: opens and clicks by machines are not counted.",
    )
    write_header(sheet, 4, ("Metric", "Today", "So far", "Share so far"))
    for offset, (label, name, whole) in enumerate(SUMMARY_ROWS):
        row = 5 + offset
        total = getattr(report.so_far, name)
        write_text(sheet.cell(row, 1), label)
        sheet.cell(row, 2, getattr(report.figures, name))
        sheet.cell(row, 3, total)
        base = getattr(report.so_far, whole) if whole else 0
        cell = sheet.cell(row, 4, total / base if base else None)
        # what the share is of stands in the cell: the rows have different bases
        cell.number_format = f'0 % "of {whole}"' if whole else "0 %"
    style_rows(sheet, 5, 4 + len(SUMMARY_ROWS), 4)
    write_text(sheet.cell(6 + len(SUMMARY_ROWS), 1), _CREDIT).font = font(italic=True, size=9, color=QUIET)
    set_widths(sheet, (36, 12, 12, 20))
    sheet.sheet_view.showGridLines = False


def _leads_sheet(sheet: "Worksheet", report: DailyReport) -> None:
    write_header(sheet, 1, tuple(name for name, _ in _LEAD_COLUMNS), left=(1, 2, 3, 8, 9, 11, 12))
    for row, line in enumerate(report.leads, start=2):
        _lead_row(sheet, row, line, report.day)
        write_table_row(sheet, row, _LEAD_COLUMNS, banded=row % 2 == 1)
    set_widths(sheet, tuple(width for _, width in _LEAD_COLUMNS))
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = f"A1:L{max(2, len(report.leads) + 1)}"
    sheet.sheet_view.showGridLines = False


def _lead_row(sheet: "Worksheet", row: int, line: LeadLine, day: date) -> None:
    from openpyxl.styles import Alignment, PatternFill

    texts = {1: line.business, 2: line.category, 3: line.location, 8: line.label, 9: line.phone, 11: line.email}
    for column, text in (texts | {12: line.email_found}).items():
        write_text(sheet.cell(row, column), text).font = font(bold=column == 1)
    for column, moment in ((4, line.sent), (5, line.opened), (6, line.clicked), (7, line.replied)):
        text = "–" if moment is None else f"✓ {moment:%H:%M}" if moment.date() == day else f"✓ {moment:%d %b}"
        cell = write_text(sheet.cell(row, column), text)
        cell.font = font(color=INK if moment else QUIET)
        cell.alignment = Alignment(horizontal="center")
    write_link(sheet.cell(row, 10), "Open", line.maps_url if line.maps_url.startswith("https://") else None)
    sheet.cell(row, 10).alignment = Alignment(horizontal="center")
    if line.status in _FILLS:
        sheet.cell(row, 8).fill = PatternFill("solid", fgColor=_FILLS[line.status])
        sheet.cell(row, 8).font = font(bold=True)


def _trend_sheet(sheet: "Worksheet", report: DailyReport) -> None:
    from openpyxl.chart import LineChart, Reference

    write_title(sheet, "The last seven days", "Each lead counts on the day it happened first.")
    write_header(sheet, 4, ("Day", *(label for label, _ in _TREND)))
    for row, figures in enumerate(report.trend, start=5):
        write_text(sheet.cell(row, 1), f"{figures.day:%a %d %b}")
        for column, (_, name) in enumerate(_TREND, start=2):
            sheet.cell(row, column, getattr(figures, name))
    last = 4 + len(report.trend)
    style_rows(sheet, 5, last, 1 + len(_TREND))
    chart = LineChart()
    chart.title = None
    chart.height, chart.width = 9, 20
    chart.y_axis.title = "Leads"
    chart.y_axis.scaling.min = 0
    chart.y_axis.number_format = "0"
    chart.y_axis.majorUnit = max(1, -(-max(max(getattr(day, name) for _, name in _TREND) for day in report.trend) // 8))
    chart.y_axis.majorGridlines = None
    chart.x_axis.delete = chart.y_axis.delete = False  # recent Excel hides axes that do not say so
    chart.legend.position = "b"
    chart.add_data(Reference(sheet, min_col=2, max_col=1 + len(_TREND), min_row=4, max_row=last), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=5, max_row=last))
    for series, color in zip(chart.series, ("0F766E", "EAB308", "DC2626", "7C3AED"), strict=True):
        series.graphicalProperties.line.solidFill = color
        series.graphicalProperties.line.width = 28_000
        series.marker.symbol = "circle"
        series.marker.graphicalProperties.solidFill = color
        series.smooth = False
    sheet.add_chart(chart, f"A{last + 2}")
    set_widths(sheet, (16, 12, 12, 12, 12))
    sheet.sheet_view.showGridLines = False


def summary_lines(figures: DayFigures, so_far: DayFigures) -> list[tuple[str, int, str]]:
    """Label, today's count, and the count so far with its share: the same rows as the first sheet, for the mail."""
    return [
        (label, getattr(figures, name), share(getattr(so_far, name), getattr(so_far, whole) if whole else 0))
        for label, name, whole in SUMMARY_ROWS
    ]
