"""Running the sender as a process of its own, so that what started it may die or be cancelled without cutting a
message off. Imports neither Dagster nor polars.
"""

import json
import subprocess
import sys
from dataclasses import fields
from datetime import datetime

from leadgen_assets.sender.batch import Summary

_GRACE_SECONDS = 5.0


class SenderDiedError(Exception):
    """The sender ended without saying what it did; what it sent is in the ledger. `killed` where a signal ended it."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(f"The sender ended with exit code {exit_code} and no summary; its log is on standard error.")
        self.killed = exit_code < 0


def run_sender() -> Summary:
    """Run one batch with this process's environment, and wait for it.

    If the wait is interrupted the sender is asked to finish the message in hand, and killed only if that takes long.

    Raises:
        SenderDiedError: if it ended without a summary.
    """
    command = [sys.executable, "-m", "leadgen_assets.sender"]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            output, _ = process.communicate()
        except BaseException:
            process.terminate()
            try:
                process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
            raise
    return _summary(output, process.returncode)


def _summary(output: str, exit_code: int) -> Summary:
    try:
        found = json.loads(output.strip().splitlines()[-1])
        found = {field.name: found[field.name] for field in fields(Summary)}
    except (IndexError, KeyError, TypeError, ValueError):
        raise SenderDiedError(exit_code) from None
    if found["next_at"] is not None:
        found["next_at"] = datetime.fromisoformat(found["next_at"])
    return Summary(**found)
