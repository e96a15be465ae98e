"""`leadgen up` as an operator starts it: a process of its own with a home and ports of its own, watched and killed by tests."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import psutil

from tests.rehearsals import LEADGEN

SMALL = ("--days", "1", "--leads", "24")
_STANDS = "Ctrl-C stops everything."


class Standing:
    """Everything that `leadgen up` starts in one home; may be ended and started again.

    Attributes:
        home: LEADGEN_HOME; the rehearsal is in `home/town`.
        ui: address of the Dagster UI.
        service: address of the tracking service.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self._log = home.with_name(f"{home.name}.log")
        self._process: subprocess.Popen[bytes] | None = None
        tracking_port, dagster_port = _free_ports()
        self.ui, self.service = f"http://127.0.0.1:{dagster_port}", f"http://127.0.0.1:{tracking_port}"
        self.environment = {"TRACKING_PORT": str(tracking_port), "DAGSTER_PORT": str(dagster_port)}
        self._folder = home.with_name(f"{home.name}-cwd")
        self._folder.mkdir()

    @property
    def pid(self) -> int:
        """The process that the operator started."""
        assert self._process is not None
        return self._process.pid

    def start(self, arguments: Sequence[str] = SMALL, timeout_seconds: float = 240) -> str:
        """Start it and wait until it stands; returns what it said."""
        bare = {"PATH": os.environ["PATH"], "HOME": str(self._folder), "LEADGEN_HOME": str(self.home)}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [LEADGEN, "up", *arguments],
                env=bare | self.environment,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + timeout_seconds
        while _STANDS not in self.said:
            assert self._process.poll() is None, f"`leadgen up` ended: {self.said}"
            assert time.monotonic() < deadline, f"`leadgen up` does not stand: {self.said}"
            time.sleep(0.2)
        return self.said

    @property
    def said(self) -> str:
        """What it printed since it was started."""
        return self._log.read_text(errors="replace")

    def stop(self, number: signal.Signals = signal.SIGINT, timeout_seconds: float = 60) -> float:
        """Send a signal and wait for the end; returns the seconds that it took."""
        assert self._process is not None
        asked = time.monotonic()
        self._process.send_signal(number)
        self._process.wait(timeout_seconds)
        return time.monotonic() - asked

    def kill(self, *, but: Sequence[str] = ()) -> None:
        """End the started process and all that it started with SIGKILL, the database included.

        Args:
            but: words of the commands that are left alive.
        """
        running = [psutil.Process(pid) for pid in self.pids()]
        found = [process for process in running if not set(but) & set(process.cmdline())]
        for process in found:
            process.kill()
        assert self._process is not None
        self._process.wait()
        psutil.wait_procs(found, timeout=10)

    def end(self) -> None:
        """Leave nothing behind, whatever happened."""
        if self._process is not None and self._process.poll() is None:
            self.stop()
        for pid in self.pids():
            psutil.Process(pid).kill()

    def pids(self) -> list[int]:
        """Every running process that was started with this home."""
        found, needle = [], str(self.home).encode()
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if needle in (process / "cmdline").read_bytes() or needle in (process / "environ").read_bytes():
                    found.append(int(process.name))
            except OSError:
                continue
        return found

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data that the UI's GraphQL answers."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        with urlopen(Request(f"{self.ui}/graphql", body, {"content-type": "application/json"}), timeout=30) as answer:
            found = json.load(answer)
        assert "errors" not in found, found
        return found["data"]

    def runs(self) -> dict[str, dict[str, Any]]:
        """Dagster's runs by id: jobName, status, tags."""
        query = "{runsOrError(limit: 500) {... on Runs {results {runId jobName status tags {key value}}}}}"
        return {run["runId"]: run for run in self.ask(query)["runsOrError"]["results"]}

    def ledger_url(self, database: str = "leadgen") -> str:
        """The database under the home."""
        socket_folder = next((self.home / "town" / "postgres").glob("socket"))
        return f"postgresql://postgres@/{database}?host={socket_folder}"


def _free_ports() -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
