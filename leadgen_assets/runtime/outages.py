"""Crashes of a rehearsal's own database and tracking service, by SIGKILL as a failing machine would, and their return.

When they happen is decided by the rehearsal's faults.
"""

import time
from concurrent.futures import Future, ThreadPoolExecutor

import psutil

from leadgen_assets.runtime.processes import Processes, StartError
from leadgen_assets.storage.embedded_postgres import EmbeddedPostgres

SERVICE = "tracking_service"
_PATIENCE_SECONDS = 30.0
_PAUSE_SECONDS = 0.02


class Outages:
    """Ends only processes that this rehearsal started: the postmaster named in its own folder, and its own child."""

    def __init__(self, server: EmbeddedPostgres, processes: Processes, *, service_port: int) -> None:
        self._server, self._processes, self._port = server, processes, service_port
        self._starter = ThreadPoolExecutor(1, "database-restart")
        self._restart: Future[None] | None = None

    def crash_database(self) -> None:
        """Kill the postmaster and start another in the background: whoever calls may be holding up the mail."""
        self.await_database()
        postmaster = psutil.Process(self._server.postmaster_pid)
        family = [*postmaster.children(recursive=True), postmaster]
        postmaster.kill()
        self._restart = self._starter.submit(self._start_again, family)

    def await_database(self) -> None:
        """Wait until the database answers again; what kept it from starting is raised here."""
        if self._restart is not None:
            self._restart.result()

    def crash_tracking_service(self) -> None:
        """Kill the tracking service."""
        self._processes.crash(SERVICE)

    def restart_tracking_service(self) -> None:
        """Start it again; it listens where it did before, so the links in the mail still lead to it.

        Raises:
            StartError: if it does not answer in time.
        """
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while SERVICE not in self._processes.revive():  # ever later, where it was revived before
            if time.monotonic() > deadline:
                raise StartError("The tracking service was not started again after its crash.")
            time.sleep(_PAUSE_SECONDS)
        self._processes.await_port(SERVICE, self._port, _PATIENCE_SECONDS)

    def close(self) -> None:
        """Let a restart that is under way finish."""
        self._starter.shutdown()

    def _start_again(self, family: list[psutil.Process]) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while any(_lives(process) for process in family) and time.monotonic() < deadline:
            time.sleep(_PAUSE_SECONDS)  # they notice the postmaster's end by themselves; until then the data is theirs
        self._server.start()


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
