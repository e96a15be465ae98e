"""One user of a home at a time: a second one is refused, and what a killed one left running is ended first."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from leadgen_assets.runtime.leftovers import ProcessRecords
from leadgen_assets.runtime.processes import StartError, record_folder
from leadgen_assets.storage.embedded_postgres import EmbeddedPostgres


@contextmanager
def sole_use(home: Path) -> Iterator[None]:
    """Hold a home until the end of the block; nothing that an earlier holder started runs in it any more.

    Raises:
        StartError: if somebody else holds it; the message names that process.
    """
    home.mkdir(parents=True, exist_ok=True)
    with home.with_name(f"{home.name}.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "that is starting"
            raise StartError(
                f"{home} is in use by the process {holder}: end that one, or set LEADGEN_HOME to another folder."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        ProcessRecords(record_folder(home)).end_all()
        EmbeddedPostgres(home / "postgres").end_leftover()
        yield
