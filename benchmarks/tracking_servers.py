"""The servers that `tracking.py` measures, each a process of its own on a database of its own, and what they cost."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import create_server
from uuid import UUID, uuid4

import httpx
import psycopg

from leadgen_assets.storage.embedded_postgres import EmbeddedPostgres
from tracking_service.links import Link, LinkSigner

ROOT = Path(__file__).parents[1]
_TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")
_SECRET = "a-key-that-only-this-benchmark-uses"
_OFFER = "https://company.test/offer"


@dataclass(slots=True)
class Server:
    """A running server: where it answers, its process, its database, the tokens of that database's messages, and how
    long it took from its start to its first answer.
    """

    url: str
    process: subprocess.Popen[bytes]
    conninfo: str
    tokens: Path
    start_seconds: float

    def events(self) -> int:
        """How many events its database holds."""
        with psycopg.connect(self.conninfo) as connection:
            return connection.execute("SELECT count(*) FROM email_events").fetchone()[0]

    def resident_mb(self) -> float:
        """Its resident memory at its highest, in MB of 1,048,576 bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024

    def processor_seconds(self) -> float:
        """Processor time that it used since it started."""
        return _processor_seconds(self.process.pid)


@contextmanager
def baseline(postgres: EmbeddedPostgres, folder: Path, messages: int) -> Iterator[Server]:
    """The specification's own design with one worker."""
    with _database(postgres, "baseline", None) as url, _baseline_on(url, folder, messages) as server:
        yield server


@contextmanager
def _baseline_on(url: str, folder: Path, messages: int) -> Iterator[Server]:
    tokens = folder / "baseline.tokens"
    made = [(uuid4(), uuid4(), uuid4().hex) for _ in range(messages)]
    with psycopg.connect(url) as connection:
        connection.execute((ROOT / "benchmarks/baselines/tracking/schema.sql").read_text())
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO leads (id, place_id, business_name, status) VALUES (%s, %s, 'Invented Bakery', 'email_sent')",
                [(lead, str(lead)) for lead, _, _ in made],
            )
            cursor.executemany(
                "INSERT INTO email_outreach (id, lead_id, to_email, tracking_token, status, sent_at)"
                " VALUES (%s, %s, 'owner@bakery.test', %s, 'sent', now())",
                [(message, lead, token) for lead, message, token in made],
            )
    tokens.write_text("".join(f"{token} {token}\n" for _, _, token in made))
    port = _free_port()
    command = [sys.executable, "-m", "uvicorn", "benchmarks.baselines.tracking.app:app", "--port", str(port)]
    command += ["--no-access-log", "--log-level", "warning", "--loop", "uvloop", "--http", "httptools"]
    environment = {"DATABASE_URL": url.replace("postgresql://", "postgresql+asyncpg://", 1)}
    began = time.monotonic()
    with _process(command, environment, port) as process:
        yield Server(f"http://127.0.0.1:{port}", process, url, tokens, time.monotonic() - began)


@contextmanager
def product(postgres: EmbeddedPostgres, folder: Path, messages: int) -> Iterator[Server]:
    """The product's tracking service with one worker."""
    with _service("tracking_service", "product", postgres, folder, messages) as server:
        yield server


@contextmanager
def ceiling(postgres: EmbeddedPostgres, folder: Path, messages: int) -> Iterator[Server]:
    """The product's server, routing and token verification without a database."""
    with _service("benchmarks.tracking_ceiling", "ceiling", postgres, folder, messages) as server:
        yield server


@contextmanager
def _service(module: str, name: str, postgres: EmbeddedPostgres, folder: Path, messages: int) -> Iterator[Server]:
    with (
        _database(postgres, name, "template_ledger") as url,
        _service_on(url, module, name, folder, messages) as server,
    ):
        yield server


