"""The daily figures and the workbook: counted on the right local day, as text where text is meant, the same bytes twice."""

from datetime import UTC, date, datetime
from io import BytesIO

import openpyxl
import pytest

from leadgen_assets.domain.reporting import DailyReport, daily_report, day_bounds
from leadgen_assets.domain.workbook import SUMMARY_ROWS, build_workbook, summary_lines
from leadgen_assets.storage.schemas import frame_of

DAY = date(2026, 3, 3)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def report() -> DailyReport:
    common = {"as_of": at(3, 21, 30), "discovered_at": at(3, 4), "decision": "qualified", "route": "email"}
    rows = [
        common
        | {
            "lead_id": "1",
            "business_name": "=HYPERLINK(1)",
            "status": "replied",
            "email": "info@halla.test",
            "email_class": "role",
            "email_origin": "site",
            "email_source": "https://halla.test/contact",
            "sent_at": at(3, 8),
            "opened_at": at(3, 9),
            "replied_at": at(3, 10),
        },
        # 22:30 UTC on the 2nd is already the 3rd in Helsinki
        common
        | {
            "lead_id": "2",
            "business_name": "مخبز النور",
            "status": "opened",
            "discovered_at": at(2, 4),
            "sent_at": at(2, 9),
            "opened_at": at(2, 22, 30),
        },
        common
        | {
            "lead_id": "3",
            "business_name": "Café 🌸",
            "status": "no_email",
            "route": "phone",
            "phone": "+358401234567",
        },
        common
        | {
            "lead_id": "4",
            "business_name": "Quiet",
            "status": "disqualified",
            "decision": "disqualified",
            "discovered_at": at(2, 4),
        },
    ]
    return daily_report(frame_of("ledger_snapshot", rows), DAY, "Europe/Helsinki")


def test_each_lead_counts_on_the_local_day_of_its_fact(report: DailyReport) -> None:
    assert (report.figures.discovered, report.figures.qualified, report.figures.call_sheet) == (2, 2, 1)
    assert (report.figures.sent, report.figures.opened, report.figures.replied) == (1, 2, 1)
    assert (report.so_far.discovered, report.so_far.sent, report.so_far.opened) == (4, 2, 2)
    assert [figures.sent for figures in report.trend] == [0, 0, 0, 0, 0, 1, 1]


def test_a_mail_that_was_refused_at_once_is_part_of_what_was_tried() -> None:
    common = {"business_name": "Invented", "status": "bounced", "discovered_at": at(3, 4), "as_of": at(3, 21)}
    rows = [
        common | {"lead_id": "refused", "bounced_at": at(3, 9)},
        common | {"lead_id": "returned", "sent_at": at(3, 8), "bounced_at": at(3, 9)},
        common | {"lead_id": "arrived", "sent_at": at(3, 9)},
    ]
    counted = daily_report(frame_of("ledger_snapshot", rows), DAY, "Europe/Helsinki")
    assert (counted.figures.tried, counted.figures.sent, counted.figures.bounced) == (3, 2, 2)
    assert ("Bounced", 2, "2 (67 %)") in summary_lines(counted.figures, counted.so_far)


def test_only_leads_touched_that_day_are_listed_hottest_first(report: DailyReport) -> None:
    assert [line.label for line in report.leads] == ["REPLIED", "Opened", "Call sheet"]


def test_the_workbook_has_three_sheets_and_a_native_chart(report: DailyReport) -> None:
    book = openpyxl.load_workbook(BytesIO(build_workbook(report)))
    assert book.sheetnames == ["Daily Summary", "Lead Details", "Weekly Trend"]
    summary = {
        row[0].value: row[1].value for row in book["Daily Summary"].iter_rows(min_row=5, max_row=4 + len(SUMMARY_ROWS))
    }
    assert summary["Emails sent"] == 1
    assert summary["Emails opened"] == 2
    assert len(book["Weekly Trend"]._charts) == 1


def test_a_name_that_looks_like_a_formula_is_text(report: DailyReport) -> None:
    cell = openpyxl.load_workbook(BytesIO(build_workbook(report)))["Lead Details"]["A2"]
    assert (cell.value, cell.data_type) == ("=HYPERLINK(1)", "s")


def test_equal_reports_are_equal_files(report: DailyReport) -> None:
    assert build_workbook(report) == build_workbook(report)


def test_a_day_without_leads_still_has_a_report() -> None:
    empty = daily_report(frame_of("ledger_snapshot", []), DAY, "Europe/Helsinki")
    assert empty.figures.discovered == 0
    assert build_workbook(empty).startswith(b"PK")


def test_a_day_of_summer_time_has_23_hours() -> None:
    start, end = day_bounds(date(2026, 3, 29), "Europe/Helsinki")
    assert round((end.astimezone(UTC) - start.astimezone(UTC)).total_seconds() / 3600) == 23


def test_an_address_is_shown_with_its_class_and_where_it_was_found(report: DailyReport) -> None:
    line = next(line for line in report.leads if line.email)
    assert (line.email, line.email_found) == ("info@halla.test", "role address, own site (https://halla.test/contact)")
    assert all(not line.email_found for line in report.leads if not line.email)
