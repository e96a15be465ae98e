"""Kills what the tracking service depends on, and the service itself, under load: nothing acknowledged may be missing or doubled.

`uv run python -m benchmarks.kill_tracking [--rounds 50] [--seed 1] [--json]`. Each round is one disaster: kill -9 of PostgreSQL, of
the service, of both, a restart of PostgreSQL, a kill in the middle of a replay, a disk that fills up (on a tmpfs of its own, where
mounting one is allowed). Exit 0 only if nothing is missing and nothing is stored twice, 2 if a disaster could not be tried.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import psycopg

from benchmarks.tracking_servers import sent_messages
from leadgen_assets.storage.embedded_postgres import EmbeddedPostgres
from leadgen_assets.storage.migrations import migrate
from tracking_service.links import Link, LinkSigner

_SECRET = "a-key-that-only-this-benchmark-uses"
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/145.0.0.0 Safari/537.36"
_CLIENTS = 8
_DISK_BYTES = 400_000


class Stage:
    """PostgreSQL, the service, the load on it, and what was acknowledged."""

    def __init__(self, folder: Path, postgres: EmbeddedPostgres) -> None:
        self.folder, self.postgres = folder, postgres
        self.acknowledged: set[str] = set()
        self.paths: list[str] = []
        self.counted_as_lost = 0
        self._url = ""
        self._process: subprocess.Popen[str] | None = None
        self._log = folder / "service.log"
        self.settings = folder / "service.env"
        lines = {
            "LEADGEN_HOME": folder / "home",
            "DATABASE_URL": postgres.url(),
            "APP_SECRET_KEY": _SECRET,
            "TRACKING_PORT": 0,
        }
        lines |= {
            "DATABASE_TIMEOUT_SECONDS": 1,
            "HITS_PER_MINUTE_AND_NETWORK": 10**9,
            "HITS_PER_MINUTE_AND_LINK": 10**9,
        }
        self.settings.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))

    def track(self, messages: list[UUID]) -> None:
        """Make the links of some messages."""
        signer = LinkSigner({0: _SECRET})
        for message in messages:
            self.paths.append(f"/track/open/{signer.token(Link('open', message))}")
            self.paths.append(f"/track/click/{signer.token(Link('click', message, 'https://company.test/offer'))}")

    def start_service(self) -> None:
        """Start the service; returns once it answers."""
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tracking_service"],
                env={"PATH": os.environ["PATH"], "LEADGEN_ENV_FILE": str(self.settings)},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        line = self._process.stdout.readline() if self._process.stdout else ""
        if " on http" not in line:
            raise RuntimeError(f"The service did not start: {self._log.read_text()[-500:]}")
        self._url = line.split()[-1]

    def end_service(self, number: int = signal.SIGKILL) -> None:
        """End the service by a signal; what it counted as lost is kept where it could say so."""
        if self._process is None:
            return
        self._process.send_signal(number)
        self._process.wait(timeout=15)
        if self._process.stdout:
            self._process.stdout.close()
        self._process = None
        if number == signal.SIGTERM:
            said = [json.loads(line) for line in self._log.read_text().splitlines() if '"writer_stopped"' in line]
            self.counted_as_lost += said[-1]["lost"] if said else 0

    def kill_postgres(self) -> None:
        """Kill -9 of the whole server, as a machine that dies would end it."""
        owner = self.postgres.postmaster_pid
        family = [owner, *map(int, Path(f"/proc/{owner}/task/{owner}/children").read_text().split())]
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while any(Path(f"/proc/{pid}/exe").exists() for pid in family) and time.monotonic() < deadline:
            time.sleep(0.02)

    async def load(self, over: asyncio.Event) -> None:
        """Hits from several clients until `over`; each carries a mark of its own."""
        limits = httpx.Limits(max_connections=_CLIENTS)
        async with httpx.AsyncClient(timeout=10, limits=limits) as http:
            await asyncio.gather(*(self._client(http, over, number) for number in range(_CLIENTS)))

    async def _client(self, http: httpx.AsyncClient, over: asyncio.Event, number: int) -> None:
        turn = number
        while not over.is_set():
            mark, turn = f"{_BROWSER} hit/{uuid4().hex}", turn + _CLIENTS
            headers = {"User-Agent": mark, "Accept-Language": "fi"}
            try:
                answer = await http.get(self._url + self.paths[turn % len(self.paths)], headers=headers)
            except (httpx.TransportError, httpx.InvalidURL):
                await asyncio.sleep(0.02)
                continue
            if answer.status_code in {200, 302}:
                self.acknowledged.add(mark)

    async def more(self, hits: int, seconds: float = 30) -> None:
        """Wait until so many more were acknowledged."""
        goal = len(self.acknowledged) + hits
        async with asyncio.timeout(seconds):
            while len(self.acknowledged) < goal:
                await asyncio.sleep(0.01)

    def stored(self) -> Counter[str]:
        """How often each mark is in the database."""
        with psycopg.connect(self.postgres.url()) as connection:
            rows = connection.execute("SELECT user_agent FROM email_events WHERE user_agent LIKE '%% hit/%%'")
            return Counter(row[0] for row in rows)

    def await_replay(self) -> None:
        """Wait until nothing is left in the spool."""
        deadline, spool = time.monotonic() + 60, self.folder / "home" / "spool"
        while _bytes_in(spool) and time.monotonic() < deadline:
            time.sleep(0.1)


def _bytes_in(spool: Path) -> int:
    with suppress(FileNotFoundError):  # a segment that was just replayed
        return sum(file.stat().st_size for file in spool.glob("*.spool"))
    return 1


async def _postgres_dies(stage: Stage, rng: random.Random) -> None:
    await asyncio.to_thread(stage.kill_postgres)
    await stage.more(rng.randrange(1, 60))
    await asyncio.to_thread(stage.postgres.start)


async def _service_dies(stage: Stage, rng: random.Random) -> None:
    await asyncio.to_thread(stage.end_service)
    await asyncio.to_thread(stage.start_service)


async def _both_die(stage: Stage, rng: random.Random) -> None:
    first, second = rng.sample([stage.kill_postgres, stage.end_service], 2)
    await asyncio.to_thread(first)
    await asyncio.sleep(rng.uniform(0, 0.3))
    await asyncio.to_thread(second)
    first_up, second_up = rng.sample([stage.postgres.start, stage.start_service], 2)
    await asyncio.to_thread(first_up)
    await asyncio.to_thread(second_up)


async def _postgres_restarts(stage: Stage, rng: random.Random) -> None:
    await asyncio.to_thread(stage.postgres.stop)
    await asyncio.to_thread(stage.postgres.start)


async def _service_dies_in_a_replay(stage: Stage, rng: random.Random) -> None:
    await asyncio.to_thread(stage.kill_postgres)
    await stage.more(rng.randrange(100, 300))
    await asyncio.to_thread(stage.postgres.start)
    await asyncio.sleep(rng.uniform(0, 0.6))
    await asyncio.to_thread(stage.end_service)
    await asyncio.to_thread(stage.start_service)


async def _disk_fills(stage: Stage, rng: random.Random) -> None:
    """With PostgreSQL and the disk both gone, hits are still answered, and what is lost is counted."""
    await asyncio.to_thread(stage.await_replay)
    await asyncio.to_thread(stage.end_service, signal.SIGTERM)
    spool = stage.folder / "home" / "spool"
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK_BYTES}", "tmpfs", str(spool)], check=True)
    try:
        await asyncio.to_thread(stage.start_service)
        await asyncio.to_thread(stage.kill_postgres)
        await stage.more(2 * _DISK_BYTES // 600, seconds=60)
        await asyncio.to_thread(stage.postgres.start)
        await asyncio.to_thread(stage.await_replay)
        await asyncio.to_thread(stage.end_service, signal.SIGTERM)
    finally:
        subprocess.run(["umount", "-l", str(spool)], check=True)
    await asyncio.to_thread(stage.start_service)


_Disaster = Callable[[Stage, random.Random], Awaitable[None]]
_DISASTERS: dict[str, _Disaster] = {
    "PostgreSQL killed": _postgres_dies,
    "service killed": _service_dies,
    "both killed": _both_die,
    "PostgreSQL restarted": _postgres_restarts,
    "service killed in a replay": _service_dies_in_a_replay,
    "disk full": _disk_fills,
}


def may_mount(folder: Path) -> bool:
    """Whether this user may mount a tmpfs."""
    place = folder / "mount"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if done.returncode == 0:
        subprocess.run(["umount", str(place)], check=True)
    return done.returncode == 0


async def run(stage: Stage, rounds: int, seed: int, names: list[str], *, told: bool) -> Counter[str]:
    """So many disasters under one load; how often each came."""
    rng, over, tried = random.Random(seed), asyncio.Event(), Counter()
    hits = asyncio.create_task(stage.load(over))
    for number in range(rounds):
        name = names[number] if number < len(names) else rng.choice(names)
        await stage.more(rng.randrange(5, 40))
        began = time.monotonic()
        await _DISASTERS[name](stage, rng)
        tried[name] += 1
        if told:
            seconds = time.monotonic() - began
            print(f"{number + 1}: {name}, {seconds:.1f} s, {len(stage.acknowledged)} acknowledged", file=sys.stderr)
    await stage.more(20)
    over.set()
    await hits
    return tried


def main() -> int:
    """Try, count and print; the exit code of the process."""
    parser = argparse.ArgumentParser(description="Kills around the tracking service.")
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, EmbeddedPostgres(Path(name) / "pg") as postgres:
        folder = Path(name)
        folder.chmod(0o755)  # as root the database runs as another user
        migrate(postgres.url())
        stage, names, skipped = Stage(folder, postgres), list(_DISASTERS), []
        if not may_mount(folder):
            names.remove("disk full")
            skipped = ["disk full: mounting a tmpfs is not allowed here"]
        stage.track(sent_messages(postgres.url(), 500))
        stage.start_service()
        try:
            tried = asyncio.run(run(stage, asked.rounds, asked.seed, names, told=not asked.json))
            stage.await_replay()
        finally:
            stage.end_service(signal.SIGTERM)
        stored = stage.stored()
    missing = len(stage.acknowledged - set(stored))
    twice = sum(times - 1 for times in stored.values())
    unaccounted = max(0, missing - stage.counted_as_lost)
    result = {
        "rounds": asked.rounds, "disasters": dict(tried), "skipped": skipped, "acknowledged": len(stage.acknowledged),
        "missing": unaccounted, "stored_twice": twice, "counted_as_lost": stage.counted_as_lost,
    }  # fmt: skip
    if asked.json:
        print(json.dumps(result))
    else:
        print("\n".join(f"{times} times: {disaster}" for disaster, times in tried.items()))
        print("".join(f"skipped: {reason}\n" for reason in skipped), end="")
        print(f"acknowledged events: {len(stage.acknowledged)}")
        print(f"answered while the disk was full, and counted as lost: {stage.counted_as_lost}")
        print(f"acknowledged events missing: {unaccounted}")
        print(f"events stored twice: {twice}")
    return 1 if unaccounted or twice else 2 if skipped else 0


if __name__ == "__main__":
    sys.exit(main())
