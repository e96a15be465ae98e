"""The quota ledger: how much of each free allowance is used, reserved in the transaction that spends it."""

from datetime import date

from leadgen_assets.storage.ledger import Connection


def reserve(connection: Connection, service: str, period_start: date, amount: int, limit: int) -> bool:
    """Take `amount` from a service's allowance of a period (a day or the first of a month) if that much is left.

    Returns:
        False, with nothing taken, where the limit would be exceeded.
    """
    if amount > limit:
        return False
    taken = connection.execute(
        "INSERT INTO quota_usage (service, period_start, used) VALUES (%(service)s, %(start)s, %(amount)s)"
        " ON CONFLICT (service, period_start) DO UPDATE SET used = quota_usage.used + %(amount)s"
        " WHERE quota_usage.used + %(amount)s <= %(limit)s",
        {"service": service, "start": period_start, "amount": amount, "limit": limit},
    )
    return taken.rowcount == 1


def settle(connection: Connection, service: str, period_start: date, difference: int) -> None:
    """Correct a reservation by the difference to what was really used."""
    connection.execute(
        "UPDATE quota_usage SET used = greatest(0, used + %s) WHERE service = %s AND period_start = %s",
        (difference, service, period_start),
    )


def used(connection: Connection, service: str, period_start: date) -> int:
    """How much of a service's allowance is used in a period."""
    row = connection.execute(
        "SELECT used FROM quota_usage WHERE service = %s AND period_start = %s", (service, period_start)
    ).fetchone()
    return row["used"] if row else 0
