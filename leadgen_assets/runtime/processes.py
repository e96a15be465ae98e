"""Child processes of `up` and of a rehearsal: started with one settings file, stopped together within a bound."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import psutil

from leadgen_assets.runtime.leftovers import ProcessRecords, end_processes, family_of

TERMINATE_SECONDS = 4.0
_LONGEST_PAUSE_SECONDS = 60.0  # between two attempts to revive a child that does not stay alive


class StartError(Exception):
    """A process did not start, or its port is taken; the message says what to mend."""


class Processes:
    """The children of this process, by name; a context manager that ends them all.

    Every one writes its output to a log file of its own, the one before kept beside it, and is recorded, so that the
    next start can end it if this process is killed. May be used from several threads.

    Attributes:
        environment: what children started from now on inherit.
        at_end: what is to be done once all have ended.
    """

    def __init__(self, home: Path, environment: Mapping[str, str]) -> None:
        self._logs = home / "logs"
        self._records = ProcessRecords(record_folder(home))
        self.environment = dict(environment)
        self.at_end = ExitStack()
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._arguments: dict[str, list[str]] = {}
        self._revivals: dict[str, list[float]] = {}
        self._lock = threading.RLock()
        self._deadline: float | None = None  # once set, children are being ended and none is started any more
        self._family: set[psutil.Process] = set()
        self._logs.mkdir(parents=True, exist_ok=True)
        in_main_thread = threading.current_thread() is threading.main_thread()
        if in_main_thread and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)  # else children ignore it, and SIGTERM too

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, name: str, arguments: Sequence[str]) -> None:
        """Start `python ARGUMENTS` in a session of its own, so that Ctrl-C reaches this process alone."""
        with self._lock:
            if self._deadline is not None:
                return
            self._arguments[name] = list(arguments)
            if self.log(name).exists():
                self.log(name).replace(self.log(f"{name}.before"))
            with self.log(name).open("wb") as log:
                child = subprocess.Popen(
                    [sys.executable, *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=self.environment,
                    start_new_session=True,
                )
            self._children[name] = child
            self._records.write(name, child.pid)

    def log(self, name: str) -> Path:
        """Where a child's output goes."""
        return self._logs / f"{name}.log"

    def await_line(self, name: str, marker: str, timeout_seconds: float) -> str:
        """The first line of a child's output that contains a marker.

        Raises:
            StartError: if the child ends, or says nothing of the kind in time.
        """
        found: list[str] = []

        def said() -> bool:
            lines = self.log(name).read_text(errors="replace").splitlines(keepends=True)
            found.extend(line.rstrip() for line in lines if marker in line and line.endswith("\n"))
            return bool(found)

        self._await(name, said, timeout_seconds)
        return found[0]

    def await_port(self, name: str, port: int, timeout_seconds: float) -> None:
        """Return once a child accepts connections on a port of 127.0.0.1.

        Raises:
            StartError: if it ends, or does not in time.
        """

        def answers() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        self._await(name, answers, timeout_seconds)

    def await_path(self, name: str, path: Path, timeout_seconds: float) -> None:
        """Return once a child made a file, such as its socket.

        Raises:
            StartError: if it ends, or does not in time.
        """
        self._await(name, path.exists, timeout_seconds)

    def revive(self) -> list[str]:
        """Start again every child that ended, ever less often one that does not stay alive; returns their names."""
        with self._lock:
            now = time.monotonic()
            ended = [
                name
                for name, child in self._children.items()
                if child.poll() is not None and now >= self._may_revive_at(name)
            ]
            for name in ended:
                self._revivals.setdefault(name, []).append(now)
                self.start(name, self._arguments[name])
            return [] if self._deadline is not None else ended

    def crash(self, name: str) -> None:
        """End a child at once and without warning; only `revive` starts it again."""
        with self._lock:
            self._children[name].kill()
            self._children[name].wait()

    def restart(self, name: str) -> None:
        """End one child and start it again, for what it only reads when it starts."""
        with self._lock:
            if self._deadline is None and name in self._children:
                end_processes([psutil.Process(self._children[name].pid)])
                self._children[name].wait()
                self.start(name, self._arguments[name])

    def ask_to_end(self) -> None:
        """Ask every child to end, without waiting; from now on none is started."""
        with self._lock:
            if self._deadline is not None:
                return
            self._deadline = time.monotonic() + TERMINATE_SECONDS
            for child in self._children.values():
                if child.poll() is None:
                    self._family |= set(_family(child.pid))
                    _signal_group(child.pid, signal.SIGTERM)

    def stop(self) -> None:
        """End every child and its descendants: politely, then by force four seconds after they were first asked."""
        self.ask_to_end()
        for name, child in self._children.items():
            try:
                child.wait(max(0.01, (self._deadline or 0) - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._family |= set(_family(child.pid))
                child.kill()
                child.wait()
            _signal_group(child.pid, signal.SIGKILL)
            self._records.remove(name)
        _, alive = psutil.wait_procs(self._family, timeout=max(0.01, (self._deadline or 0) - time.monotonic()))
        for process in alive:
            process.kill()  # compares the moment of its start first, so it can only be ours
        self._children.clear()
        self.at_end.close()

    def _await(self, name: str, holds: Callable[[], bool], timeout_seconds: float) -> None:
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline and self._deadline is None:
            ended = self._children[name].poll() is not None
            if holds():
                return
            if ended:
                break
            time.sleep(0.05)
        raise StartError(f"{name} did not start; the last line of {self.log(name)} is: {self._last_line(name)}")

    def _may_revive_at(self, name: str) -> float:
        revivals = self._revivals.get(name)
        if not revivals:
            return 0.0
        return revivals[-1] + min(_LONGEST_PAUSE_SECONDS, 2.0 ** len(revivals))

    def _last_line(self, name: str) -> str:
        return (self.log(name).read_text(errors="replace").strip().splitlines() or ["(nothing)"])[-1][:300]


def record_folder(home: Path) -> Path:
    """Where the children of a home are written down."""
    return home / "processes"


def require_free_port(port: int, host: str, setting: str) -> None:
    """Refuse early and in one sentence.

    Raises:
        StartError: if something listens there already.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise StartError(
                f"Port {port} on {host} cannot be used ({error.strerror}): end what listens there, or set {setting}."
            ) from None


def _family(pid: int) -> list[psutil.Process]:
    try:
        return family_of(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return []


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return