@contextmanager
def _service_on(url: str, module: str, name: str, folder: Path, messages: int) -> Iterator[Server]:
    port, tokens, settings = _free_port(), folder / f"{name}.tokens", folder / f"{name}.env"
    signer = LinkSigner({0: _SECRET})
    tokens.write_text(
        "".join(
            f"{signer.token(Link('open', message))} {signer.token(Link('click', message, _OFFER))}\n"
            for message in sent_messages(url, messages)
        )
    )
    lines = {
        "LEADGEN_HOME": folder / name,
        "DATABASE_URL": url,
        "APP_SECRET_KEY": _SECRET,
        "TRACKING_PORT": port,
        "HITS_PER_MINUTE_AND_NETWORK": 10**9,  # the whole load comes from one network
        "HITS_PER_MINUTE_AND_LINK": 10**9,
    }
    settings.write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
    began = time.monotonic()
    with _process([sys.executable, "-m", module], {"LEADGEN_ENV_FILE": str(settings)}, port) as process:
        yield Server(f"http://127.0.0.1:{port}", process, url, tokens, time.monotonic() - began)


def sent_messages(conninfo: str, count: int) -> list[UUID]:
    """Add so many leads with a message sent an hour ago to a ledger; the messages' ids."""
    at = datetime.now(UTC) - timedelta(hours=1)
    made = [(uuid4(), uuid4()) for _ in range(count)]
    with psycopg.connect(conninfo) as connection, connection.cursor() as cursor:
        campaign = uuid4()
        cursor.execute("INSERT INTO campaigns VALUES (%s, 'day', %s, %s)", (campaign, at.date(), at))
        cursor.executemany(
            "INSERT INTO leads (id, place_id, business_name, source, email, discovered_at, email_sent_at, updated_at)"
            " VALUES (%s, %s, 'Invented Bakery', 'osm', 'owner@bakery.test', %s, %s, %s)",
            [(lead, str(lead), at, at, at) for lead, _ in made],
        )
        cursor.executemany(
            "INSERT INTO email_outreach (id, lead_id, campaign_id, to_email, to_domain, subject, body_html,"
            " tracking_token, has_unsubscribe, ai_generated, message_id, message_sha256, status, queued_at, not_before,"
            " expires_at, transmitting_at, sent_at) VALUES (%s, %s, %s, 'owner@bakery.test', 'bakery.test', 's', 'h',"
            " %s, TRUE, TRUE, %s, repeat('0', 64), 'sent', %s, %s, %s, %s, %s)",
            [
                (message, lead, campaign, str(message), str(message), at, at, at + timedelta(days=5), at, at)
                for lead, message in made
            ],
        )
    return [message for _, message in made]


def database_processor_seconds(postgres: EmbeddedPostgres) -> float:
    """Processor time of PostgreSQL's processes that still run."""
    owner = postgres.postmaster_pid
    children = Path(f"/proc/{owner}/task/{owner}/children").read_text().split()
    return sum(_processor_seconds(pid) for pid in (owner, *map(int, children)))


def wanted_and_stolen_seconds() -> tuple[float, float]:
    """Processor time that this machine wanted since it started, and how much of it a host gave to other machines."""
    user, nice, system, _idle, _wait, hard, soft, steal = map(
        int, Path("/proc/stat").read_text().split(maxsplit=9)[1:9]
    )
    return (user + nice + system + hard + soft + steal) * _TICK_SECONDS, steal * _TICK_SECONDS


@contextmanager
def _database(postgres: EmbeddedPostgres, name: str, template: str | None) -> Iterator[str]:
    """A database for one run; none pays for the one before, by vacuuming or writing what that one left behind."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE bench_{name}" + (f" TEMPLATE {template}" if template else ""))
        connection.execute("CHECKPOINT")
        yield postgres.url(f"bench_{name}")
        connection.execute(f"DROP DATABASE bench_{name} WITH (FORCE)")


@contextmanager
def _process(command: list[str], environment: dict[str, str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        stdout=subprocess.DEVNULL,
    )
    try:
        _await_answer(process, port)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=20)


def _await_answer(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 30
    client = httpx.Client(timeout=10, verify=False, trust_env=False)
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The server ended with exit code {process.returncode} before it answered.")
        with suppress(httpx.TransportError):
            client.get(f"http://127.0.0.1:{port}/health")
            return
        time.sleep(0.01)
    raise RuntimeError("The server did not answer within 30 seconds.")


def _processor_seconds(pid: int) -> float:
    with suppress(FileNotFoundError, ProcessLookupError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * _TICK_SECONDS
    return 0.0


def _free_port() -> int:
    with create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
