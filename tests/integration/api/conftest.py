"""One tracking service with one ledger for each module of API tests: tests there use leads of their own names."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import httpx
import psycopg
import pytest

from leadgen_assets.storage.embedded_postgres import EmbeddedPostgres
from leadgen_assets.storage.ledger import Connection, ledger_connection
from tests.conftest import MONDAY
from tests.integration.tracking import ServiceProcess
from tracking_service.api_keys import hash_of
from tracking_service.clock import FileClock

KEY, OTHER_KEY = "lg_key-of-the-tests-0123456789", "lg_other-key-of-the-tests-01234"
WEBHOOK_TOKEN = "webhook-token-of-the-tests-0123"
_numbers = count(1)


@dataclass
class Api:
    """The running service, a client that holds a key and one that holds none, and the ledger behind it."""

    service: ServiceProcess
    client: httpx.Client
    stranger: httpx.Client
    ledger: Connection
    clock: FileClock
    conninfo: str


@pytest.fixture(scope="module")
def api(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("api")
    name = f"api_{next(_numbers)}"
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template_ledger")
    file = folder / "service.env"
    lines = {
        "LEADGEN_MODE": "rehearsal",
        "LEADGEN_HOME": folder / "home",
        "CLOCK_FILE": folder / "clock",
        "DATABASE_URL": postgres.url(name),
        "OPERATOR_TIMEZONE": "Europe/Helsinki",
        "API_KEY": KEY,
        "API_KEYS": f"other:{hash_of(OTHER_KEY)}",
        "API_CALLS_PER_MINUTE": 100_000,
        "BREVO_WEBHOOK_TOKEN": WEBHOOK_TOKEN,
    }
    file.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    clock = FileClock.create(folder / "clock", MONDAY)
    with (
        ServiceProcess(file) as service,
        httpx.Client(base_url=f"{service.url}/api/v1", headers={"X-API-Key": KEY}, timeout=10) as client,
        httpx.Client(base_url=f"{service.url}/api/v1", timeout=10) as stranger,
        ledger_connection(postgres.url(name)) as ledger,
    ):
        ledger.commit()
        ledger.autocommit = True
        yield Api(service, client, stranger, ledger, clock, postgres.url(name))
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
