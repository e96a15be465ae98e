"""Running the sender as a process of its own, so that what started it may die or be cancelled without cutting a
message off. Imports neither Dagster nor polars.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime

from leadgen_assets.sender.batch import Summary
from tracking_service.settings import env_file

_GRACE_SECONDS = 5.0


class SenderDiedError(Exception):
    """The sender ended without saying what it did; what it sent is in the ledger. `killed` where a signal ended it."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(f"The sender ended with exit code {exit_code} and no summary; its log is on standard error.")
        self.killed = exit_code < 0


class _Spare:
    """At most one sender that was started ahead and waits for a word; until that it has touched nothing."""

    def __init__(self) -> None:
        self._wanted = False
        self._process: subprocess.Popen[str] | None = None
        self._env_file = env_file()
        self._lock = threading.Lock()

    def want(self, wanted: bool) -> None:
        """Whether senders are started ahead from now on; one that waits in vain is ended."""
        with self._lock:
            self._wanted = wanted
            if not wanted:
                self._dismiss()

    def refill(self) -> None:
        """Start one that waits, where that is wanted; it takes what it imports while others work."""
        with self._lock:
            if self._wanted and self._process is None:
                self._env_file = env_file()
                self._process = _started()

    def take(self) -> subprocess.Popen[str] | None:
        """The one that waits, if it still lives and will read the settings file that this process reads."""
        with self._lock:
            if self._process is None or self._process.poll() is not None or self._env_file != env_file():
                self._dismiss()
            process, self._process = self._process, None
            return process

    def _dismiss(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


_spare = _Spare()


@contextmanager
def senders_started_ahead() -> Iterator[None]:
    """After each batch start the next sender, up to its first look at settings and ledger, and let it wait there.

    For a process that sends again and again: most of a small batch is a new Python taking its imports.
    """
    _spare.want(True)
    try:
        yield
    finally:
        _spare.want(False)


def run_sender() -> Summary:
    """Run one batch with this process's environment, and wait for it.

    If the wait is interrupted the sender is asked to finish the message in hand, and killed only if that takes long.

    Raises:
        SenderDiedError: if it ended without a summary.
    """
    with _spare.take() or _started() as process:
        try:
            output, _ = process.communicate("go\n")
        except BaseException:
            process.terminate()
            try:
                process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
            raise
    _spare.refill()
    return _summary(output, process.returncode)


def _started() -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "leadgen_assets.sender", "--wait"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)


def _summary(output: str, exit_code: int) -> Summary:
    try:
        found = json.loads(output.strip().splitlines()[-1])
        found = {field.name: found[field.name] for field in fields(Summary)}
    except (IndexError, KeyError, TypeError, ValueError):
        raise SenderDiedError(exit_code) from None
    if found["next_at"] is not None:
        found["next_at"] = datetime.fromisoformat(found["next_at"])
    return Summary(**found)
