"""Child processes of `up` and of a rehearsal: started with one settings file, stopped together within a bound."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

TERMINATE_SECONDS = 6.0


class StartError(Exception):
    """A process did not start, or its port is taken; the message says what to mend."""


class Processes:
    """The children of this process, by name; every one writes its output to a log file of its own.

    Attributes:
        environment: what children started from now on inherit.
    """

    def __init__(self, log_folder: Path, environment: Mapping[str, str]) -> None:
        self._logs = log_folder
        self.environment = dict(environment)
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._arguments: dict[str, list[str]] = {}
        log_folder.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, arguments: Sequence[str]) -> None:
        """Start `python ARGUMENTS` in a process group of its own, so that Ctrl-C reaches this process alone."""
        signal.signal(
            signal.SIGINT, signal.default_int_handler
        )  # an ignored SIGINT would be inherited, and SIGTERM with it
        self._arguments[name] = list(arguments)
        with self.log(name).open("wb") as log:
            self._children[name] = subprocess.Popen(
                [sys.executable, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment,
                start_new_session=True,
            )

    def log(self, name: str) -> Path:
        """Where a child's output goes."""
        return self._logs / f"{name}.log"

    def await_line(self, name: str, marker: str, timeout_seconds: float) -> str:
        """The first line of a child's output that contains a marker.

        Raises:
            StartError: if the child ends, or says nothing of the kind in time.
        """
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            for line in self.log(name).read_text(errors="replace").splitlines():
                if marker in line:
                    return line
            if self._children[name].poll() is not None:
                break
            time.sleep(0.05)
        raise StartError(f"{name} did not start; the last line of {self.log(name)} is: {self._last_line(name)}")

    def await_port(self, name: str, port: int, timeout_seconds: float) -> None:
        """Return once a child accepts connections on a port of 127.0.0.1.

        Raises:
            StartError: if it ends, or does not in time.
        """
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline and self._children[name].poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.1)
        raise StartError(f"{name} did not start; the last line of {self.log(name)} is: {self._last_line(name)}")

    def await_path(self, name: str, path: Path, timeout_seconds: float) -> None:
        """Return once a child made a file, such as its socket.

        Raises:
            StartError: if it ends, or does not in time.
        """
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline and self._children[name].poll() is None:
            if path.exists():
                return
            time.sleep(0.05)
        raise StartError(f"{name} did not start; the last line of {self.log(name)} is: {self._last_line(name)}")

    def revive(self) -> list[str]:
        """Start again every child that ended; returns their names."""
        ended = [name for name, child in self._children.items() if child.poll() is not None]
        for name in ended:
            self.start(name, self._arguments[name])
        return ended

    def stop(self) -> None:
        """End every child: politely, then after six seconds by force, its process group included."""
        for child in self._children.values():
            _signal(child, signal.SIGTERM)
        deadline = time.monotonic() + TERMINATE_SECONDS
        for child in self._children.values():
            try:
                child.wait(max(0.01, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(child, signal.SIGKILL)
                child.wait()
            _signal(child, signal.SIGKILL)  # whatever it left behind in its group
        self._children.clear()

    def _last_line(self, name: str) -> str:
        return (self.log(name).read_text(errors="replace").strip().splitlines() or ["(nothing)"])[-1][:300]


def require_free_port(port: int, host: str, setting: str) -> None:
    """Refuse early and in one sentence.

    Raises:
        StartError: if something listens there already.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise StartError(f"Port {port} on {host} is in use: end what listens there, or set {setting}.") from None


def _signal(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        return
