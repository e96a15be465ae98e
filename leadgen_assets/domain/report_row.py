"""The row of asset `daily_report`: the day's workbook and the summary mail's texts, from a snapshot of the ledger."""

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from leadgen_assets.domain.reporting import DailyReport, daily_report
from leadgen_assets.domain.workbook import build_workbook, summary_lines

_HOT = {"converted", "replied", "clicked"}


def report_row(snapshot: pl.DataFrame, day: date, timezone: str) -> tuple[dict[str, Any], dict[str, int]]:
    """The row and the day's figures.

    Args:
        snapshot: columns of asset `ledger_snapshot`.
        day: the day reported.
        timezone: whose day it is.
    """
    report = daily_report(snapshot, day, timezone)
    figures = {name: value for name, value in asdict(report.figures).items() if name != "day"}
    row = {
        "report_date": day,
        "filename": f"LeadGen_Report_{day}.xlsx",
        "workbook": build_workbook(report),
        "subject": (
            f"[LeadGen] Daily Report - {day} | {report.figures.sent} sent | {report.figures.clicked} clicks"
            f" | {report.figures.replied} replies"
        ),
        "text": _render("report.txt.j2", report),
        "html": _render("report.html.j2", report),
        "totals_json": json.dumps({**figures, "as_of": report.as_of.isoformat()}),
    }
    return row, figures


def _render(template: str, report: DailyReport) -> str:
    import jinja2

    folder = Path(__file__).parents[1] / "templates"
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder), autoescape=jinja2.select_autoescape(["html.j2"])
    )
    return environment.get_template(template).render(
        title=f"Daily report {report.day}",
        day=f"{report.day:%A %d %B %Y}",
        as_of=f"{report.as_of:%H:%M}",
        lines=summary_lines(report.figures, report.so_far),
        hot=[line for line in report.leads if line.status in _HOT],
    )
