"""Work in a process of its own, so that the memory that is measured is its own, and what it took there.

What is measured belongs to the benchmarks.
"""

import multiprocessing
import resource
from collections.abc import Callable
from typing import Any


def apart(work: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    """The result of some work in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def peak_megabytes() -> int:
    """The most memory that this process had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def seconds_of(measured: dict[str, Any]) -> float:
    """The time in a result."""
    return float(measured["seconds"])
