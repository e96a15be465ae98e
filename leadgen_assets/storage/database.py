"""Which PostgreSQL this installation uses, and having it ready: the one of DATABASE_URL, or the embedded one."""

from collections.abc import Iterator
from contextlib import contextmanager

from leadgen_assets.settings import Settings
from leadgen_assets.storage.embedded_postgres import DAGSTER_DATABASE, EmbeddedPostgres
from leadgen_assets.storage.ledger import ledger_connection


def ledger_url(settings: Settings) -> str:
    """The libpq URL of the ledger; the embedded server is not started by asking."""
    return settings.database_url or EmbeddedPostgres(settings.postgres_folder).url()


def dagster_url(settings: Settings) -> str:
    """The SQLAlchemy URL of Dagster's own database, on the same server as the ledger."""
    if settings.database_url is None:
        url = EmbeddedPostgres(settings.postgres_folder).url(DAGSTER_DATABASE)
    else:
        server, _, query = settings.database_url.partition("?")
        url = f"{server.rpartition('/')[0]}/{DAGSTER_DATABASE}{'?' + query if query else ''}"
    return url.replace("postgresql://", "postgresql+psycopg2://", 1)


@contextmanager
def running_database(settings: Settings) -> Iterator[str]:
    """The ledger's URL with the server running, its schema as it is; stops what it started.

    Raises:
        DatabaseUnavailableError: if it cannot be started or reached.
    """
    if settings.database_url is not None:
        with ledger_connection(settings.database_url):
            pass
        yield settings.database_url
        return
    with EmbeddedPostgres(settings.postgres_folder) as server:
        yield server.url()


@contextmanager
def ready_database(settings: Settings) -> Iterator[str]:
    """The ledger's URL with the server running, the schema up to date and Dagster's own database there.

    Raises:
        DatabaseUnavailableError: if it cannot be started or reached.
    """
    from leadgen_assets.storage.migrations import ensure_database, migrate  # Alembic, which the sender never needs

    with running_database(settings) as url:
        ensure_database(url, DAGSTER_DATABASE)
        migrate(url)
        yield url
