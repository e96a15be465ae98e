"""Long work beside the main thread: where that one executes runs, Dagster takes its signals, and Ctrl-C is lost."""

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_LOOK_SECONDS = 0.2


def in_a_thread(work: Callable[[], T], stop: threading.Event | None = None, grace_seconds: float = 3.0) -> T | None:
    """Do work in a thread of its own and wait for it; Ctrl-C interrupts the waiting.

    Args:
        work: what to do.
        stop: asks the work to end, too; once set, it is waited for no longer than `grace_seconds` and then left to die
            with this process.
        grace_seconds: how long.

    Returns:
        What the work returned, or None if it was left behind.

    Raises:
        Exception: whatever the work raised.
    """
    results: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run, name="driver", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_LOOK_SECONDS)
        if stop is not None and stop.is_set():
            thread.join(grace_seconds)
            break
    if failures:
        raise failures[0]
    return results[0] if results else None
