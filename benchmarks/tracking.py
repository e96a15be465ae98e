"""How many hits a second the tracking service acknowledges, next to the specification's design and its own ceiling.

`uv run python -m benchmarks.tracking [--rounds 3] [--seconds 20] [--json]` takes turns, within one run, between
the specification's design, the product and the product without a database, one worker each, under wrk with 64 connections
(80 % opens, 20 % clicks) on a real PostgreSQL with its default durability. The messages are so many that hits of one
message rarely come together, which would be judged as a scanner's, and so few that most have hits before: several a
message, as in life. Ratios are taken within each round, whose servers ran right after one another, and their median over
the rounds counts: a shared machine may change its speed by half within minutes. Exit 0 only if everything holds, 1 if
something does not, 2 if something could not be measured.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import psycopg

from benchmarks.tracking_servers import (
    Server,
    baseline,
    ceiling,
    database_processor_seconds,
    product,
    wanted_and_stolen_seconds,
)
from leadgen_assets.storage.embedded_postgres import EmbeddedPostgres
from leadgen_assets.storage.migrations import migrate

CONNECTIONS = 64
TIMES_THE_BASELINE = 20.0
SHARE_OF_THE_CEILING = 0.4
RESIDENT_MB = 64.0
START_SECONDS = 1.0
MUCH_STOLEN = 0.05
_WARM_UP_SECONDS = 3.0
_QUIET_SECONDS = 4  # `hits.lua` waits this long for the last answers
_LATENCY_SECONDS = 5.0
_Start = Callable[[EmbeddedPostgres, Path, int], AbstractContextManager[Server]]
_SERVERS: dict[str, _Start] = {"baseline": baseline, "product": product, "ceiling": ceiling}


@dataclass(frozen=True, slots=True)
class Run:
    """One server under load once.

    Attributes:
        lost: acknowledged hits less events in the database; 0 where it has none.
        stolen: share of the processor time wanted meanwhile that the host gave to other machines, 0 to 1.
    """

    name: str
    hits: int
    hits_per_second: float
    failed: int
    lost: int
    p50_ms: float
    p99_ms: float
    resident_mb: float
    start_seconds: float
    server_us_per_hit: float
    database_us_per_hit: float
    stolen: float


def measure(name: str, postgres: EmbeddedPostgres, folder: Path, *, seconds: float, messages: int) -> Run:
    """Start one server on a fresh database, load it, and end it."""
    with _SERVERS[name](postgres, folder, messages) as server:
        _load(server, _WARM_UP_SECONDS)  # caches, connections and the first page faults are not what is measured
        warm, own, database = server.events(), server.processor_seconds(), database_processor_seconds(postgres)
        wanted, stolen = wanted_and_stolen_seconds()
        result = _load(server, seconds)
        wanted, stolen = (now - then for now, then in zip(wanted_and_stolen_seconds(), (wanted, stolen), strict=True))
        own, database = server.processor_seconds() - own, database_processor_seconds(postgres) - database
        hits, lost = result["hits"], 0 if name == "ceiling" else result["hits"] - (server.events() - warm)
        latency = _load(server, _LATENCY_SECONDS, pauses=False)  # the pause would be in it
        return Run(
            name,
            hits,
            hits / result["seconds"],
            result["failed"],
            lost,
            latency["p50_ms"],
            latency["p99_ms"],
            server.resident_mb(),
            server.start_seconds,
            own / hits * 1e6,
            database / hits * 1e6,
            stolen / wanted,
        )


def _load(server: Server, seconds: float, *, pauses: bool = True) -> dict[str, float]:
    """Load a server; without the pause at the end the count of hits means nothing, and the latencies do."""
    script = Path(__file__).with_name("hits.lua")
    duration, limit = (int(seconds) + _QUIET_SECONDS, seconds) if pauses else (int(seconds), 2 * seconds)
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{duration}s", "--timeout", "10s", "--latency"]
    command += ["-s", str(script), server.url, "--", str(server.tokens), str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60)
    return json.loads(done.stdout.rpartition("RESULT ")[2])


def checks(runs: list[Run]) -> dict[str, bool]:
    """What must hold, by its name in words; what was not measured is missing."""
    ours = [run for run in runs if run.name == "product"]
    found = {
        "every acknowledged hit is in the database, and no other": all(run.lost == 0 for run in runs),
        "no request failed": all(run.failed == 0 for run in runs),
        f"resident under {RESIDENT_MB:g} MB": all(run.resident_mb < RESIDENT_MB for run in ours),
        f"starts in under {START_SECONDS:g} second": all(run.start_seconds < START_SECONDS for run in ours),
        f"at least {SHARE_OF_THE_CEILING:g} of the ceiling": median(product_to(runs, "ceiling"))
        >= SHARE_OF_THE_CEILING,
    }
    if any(run.name == "baseline" for run in runs):
        name = f"at least {TIMES_THE_BASELINE:g} times the baseline"
        found[name] = median(product_to(runs, "baseline")) >= TIMES_THE_BASELINE
    return found


def product_to(runs: list[Run], other: str) -> list[float]:
    """The product's hits a second to another server's, for each round."""
    products, others = ([run.hits_per_second for run in runs if run.name == name] for name in ("product", other))
    return [product / rate for product, rate in zip(products, others, strict=True)]


def table(runs: list[Run]) -> str:
    """Medians and ranges of the rounds in Markdown, and the ratios."""
    lines = [
        "| server | hits/s (range) | p50 / p99 ms | resident MB | µs a hit: server + PostgreSQL | stolen by the host | acknowledged, not stored |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(run.name for run in runs):
        own = [run for run in runs if run.name == name]
        rates = [run.hits_per_second for run in own]

        def middle(field: str, own: list[Run] = own) -> float:
            return median(getattr(run, field) for run in own)

        lines.append(
            f"| {name} | {median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f})"
            f" | {middle('p50_ms'):.1f} / {middle('p99_ms'):.1f} | {max(run.resident_mb for run in own):.0f}"
            f" | {middle('server_us_per_hit'):.0f} + {middle('database_us_per_hit'):.0f}"
            f" | {middle('stolen'):.0%}"
            f" | {'none kept' if name == 'ceiling' else sum(run.lost for run in own)} |"
        )
    shares = product_to(runs, "ceiling")
    ratios = [f"{median(shares):.2f} of the ceiling ({min(shares):.2f} to {max(shares):.2f})"]
    if any(run.name == "baseline" for run in runs):
        times = product_to(runs, "baseline")
        ratios.append(f"{median(times):.1f} times the baseline ({min(times):.1f} to {max(times):.1f})")
    ratios.append(
        f"answers {max(run.start_seconds for run in runs if run.name == 'product'):.2f} s after its start at most"
    )
    return "\n".join([*lines, "", f"The product: {', '.join(ratios)}."])


def missing() -> list[str]:
    """What cannot be measured here, and what to mend."""
    found = []
    if shutil.which("wrk") is None:
        found.append("everything: `wrk` is not installed (apt-get install wrk)")
    if find_spec("fastapi") is None or find_spec("asyncpg") is None:
        found.append("the baseline: its packages are not installed (uv sync --group benchmarks)")
    return found


def main() -> int:
    """Measure and print; the exit code of the process."""
    parser = argparse.ArgumentParser(description="Hits a second of the tracking service.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument(
        "--only", choices=list(_SERVERS), action="append", help="leave out the other servers; proves nothing"
    )
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    skipped = missing()
    for reason in skipped:
        print(f"Skipped {reason}.", file=sys.stderr)
    if shutil.which("wrk") is None:
        return 2
    names = [name for name in _SERVERS if name in (asked.only or _SERVERS) and not (name == "baseline" and skipped)]
    runs = []
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "pg") as postgres:
        Path(folder).chmod(0o755)  # as root the server runs as another user
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE template_ledger")
            durable = [connection.execute(f"SHOW {name}").fetchone()[0] for name in ("fsync", "synchronous_commit")]
        migrate(postgres.url("template_ledger"))
        for number in range(asked.rounds):
            for name in names:
                runs.append(measure(name, postgres, Path(folder), seconds=asked.seconds, messages=asked.messages))
                if not asked.json:
                    print(f"round {number + 1}: {name} {runs[-1].hits_per_second:,.0f} hits/s", file=sys.stderr)
    if asked.only:
        print(json.dumps([asdict(run) for run in runs], indent=1))
        return 2
    found = {"PostgreSQL's durability is on": durable == ["on", "on"], **checks(runs)}
    if asked.json:
        print(json.dumps({"checks": found, "skipped": skipped, "runs": [asdict(run) for run in runs]}))
    else:
        print(table(runs))
        if (stolen := median(run.stolen for run in runs)) > MUCH_STOLEN:
            print(
                f"The host gave {stolen:.0%} of the processor to others: the servers that use both cores lose most by it."
            )
        print("\n".join(f"{'holds' if holds else 'FAILS'}: {name}" for name, holds in found.items()))
    return (2 if skipped else 0) if all(found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
