"""Ctrl-C in a running `leadgen rehearse`: it ends within a bound, says so, and leaves no process behind."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.rehearsals import LEADGEN, processes_of

BEGINS_WITHIN_SECONDS = 120
ENDS_WITHIN_SECONDS = 15


@pytest.mark.timeout(180)
def test_ctrl_c_while_a_message_is_sent_leaves_nothing_behind(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LEADGEN_HOME": str(tmp_path / "home")}
    with subprocess.Popen(
        [LEADGEN, "rehearse", "--leads", "6", "--json"],
        env=environment,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as rehearsal:
        try:
            await_sender(rehearsal, tmp_path)
            interrupted = time.monotonic()
            rehearsal.send_signal(signal.SIGINT)
            output, errors = rehearsal.communicate(timeout=60)
        finally:
            if rehearsal.poll() is None:  # not killed: what it started would stay
                rehearsal.send_signal(signal.SIGINT)
                rehearsal.wait(60)
    assert time.monotonic() - interrupted < ENDS_WITHIN_SECONDS
    assert processes_of(tmp_path) == []
    assert (rehearsal.returncode, output, errors) == (130, "", "Interrupted; nothing is left running.\n")


def await_sender(rehearsal: subprocess.Popen[str], home: Path) -> None:
    """Return once a sender was started; by then every other process of a rehearsal runs too."""
    deadline = time.monotonic() + BEGINS_WITHIN_SECONDS
    while time.monotonic() < deadline and rehearsal.poll() is None:
        if any("leadgen_assets.sender" in command for command in processes_of(home)):
            return
        time.sleep(0.25)
    pytest.fail("no sender was ever started")
