"""The journal of every hand-over to a mail server, kept by the database itself: what pacing counts.

SQL only. The limits are in `domain/pacing`; what became of each message is in `storage/outreach`.
"""

from datetime import date, datetime

from psycopg.rows import args_row

from leadgen_assets.domain.pacing import History, Limits, Transmission, bounds_of, day_of
from leadgen_assets.storage.ledger import Connection


def history_at(connection: Connection, now: datetime, limits: Limits, sender_domain: str) -> History:
    """What pacing needs to know at a moment.

    Args:
        connection: an open ledger connection.
        now: the present moment.
        limits: how far back transmissions matter, and how many steps the ramp has.
        sender_domain: the domain of From; a new one begins the ramp anew.
    """
    rows = connection.cursor(row_factory=args_row(Transmission)).execute(
        "SELECT at, to_domain FROM transmissions WHERE at >= %s", (now - limits.memory,)
    )
    return History(rows.fetchall(), first_days(connection, sender_domain, limits.timezone, len(limits.ramp)))


def first_days(connection: Connection, sender_domain: str, timezone: str, count: int) -> list[date]:
    """The first `count` days, in a zone, on which a sender sent; fewer where there are fewer."""
    days: list[date] = []
    while len(days) < count:
        row = connection.execute(
            "SELECT at FROM transmissions WHERE sender_domain = %s AND at >= %s::timestamptz ORDER BY at LIMIT 1",
            (sender_domain, bounds_of(days[-1], timezone)[1] if days else "-infinity"),
        ).fetchone()
        if row is None:
            break
        days.append(day_of(row["at"], timezone))
    return days
