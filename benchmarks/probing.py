"""Probe sites on loopback, and compare with a bare httpx loop that asks the same names and fetches the same addresses.

`uv run python benchmarks/probing.py [--leads 10000] [--small 1000] [--concurrency 20 100] [--latency 0.05] [--timeout 1] [--json]`
exits 0 only if the wall time is at most 1.3 times the loop's, memory is flat and under 400 MB, and the servers counted that
the loop asked no more than the prober did. 3 % of the leads have a host that never answers.
"""

import argparse
import asyncio
import json
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import trustme

from benchmarks.separate_process import apart, peak_megabytes, seconds_of

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
MOST_TIMES, MOST_MEGABYTES, MOST_GROWTH = 1.3, 400, 1.25
MOST_MORE_ASKED = 1.001  # a question that was lost is asked again
LEAST_TIMEOUTS = 0.03
LEFT_ALONE = frozenset({"over_budget", "disallowed", "robots_unknown"})


def main() -> int:
    """Start the sites, probe, replay, print and compare."""
    asked = _arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ca = trustme.CA()
        ca.cert_pem.write_to_path(str(folder / "ca.pem"))
        ca.issue_cert("*.sites.test").private_key_and_cert_chain_pem.write_to_path(str(folder / "site.pem"))
        server = subprocess.Popen(
            [sys.executable, ROOT / "benchmarks" / "loopback_sites.py", folder, str(asked.latency)]
        )
        try:
            while not (folder / "ports.json").exists():
                time.sleep(0.05)
            results = [_compare(Sites(server, folder), concurrency, asked) for concurrency in asked.concurrency]
        finally:
            server.kill()
            server.wait()
    failed = [problem for result in results for problem in result["failed"]]
    print(json.dumps({"results": results, "failed": failed}, indent=None if asked.json else 2))
    return 1 if failed else 0


