"""What the tests of the tracking service share: the service as a process of its own, messages to track, and load."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
from psycopg.rows import dict_row

from tests.conftest import MONDAY
from tracking_service.links import Link, LinkSigner

SECRET = "rehearsal-only-secret-key-0123456789"
SIGNER = LinkSigner({0: SECRET})
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
PERSON = {"User-Agent": BROWSER, "Accept-Language": "fi-FI,fi;q=0.9"}
DESTINATION = "https://company.test/offer?plan=a&b=1"


def open_path(message: UUID) -> str:
    return f"/track/open/{SIGNER.token(Link('open', message))}"


def click_path(message: UUID, destination: str = DESTINATION) -> str:
    return f"/track/click/{SIGNER.token(Link('click', message, destination))}"


def unsubscribe_path(message: UUID) -> str:
    return f"/unsubscribe/{SIGNER.token(Link('unsubscribe', message))}"


def rows(conninfo: str, query: str, *arguments: object) -> list[dict[str, Any]]:
    with psycopg.connect(conninfo, row_factory=dict_row) as connection:
        return connection.execute(query, arguments).fetchall()


def sent_message(
    conninfo: str, *, email: str = "owner@bakery.test", organisation: str | None = None, sent_at: datetime | None = None
) -> UUID:
    """One lead and its message, sent an hour before MONDAY unless told otherwise; returns the message's id."""
    lead, campaign, message = uuid4(), uuid4(), uuid4()
    at = sent_at or MONDAY - timedelta(hours=1)
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "INSERT INTO leads (id, place_id, business_name, source, email, organisation, discovered_at,"
            " email_sent_at, updated_at) VALUES (%s, %s, 'Invented Bakery', 'osm', %s, %s, %s, %s, %s)",
            (lead, str(lead), email, organisation, at, at, at),
        )
        connection.execute(
            "INSERT INTO campaigns VALUES (%s, 'day', %s, %s) ON CONFLICT (campaign_date) DO NOTHING",
            (campaign, MONDAY.date(), at),
        )
        connection.execute(
            "INSERT INTO email_outreach (id, lead_id, campaign_id, to_email, to_domain, subject, body_html,"
            " tracking_token, has_unsubscribe, ai_generated, message_id, message_sha256, status, queued_at, not_before,"
            " expires_at, transmitting_at, sent_at)"
            " SELECT %s, %s, id, %s, 'bakery.test', 's', 'h', %s, TRUE, TRUE, %s, repeat('0', 64), 'sent', %s, %s, %s, %s, %s FROM campaigns",
            (message, lead, email, str(message), str(message), at, at, at + timedelta(days=5), at, at),
        )
    return message


_WITH_FEW_FILES = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv.pop()),) * 2)
runpy.run_module("tracking_service", run_name="__main__")
"""


class ServiceProcess:
    """`python -m tracking_service` with settings from a file; stopped at the end of its `with` block."""

    def __init__(self, settings_file: Path, *, most_files: int | None = None, **settings: object) -> None:
        self._file = settings_file.with_name(f"tracking-{next(_numbers)}.env")
        lines = {"TRACKING_PORT": 0, "DATABASE_TIMEOUT_SECONDS": 1, "HITS_PER_MINUTE_AND_LINK": 10**9} | settings
        self._file.write_text(settings_file.read_text() + "".join(f"{name}={value}\n" for name, value in lines.items()))
        self.log = self._file.with_suffix(".log")
        self.url = ""
        self._command = ["-m", "tracking_service"] if most_files is None else ["-c", _WITH_FEW_FILES, str(most_files)]
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "ServiceProcess":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self._command],
                env={"PATH": os.environ["PATH"], "LEADGEN_ENV_FILE": str(self._file)},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        line = self.process.stdout.readline()
        assert line.startswith("tracking service on http://127.0.0.1:"), line + self.log.read_text()
        self.url = line.split()[-1]

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def terminate(self) -> tuple[int, float]:
        """Ask it to stop; returns its exit code and how many seconds it took."""
        began = time.monotonic()
        code = self._end(signal.SIGTERM)
        return code, time.monotonic() - began

    def get(self, path: str, **options: Any) -> httpx.Response:
        return httpx.get(self.url + path, timeout=10, verify=False, **({"headers": PERSON} | options))

    def _end(self, number: int) -> int:
        self.process.send_signal(number)
        code = self.process.wait(timeout=10)
        self.process.stdout.close()
        return code


@dataclass
class Load:
    """Many clients at once; every hit carries a mark of its own in its user agent, so that it can be found again."""

    paths: list[str]
    acknowledged: set[str] = field(default_factory=set)
    refused: int = 0
    slowest_seconds: float = 0.0

    async def run(self, service: ServiceProcess, over: asyncio.Event, *, clients: int = 12) -> None:
        async with httpx.AsyncClient(timeout=10, verify=False, limits=httpx.Limits(max_connections=clients)) as http:
            await asyncio.gather(*(self._client(http, service, over, number) for number in range(clients)))

    async def more(self, hits: int) -> None:
        """Wait until so many more were acknowledged."""
        goal = len(self.acknowledged) + hits
        async with asyncio.timeout(20):
            while len(self.acknowledged) < goal:
                await asyncio.sleep(0.01)

    async def _client(self, http: httpx.AsyncClient, service: ServiceProcess, over: asyncio.Event, number: int) -> None:
        for turn in count():
            if over.is_set():
                return
            mark = f"{BROWSER} hit/{uuid4().hex}"
            began = time.monotonic()
            try:
                response = await http.get(
                    service.url + self.paths[(number + turn) % len(self.paths)],
                    headers={"User-Agent": mark, "Accept-Language": "fi"},
                )
            except httpx.TransportError:
                await asyncio.sleep(0.02)
                continue
            self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)
            if response.status_code in {200, 302}:
                self.acknowledged.add(mark)
            else:
                self.refused += 1


_numbers = count(1)
