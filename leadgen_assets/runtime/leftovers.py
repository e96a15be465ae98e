"""What a killed `up` or rehearsal left behind: processes that are provably ours are ended before the next start.

Every child is written down beside the data that it serves, with its process id and the moment it was started, which
together no other process has. The embedded PostgreSQL keeps such a file of its own.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

_TERMINATE_SECONDS = 4.0


class ProcessRecords:
    """The folder of process records of one home, one JSON file per child."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, name: str, pid: int) -> None:
        """Note a child that was just started."""
        try:
            started = psutil.Process(pid).create_time()
        except psutil.NoSuchProcess:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / f"{name}.json").write_text(json.dumps({"pid": pid, "started": started}))

    def remove(self, name: str) -> None:
        """Forget a child that ended."""
        (self._folder / f"{name}.json").unlink(missing_ok=True)

    def living(self) -> dict[str, psutil.Process]:
        """The recorded processes that still run, by name."""
        found = {}
        for file in sorted(self._folder.glob("*.json")):
            try:
                record = json.loads(file.read_text())
                process = psutil.Process(int(record["pid"]))
                if process.create_time() == record["started"] and process.status() != psutil.STATUS_ZOMBIE:
                    found[file.stem] = process
            except (psutil.NoSuchProcess, ValueError, KeyError, TypeError):
                continue  # it ended, or was killed while it wrote: there is nothing to end
        return found

    def end_all(self) -> list[str]:
        """End every recorded process that still runs, with all its descendants; returns their names."""
        living = self.living()
        end_processes(living.values())
        for file in self._folder.glob("*.json"):
            file.unlink(missing_ok=True)
        return list(living)


def family_of(process: psutil.Process) -> list[psutil.Process]:
    """A process and all its descendants, also those in sessions of their own."""
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def end_processes(processes: Iterable[psutil.Process], grace_seconds: float = _TERMINATE_SECONDS) -> None:
    """End processes and their descendants: politely, then by force."""
    family = {member for process in processes for member in family_of(process)}
    for member in family:
        _send(member.terminate)
    _, alive = psutil.wait_procs(family, timeout=grace_seconds)
    for member in alive:
        _send(member.kill)
    psutil.wait_procs(alive, timeout=1.0)


def _send(signal: Callable[[], None]) -> None:
    try:
        signal()
    except psutil.NoSuchProcess:
        return
