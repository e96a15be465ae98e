"""What the ledger says for the daily report, and the record of the report itself and its one mail.

Figures are added up in `domain/reporting`; sending is the report stage's.
"""

from datetime import date, datetime
from typing import Any

from leadgen_assets.storage.ledger import Connection

_SNAPSHOT = """
SELECT l.id::text AS lead_id, l.business_name, l.category, coalesce(l.address, l.city) AS location, l.phone,
       CASE WHEN l.route = 'email' THEN l.email END AS email, l.email_class, l.email_origin, l.email_source,
       l.google_maps_url AS maps_url, l.status, l.decision, l.route, l.discovered_at, sent.sent_at,
       CASE WHEN l.first_opened_at <= %(as_of)s THEN l.first_opened_at END AS opened_at,
       CASE WHEN l.first_clicked_at <= %(as_of)s THEN l.first_clicked_at END AS clicked_at,
       CASE WHEN l.first_replied_at <= %(as_of)s THEN l.first_replied_at END AS replied_at,
       CASE WHEN l.bounced_at <= %(as_of)s THEN l.bounced_at END AS bounced_at,
       CASE WHEN l.unsubscribed_at <= %(as_of)s THEN l.unsubscribed_at END AS unsubscribed_at,
       CASE WHEN l.converted_at <= %(as_of)s THEN l.converted_at END AS converted_at,
       %(as_of)s AS as_of
FROM leads l
LEFT JOIN (SELECT lead_id, min(sent_at) AS sent_at FROM email_outreach WHERE sent_at <= %(as_of)s GROUP BY lead_id) sent
       ON sent.lead_id = l.id
WHERE l.discovered_at <= %(as_of)s AND l.erased_at IS NULL
ORDER BY l.id
"""


def snapshot_rows(connection: Connection, as_of: datetime) -> list[dict[str, Any]]:
    """Every lead known at a moment with the facts known at that moment, one dict a lead, in order of id."""
    return list(connection.execute(_SNAPSHOT, {"as_of": as_of}))


def count_sent(connection: Connection, start: datetime, end: datetime) -> int:
    """How many leads were first mailed within [start, end], counted in the ledger itself."""
    row = connection.execute(
        "SELECT count(*) AS n FROM (SELECT o.lead_id FROM email_outreach o"
        " JOIN leads l ON l.id = o.lead_id AND l.erased_at IS NULL"
        " WHERE o.sent_at IS NOT NULL GROUP BY o.lead_id HAVING min(o.sent_at) BETWEEN %s AND %s) first",
        (start, end),
    ).fetchone()
    return row["n"] if row else 0


def count_facts(connection: Connection, fact: str, start: datetime, end: datetime) -> int:
    """How many leads have a fact (`first_clicked_at`, ...) within [start, end], counted in the ledger itself."""
    if fact not in {"discovered_at", "first_opened_at", "first_clicked_at", "first_replied_at", "converted_at"}:
        raise ValueError(f"{fact!r} is not a fact of a lead that reports count.")
    row = connection.execute(
        f"SELECT count(*) AS n FROM leads WHERE {fact} BETWEEN %s AND %s AND erased_at IS NULL", (start, end)
    ).fetchone()
    return row["n"] if row else 0


def publish_report(
    connection: Connection,
    day: date,
    totals: dict[str, int],
    filename: str,
    workbook: bytes,
    message_id: str,
    at: datetime,
) -> str:
    """Store a day's figures and workbook, replacing those of a report that was not mailed yet; returns its status."""
    row = connection.execute(
        "INSERT INTO daily_reports (report_date, leads_discovered, leads_qualified, emails_sent, emails_opened,"
        " links_clicked, replies_received, new_conversions, message_id, created_at)"
        " VALUES (%(day)s, %(discovered)s, %(qualified)s, %(sent)s,"
        " %(opened)s, %(clicked)s, %(replied)s, %(converted)s, %(message_id)s, %(at)s)"
        " ON CONFLICT (report_date) DO UPDATE SET leads_discovered = excluded.leads_discovered,"
        " leads_qualified = excluded.leads_qualified, emails_sent = excluded.emails_sent,"
        " emails_opened = excluded.emails_opened, links_clicked = excluded.links_clicked,"
        " replies_received = excluded.replies_received,"
        " new_conversions = excluded.new_conversions WHERE daily_reports.status = 'ready'",
        {**totals, "day": day, "message_id": message_id, "at": at},
    )
    if row.rowcount == 1:
        connection.execute(
            "INSERT INTO report_files (report_date, filename, content, created_at) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (report_date) DO UPDATE SET filename = excluded.filename, content = excluded.content",
            (day, filename, workbook, at),
        )
    return read_report(connection, day)["status"]


def begin_delivery(connection: Connection, day: date, sent_to: str, message_sha256: str) -> bool:
    """Claim the one mail of a report, before its first byte; false where it was claimed before."""
    claimed = connection.execute(
        "UPDATE daily_reports SET status = 'transmitting', sent_to = %s, message_sha256 = %s"
        " WHERE report_date = %s AND status = 'ready'",
        (sent_to, message_sha256, day),
    )
    return claimed.rowcount == 1


def end_delivery(connection: Connection, day: date, status: str, smtp_reply: str, at: datetime) -> None:
    """Record what became of the mail: sent, failed, unknown, or ready again after a definite temporary refusal."""
    connection.execute(
        "UPDATE daily_reports SET status = %s, smtp_reply = %s, sent_at = CASE WHEN %s = 'sent' THEN %s END"
        " WHERE report_date = %s AND status = 'transmitting'",
        (status, smtp_reply, status, at, day),
    )


def read_report(connection: Connection, day: date) -> dict[str, Any]:
    """The record of a day's report; empty where there is none."""
    return connection.execute("SELECT * FROM daily_reports WHERE report_date = %s", (day,)).fetchone() or {}


def read_workbook(connection: Connection, day: date) -> tuple[str, bytes] | None:
    """File name and content of a day's workbook, or None."""
    row = connection.execute("SELECT filename, content FROM report_files WHERE report_date = %s", (day,)).fetchone()
    return (row["filename"], bytes(row["content"])) if row else None


def latest_report_day(connection: Connection) -> date | None:
    """The newest day that has a workbook in which something happened."""
    row = connection.execute(
        "SELECT max(report_date) AS day FROM report_files JOIN daily_reports USING (report_date)"
        " WHERE leads_discovered + leads_qualified + emails_sent + emails_opened + links_clicked + replies_received"
        " + new_conversions > 0"
    ).fetchone()
    return row["day"] if row else None
