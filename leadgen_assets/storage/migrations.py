"""Bringing the ledger's schema up to date with Alembic. The SQL itself is in `migrations/versions`."""

from pathlib import Path

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

_LOCK = 7_310_571


def migrate(conninfo: str) -> str:
    """Apply every missing migration, once, however many processes ask at the same time.

    Args:
        conninfo: libpq connection string or URL of the ledger's database.

    Returns:
        The revision the schema is at now.
    """
    with _engine(conninfo).begin() as connection:
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return MigrationContext.configure(connection).get_current_revision() or ""


def revisions(conninfo: str) -> tuple[str | None, str]:
    """The schema's present revision (None where there is none) and the newest known one."""
    head = ScriptDirectory.from_config(_config()).get_current_head() or ""
    with _engine(conninfo).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision(), head


def _engine(conninfo: str) -> sqlalchemy.Engine:
    return sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo), poolclass=sqlalchemy.pool.NullPool
    )


def _config() -> Config:
    packaged = Path(__file__).parents[1] / "migrations"
    folder = packaged if packaged.exists() else Path(__file__).parents[2] / "migrations"
    config = Config()
    config.set_main_option("script_location", str(folder))
    return config


def ensure_database(conninfo: str, name: str) -> None:
    """Create a database on the same server, such as Dagster's own, unless it is there.

    Raises:
        DatabaseUnavailableError: if the server is not reachable, or the role may not create it.
    """
    from leadgen_assets.storage.embedded_postgres import DatabaseUnavailableError

    try:
        with psycopg.connect(conninfo, autocommit=True, connect_timeout=5) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
                connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[-1]
        raise DatabaseUnavailableError(
            f"The database {name} cannot be created ({reason}); create it, or mend DATABASE_URL."
        ) from None
