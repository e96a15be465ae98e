"""Why the operator may write to businesses of a country, as recorded: the answer that the country gate asks for.

SQL only. Which countries need one is decided in `domain/countries`.
"""

from datetime import datetime

from leadgen_assets.storage.ledger import Connection


def present_bases(connection: Connection) -> dict[str, str]:
    """The bases that hold now, by country (ISO 3166 alpha-2)."""
    rows = connection.execute("SELECT country, basis FROM country_bases WHERE withdrawn_at IS NULL ORDER BY country")
    return {row["country"]: row["basis"] for row in rows}


def record_basis(connection: Connection, country: str, basis: str, recorded_by: str, at: datetime) -> None:
    """Record a basis; one that held before is withdrawn and stays in the record."""
    withdraw_basis(connection, country, at)
    connection.execute(
        "INSERT INTO country_bases (country, basis, recorded_by, recorded_at) VALUES (%s, %s, %s, %s)",
        (country.upper(), basis, recorded_by, at),
    )


def withdraw_basis(connection: Connection, country: str, at: datetime) -> bool:
    """From now on nobody of this country is written to on that basis; false where there was none."""
    ended = connection.execute(
        "UPDATE country_bases SET withdrawn_at = greatest(recorded_at, %s) WHERE country = %s AND withdrawn_at IS NULL",
        (at, country.upper()),
    )
    return ended.rowcount == 1
