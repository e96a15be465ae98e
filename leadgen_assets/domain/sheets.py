"""How every workbook of ours looks, and that equal contents are equal files. What it says is its module's."""

import re
import zipfile
from collections.abc import Container, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.styles import Font
    from openpyxl.worksheet.worksheet import Worksheet

INK, PAPER, ACCENT, RULE, QUIET, BAND = "1F2937", "FFFFFF", "0F766E", "D1D5DB", "6B7280", "F3F7F6"
_LINK = "0563C1"
_FONT = "Calibri"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_CELL_TEXT_LIMIT = 500
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_INDENT_CHARACTERS = 2
_HEADER_POINTS, _ROW_POINTS, _LINE_POINTS = 22, 19, 15
_COLUMNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def font(**details: Any) -> "Font":
    """A font of ours; without a name, programs other than Excel choose one with serifs."""
    from openpyxl.styles import Font

    return Font(**({"name": _FONT, "size": 11, "color": INK} | details))


def write_title(sheet: "Worksheet", title: str, note: str) -> None:
    """A large title in the first row and a quiet note below it."""
    write_text(sheet.cell(1, 1), title)
    sheet.cell(1, 1).font = font(size=16, bold=True, color=ACCENT)
    write_text(sheet.cell(2, 1), note)
    sheet.cell(2, 1).font = font(italic=True, color=QUIET)


def write_header(sheet: "Worksheet", row: int, labels: tuple[str, ...], *, left: Container[int] = (1,)) -> None:
    """The labels of the columns, in one row; those of the columns in `left` begin where their texts do."""
    from openpyxl.styles import Alignment, PatternFill

    for column, label in enumerate(labels, start=1):
        cell = sheet.cell(row, column, label)
        cell.font = font(bold=True, color=PAPER)
        cell.fill = PatternFill("solid", fgColor=ACCENT)
        horizontal = "left" if column in left else "center"
        cell.alignment = Alignment(horizontal=horizontal, vertical="center", indent=_indent(horizontal))
    sheet.row_dimensions[row].height = _HEADER_POINTS


def style_rows(sheet: "Worksheet", first: int, last: int, columns: int) -> None:
    """Rows of figures: a thin line below each, everything but the first column centred."""
    from openpyxl.styles import Alignment, Border, Side

    for row in range(first, last + 1):
        for column in range(1, columns + 1):
            cell = sheet.cell(row, column)
            cell.border = Border(bottom=Side(style="thin", color=RULE))
            cell.font = font()
            horizontal = "left" if column == 1 else "center"
            cell.alignment = Alignment(horizontal=horizontal, vertical="center", indent=_indent(horizontal))
        sheet.row_dimensions[row].height = _ROW_POINTS


def set_widths(sheet: "Worksheet", widths: tuple[int, ...]) -> None:
    """The widths of the columns, in characters; the distance from the column before comes on top."""
    for number, width in enumerate(widths):
        sheet.column_dimensions[_COLUMNS[number]].width = width + _INDENT_CHARACTERS


def write_text(cell: Any, text: str) -> "Cell":
    """Write text as text: a business called `=1+1` is not a formula."""
    cell.value = _ILLEGAL.sub("", text)[:_CELL_TEXT_LIMIT]
    cell.data_type = "s"
    return cell


def write_table_row(sheet: "Worksheet", row: int, columns: Sequence[tuple[str, int]], *, banded: bool) -> None:
    """One row of texts: a thin line below, wrapped from the top, as high as its longest text needs.

    Args:
        sheet: where its cells are already written.
        row: its number.
        columns: name and width in characters of each column.
        banded: on a tinted ground.
    """
    from openpyxl.styles import Alignment, Border, PatternFill, Side

    lines = 1
    for column, (_, width) in enumerate(columns, start=1):
        cell = sheet.cell(row, column)
        cell.border = Border(bottom=Side(style="thin", color=RULE))
        horizontal = cell.alignment.horizontal or "left"
        cell.alignment = Alignment(horizontal=horizontal, vertical="top", wrap_text=True, indent=_indent(horizontal))
        if banded and cell.fill.patternType is None:
            cell.fill = PatternFill("solid", fgColor=BAND)
        lines = max(lines, _lines(str(cell.value or ""), width))
    sheet.row_dimensions[row].height = _LINE_POINTS * lines + 4


def _indent(horizontal: str) -> int:
    """Texts keep a distance from the column before."""
    return 1 if horizontal == "left" else 0


def write_link(cell: Any, label: str, target: str | None) -> "Cell":
    """A label that leads somewhere, or "–" without a target."""
    write_text(cell, label if target else "–")
    if target:
        cell.hyperlink = target
        cell.font = font(color=_LINK, underline="single")
    return cell


def print_landscape(sheet: "Worksheet", *, header_row: int | None = None) -> None:
    """On paper: landscape, as wide as the page; with a header row on every page, or all on one page without one."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0 if header_row else 1
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    if header_row:
        sheet.print_title_rows = f"{header_row}:{header_row}"
    sheet.page_margins.left = sheet.page_margins.right = 0.4


def same_bytes(content: bytes) -> bytes:
    """The same file without the moment it was made, so that equal reports are equal files."""
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "docProps/core.xml":
                data = re.sub(rb"(<dcterms:(created|modified)[^>]*>)[^<]*", rb"\g<1>2026-01-01T00:00:00Z", data)
            new.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _lines(text: str, width: int) -> int:
    """How many lines a text takes in a column of so many characters, at word ends or within a long word."""
    lines, used = 1, 0
    for word in text.split():
        if used and used + 1 + len(word) > width:
            lines, used = lines + 1, 0
        used += len(word) + bool(used)
        lines, used = lines + used // (width + 1), used % (width + 1)
    return lines
