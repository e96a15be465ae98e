"""Rehearsals as an operator starts them, each once per test session whichever worker asks first, and what they left behind."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

LEADGEN = str(Path(sys.executable).with_name("leadgen"))
TOWN = ("--leads", "30", "--days", "2")
# A network namespace has its own loopback, which is down until somebody lifts it (SIOCSIFFLAGS; IFF_UP, IFF_RUNNING).
_WITH_LOOPBACK = (
    "import fcntl, os, socket, struct, sys;"
    "fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sH14x', b'lo', 0x41));"
    "os.execv(sys.argv[1], sys.argv[1:])"
)
WITHOUT_ROUTES = ("unshare", "--net", sys.executable, "-c", _WITH_LOOPBACK)


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One finished `leadgen rehearse --json`.

    Attributes:
        home: its LEADGEN_HOME; the rehearsal's own folder is `home/rehearsal`.
        code: the exit code.
        output: standard output.
        errors: standard error.
        left: command lines of processes that still ran afterwards.
    """

    home: str
    code: int
    output: str
    errors: str
    left: list[str]

    @property
    def result(self) -> dict[str, Any]:
        """The JSON object; a test fails here with everything that was said instead."""
        assert self.output.startswith("{"), self.errors
        return json.loads(self.output)

    @property
    def folder(self) -> Path:
        """Everything the rehearsal wrote."""
        return Path(self.home) / "rehearsal"

    @property
    def counts(self) -> dict[str, int]:
        """The figures that depend on the seed alone."""
        return {name: n for name, n in self.result.items() if isinstance(n, int)}

    @property
    def failed(self) -> list[dict[str, str]]:
        """The checks that failed."""
        return [check for check in self.result["checks"] if check["state"] == "failed"]

    def check(self, name: str) -> dict[str, str]:
        """One line of the verdict."""
        return next(check for check in self.result["checks"] if check["name"] == name)


class Rehearsals:
    """Runs each named rehearsal once and remembers it in a folder that all workers of a session share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def get(
        self,
        name: str,
        *arguments: str | Path,
        wrapper: Sequence[str] = (),
        environment: dict[str, str] | None = None,
    ) -> Rehearsed:
        """The rehearsal of that name; run now unless some worker has run it.

        Args:
            name: of its folder; the same name must always come with the same arguments.
            arguments: of `leadgen rehearse`.
            wrapper: a command that starts the command it is given.
            environment: further variables of the process.
        """
        kept = self.folder / f"{name}.json"
        with (self.folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                done = self._run(self.folder / name, list(map(str, arguments)), list(wrapper), environment or {})
                kept.write_text(json.dumps(asdict(done)))
            return Rehearsed(**json.loads(kept.read_text()))

    def town(self) -> Rehearsed:
        """The one that most tests look at: 30 leads over two days."""
        return self.get("town", *TOWN)

    def _run(self, home: Path, arguments: list[str], wrapper: list[str], environment: dict[str, str]) -> Rehearsed:
        done = run_leadgen("rehearse", "--json", *arguments, home=home, wrapper=wrapper, environment=environment)
        return Rehearsed(str(home), done.returncode, done.stdout, done.stderr, processes_of(home))


def run_leadgen(
    *arguments: str,
    home: Path,
    wrapper: Sequence[str] = (),
    environment: dict[str, str] | None = None,
    folder: Path | None = None,
    timeout_seconds: float = 240,
) -> subprocess.CompletedProcess[str]:
    """One command of the product in a process of its own, with nothing but these settings.

    Args:
        arguments: the command and its options.
        home: LEADGEN_HOME.
        wrapper: a command that starts the command it is given.
        environment: further variables.
        folder: the working directory, where `.env` is read; an empty one if left out.
        timeout_seconds: after which the test fails.
    """
    if folder is None:
        folder = home.parent / f"{home.name}-cwd"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    bare = {"PATH": os.environ["PATH"], "HOME": str(folder), "LEADGEN_HOME": str(home), "COLUMNS": "400"}
    return subprocess.run(
        [*wrapper, LEADGEN, *arguments],
        env=bare | (environment or {}),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_seconds,
        stdin=subprocess.DEVNULL,
    )


def processes_of(home: Path) -> list[str]:
    """Command lines of all running processes that were started with this home."""
    found, needle = [], str(home).encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            if needle in command or needle in (process / "environ").read_bytes():
                found.append(command.replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return found


def namespaces_refused() -> str | None:
    """Why this machine gives us no network namespace, or None where it does."""
    if shutil.which("unshare") is None:
        return "unshare is not installed"
    done = subprocess.run(
        [*WITHOUT_ROUTES, "/bin/true"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    return None if done.returncode == 0 else f"no network namespace is allowed here ({done.stderr.strip()[-100:]})"
