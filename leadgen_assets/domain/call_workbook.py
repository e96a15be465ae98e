"""The call sheet as a workbook: whom to call, whom to visit, with room for notes. Its rows come from `call_sheets`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING, Any

from leadgen_assets.domain.sheets import (
    font,
    print_landscape,
    same_bytes,
    set_widths,
    write_header,
    write_link,
    write_table_row,
    write_text,
    write_title,
)

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

Row = Mapping[str, Any]

_CALL_COLUMNS = (
    ("Business", 28), ("Trade", 15), ("Phone", 19), ("Chat", 9), ("Map", 7), ("What was found", 44),
    ("How to begin", 60), ("Opening hours", 24), ("Why not by email", 36), ("Outcome", 24),
)  # fmt: skip
_VISIT_COLUMNS = (
    ("Business", 28), ("Trade", 15), ("Address", 34), ("Map", 7), ("Opening hours", 26), ("What was found", 44),
    ("How to begin", 60), ("Outcome", 24),
)  # fmt: skip
_HEADER_ROW = 4
_CALL_NOTE = (
    "Qualified leads without an email address that may be used. Unsolicited calls and messages are regulated too:"
    " check the rules and the do-not-call lists of the country first."
)
_VISIT_NOTE = "Qualified leads with neither an address nor a telephone number."


def build_call_workbook(rows: Iterable[Row], day: date) -> bytes:
    """The `.xlsx` file of a day's rows of `call_sheets`: Call Sheet and Visit List; equal rows give equal bytes."""
    from openpyxl import Workbook

    rows = list(rows)
    calls, visits = ([row for row in rows if row["sheet"] == kind] for kind in ("call", "visit"))
    book = Workbook()
    first = book.active
    assert first is not None  # noqa: S101 a new workbook has a sheet
    first.title = "Call Sheet"
    write_title(first, f"To call, {day:%A %d %B %Y}: {len(calls)}", _CALL_NOTE)
    _table(first, _CALL_COLUMNS, [_call_cells(row) for row in calls])
    second = book.create_sheet("Visit List")
    write_title(second, f"To visit, {day:%A %d %B %Y}: {len(visits)}", _VISIT_NOTE)
    _table(second, _VISIT_COLUMNS, [_visit_cells(row) for row in visits])
    buffer = BytesIO()
    book.save(buffer)
    return same_bytes(buffer.getvalue())


def _call_cells(row: Row) -> list[tuple[str, str | None]]:
    """Text and target of each cell."""
    return [
        (row["business"], None), (row["trade"], None), (row["phone_shown"] or "", row["call_link"]),
        ("Chat", row["chat_link"] or ""), ("Map", row["map_link"] or ""), (row["evidence"] or "", None),
        (row["talking_point"], None), (row["opening_hours"] or "", None), (row["why_no_email"] or "", None), ("", None),
    ]  # fmt: skip


def _visit_cells(row: Row) -> list[tuple[str, str | None]]:
    return [
        (row["business"], None), (row["trade"], None), (row["address"] or "", None), ("Map", row["map_link"] or ""),
        (row["opening_hours"] or "", None), (row["evidence"] or "", None), (row["talking_point"], None), ("", None),
    ]  # fmt: skip


def _table(
    sheet: "Worksheet", columns: Sequence[tuple[str, int]], rows: Sequence[Sequence[tuple[str, str | None]]]
) -> None:
    write_header(sheet, _HEADER_ROW, tuple(name for name, _ in columns), left=range(1, 1 + len(columns)))
    for number, cells in enumerate(rows, start=_HEADER_ROW + 1):
        for column, (text, target) in enumerate(cells, start=1):
            cell = sheet.cell(number, column)
            cell.font = font(bold=column == 1)
            if target is None:
                write_text(cell, text)
            else:
                write_link(cell, text, target)
        write_table_row(sheet, number, columns, banded=number % 2 == 1)
    if not rows:
        write_text(sheet.cell(_HEADER_ROW + 1, 1), "Nobody today.").font = font(italic=True)
    set_widths(sheet, tuple(width for _, width in columns))
    sheet.freeze_panes = f"B{_HEADER_ROW + 1}"
    sheet.sheet_view.showGridLines = False
    print_landscape(sheet, header_row=_HEADER_ROW)