class Sites:
    """The servers, and what they counted."""

    def __init__(self, server: subprocess.Popen[bytes], folder: Path) -> None:
        self._server, self.folder = server, folder

    def counted(self, work: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
        """The result of some work in a process of its own, with the questions and requests that arrived meanwhile."""
        self._counts()
        measured = apart(work, self.folder, *arguments)
        return measured | {f"{name}_counted": count for name, count in self._counts().items()}

    def _counts(self) -> dict[str, int]:
        file = self.folder / "counts.json"
        file.unlink(missing_ok=True)
        self._server.send_signal(signal.SIGUSR1)
        while not file.exists():
            time.sleep(0.02)
        counts: dict[str, int] = json.loads(file.read_text())
        return counts


def _compare(sites: Sites, concurrency: int, asked: argparse.Namespace) -> dict[str, Any]:
    few = sites.counted(_probe, asked.small, concurrency, asked.timeout)
    # taken in turn, so that a machine that others use slows both
    rounds = [
        (
            sites.counted(_probe, asked.leads, concurrency, asked.timeout),
            sites.counted(_replay, concurrency, asked.timeout),
        )
        for _ in range(asked.rounds)
    ]
    ours, bare = min((one for one, _ in rounds), key=seconds_of), min((one for _, one in rounds), key=seconds_of)
    result: dict[str, Any] = {
        "concurrency": concurrency, "leads": asked.leads, "seconds": ours["seconds"], "bare_seconds": bare["seconds"],
        "times": round(ours["seconds"] / bare["seconds"], 3), "cpu_seconds": ours["cpu_seconds"], "bare_cpu_seconds": bare["cpu_seconds"],
        "questions": ours["questions_counted"], "bare_questions": bare["questions_counted"],
        "requests": ours["requests_counted"], "bare_requests": bare["requests_counted"], "timeouts": ours["timeouts"],
        "megabytes": ours["megabytes"], "megabytes_of_few": few["megabytes"], "few": asked.small, "bare_megabytes": bare["megabytes"],
    }  # fmt: skip
    bars = {
        f"concurrency {concurrency}: more than {MOST_TIMES} times the bare loop": result["times"] <= MOST_TIMES,
        f"concurrency {concurrency}: more than {MOST_MEGABYTES} MB": result["megabytes"] <= MOST_MEGABYTES,
        f"concurrency {concurrency}: memory grows": result["megabytes"] <= MOST_GROWTH * few["megabytes"],
        f"concurrency {concurrency}: the bare loop asked more": all(
            bare[f"{what}_counted"] <= MOST_MORE_ASKED * ours[f"{what}_counted"] for what in ("questions", "requests")
        ),
        f"concurrency {concurrency}: too few time-outs": result["timeouts"] >= LEAST_TIMEOUTS * asked.leads,
    }
    return result | {"failed": [problem for problem, holds in bars.items() if not holds]}


def _probe(folder: Path, leads: int, concurrency: int, timeout_seconds: float) -> dict[str, Any]:
    """Probe as the stage does; what was asked is written to a file as it goes."""
    from leadgen_assets.settings import Settings
    from leadgen_assets.stages.qualification import probe_leads
    from tracking_service.clock import SystemClock

    ports = json.loads((folder / "ports.json").read_text())
    settings = Settings(
        leadgen_home=folder, dns_resolvers=(f"127.0.0.1:{ports['dns']}",), candidate_tlds=("test",), ca_file=folder / "ca.pem",
        web_dial_map={"*:80": f"127.0.0.1:{ports['http']}", "*:443": f"127.0.0.1:{ports['https']}"},
        probe_timeout_seconds=timeout_seconds, probe_concurrency=concurrency,
    )  # fmt: skip
    counts = {"timeouts": 0}
    with (folder / "asked.jsonl").open("w") as file:

        def store(lead: Any, rows: list[dict[str, Any]]) -> None:
            json.dumps(rows, ensure_ascii=False)  # what the journal does with them
            names = [
                row["url"] for row in rows if row["kind"] == "dns" for _ in json.loads(row["detail_json"])["asked"]
            ]
            urls = [
                row["url"] for row in rows if row["kind"] in {"http", "robots"} and row["outcome"] not in LEFT_ALONE
            ]
            counts["timeouts"] += sum(row["outcome"] == "timeout" for row in rows)
            file.write(json.dumps([names, urls]) + "\n")

        began, cpu = time.monotonic(), time.process_time()
        asyncio.run(probe_leads(settings, SystemClock(), _Leads(leads), store))
        return _measured(began, cpu) | counts


class _Leads:
    """So many leads, made as they are asked for, so that memory is the prober's own."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Any:
        from loopback_sites import kind_of, name_of

        for number in range(self._count):
            listed = f"https://b{number}.sites.test/" if kind_of(number) != "none" else None
            yield {
                "lead_id": str(number), "name": name_of(number), "city": "Helsinki", "country": "FI", "phone": "+358950001234",
                "address": "Testikatu 12, 00100 Helsinki", "website": listed, "first_seen_on": date(2026, 3, 2),
            }  # fmt: skip


def _replay(folder: Path, concurrency: int, timeout_seconds: float) -> dict[str, Any]:
    from baselines.bare_loop import run

    asked = [json.loads(line) for line in (folder / "asked.jsonl").open()]
    tls = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    ports = json.loads((folder / "ports.json").read_text())
    began, cpu = time.monotonic(), time.process_time()
    asyncio.run(run(asked, ports=ports, tls=tls, concurrency=concurrency, timeout_seconds=timeout_seconds))
    return _measured(began, cpu)


def _measured(began: float, cpu: float) -> dict[str, Any]:
    seconds = {"seconds": round(time.monotonic() - began, 2), "cpu_seconds": round(time.process_time() - cpu, 2)}
    return seconds | {"megabytes": peak_megabytes()}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Probe sites on loopback and compare with a bare httpx loop.")
    parser.add_argument("--leads", type=int, default=10_000)
    parser.add_argument("--small", type=int, default=1_000, help="leads of the small case, for memory")
    parser.add_argument("--concurrency", type=int, nargs="+", default=[20, 100])
    parser.add_argument("--latency", type=float, default=0.05, help="seconds before a site answers")
    parser.add_argument("--timeout", type=float, default=1.0, help="seconds before an answer is given up")
    parser.add_argument("--rounds", type=int, default=1, help="the fastest of each counts")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
