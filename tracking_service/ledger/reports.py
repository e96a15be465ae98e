"""Daily reports as they are stored for download."""

from datetime import date
from typing import Any

from tracking_service.ledger.pool import Connection


async def reports_page(connection: Connection, *, limit: int, offset: int) -> list[dict[str, Any]]:
    """Days with a report and their figures, the newest first."""
    cursor = await connection.execute(
        "SELECT r.report_date, r.leads_discovered, r.leads_qualified, r.emails_sent, r.emails_opened, r.links_clicked,"
        " r.replies_received, r.new_conversions, r.status, r.sent_at, f.filename FROM daily_reports r"
        " LEFT JOIN report_files f USING (report_date) ORDER BY r.report_date DESC LIMIT %s OFFSET %s",
        (limit, offset),
    )
    return await cursor.fetchall()


async def count_reports(connection: Connection) -> int:
    """How many there are."""
    row = await (await connection.execute("SELECT count(*) AS n FROM daily_reports")).fetchone()
    return row["n"] if row else 0


async def read_workbook(connection: Connection, day: date) -> tuple[str, bytes] | None:
    """File name and content of a day's workbook, or None."""
    row = await (
        await connection.execute("SELECT filename, content FROM report_files WHERE report_date = %s", (day,))
    ).fetchone()
    return (row["filename"], bytes(row["content"])) if row else None
