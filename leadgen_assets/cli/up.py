"""`leadgen up`: everything at once, until Ctrl-C: database, tracking service, Dagster UI and daemon, and in rehearsal mode the town."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated

import typer

from leadgen_assets.cli.outcome import console, ends_in_a_sentence
from leadgen_assets.settings import Settings

OPENING_DAYS = 7
_WATCH_SECONDS = 1.0


@ends_in_a_sentence
def up(
    leads: Annotated[int, typer.Option(min=1, max=5000, help="Rehearsal only: how many businesses the town has.")] = 60,
    seed: Annotated[int, typer.Option(help="Rehearsal only: of everything random.")] = 1,
) -> None:
    """Start everything and keep it running until Ctrl-C."""
    from leadgen_assets.runtime.processes import require_free_port

    settings = Settings.load()
    require_free_port(settings.tracking_port, settings.tracking_host, "TRACKING_PORT")
    require_free_port(settings.dagster_port, "127.0.0.1", "DAGSTER_PORT")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if settings.leadgen_mode == "live":
        _live(settings, stop)
    else:
        _rehearsal(settings, stop, leads=leads, seed=seed)
    console.print("Stopped; nothing is left running.")


def _live(settings: Settings, stop: threading.Event) -> None:
    from leadgen_assets.cli.doctor import require_ready
    from leadgen_assets.runtime.control_room import ControlRoom
    from leadgen_assets.runtime.dagster_home import dagster_home
    from leadgen_assets.runtime.processes import Processes
    from leadgen_assets.storage.database import ready_database
    from leadgen_assets.storage.ledger import ledger_connection
    from leadgen_assets.storage.targets import seed_targets

    require_ready(settings)
    with ready_database(settings) as url:
        with ledger_connection(url) as connection:
            seed_targets(connection, settings.clock.now())
        environment = os.environ | {"DATABASE_URL": url, "DAGSTER_HOME": str(dagster_home(settings))}  # noqa: TID251 children's
        processes = Processes(settings.leadgen_home / "logs", environment)
        with _control_room(ControlRoom(settings, processes), processes, stop) as room:
            processes.start("tracking_service", ["-m", "tracking_service"])
            processes.await_port("tracking_service", settings.tracking_port, 20)
            _announce(room.start(), settings)
            _watch(processes, stop)


def _rehearsal(settings: Settings, stop: threading.Event, *, leads: int, seed: int) -> None:
    from leadgen_assets.cli.rehearse import progress_bar, quiet
    from leadgen_assets.rehearsal.population import populate
    from leadgen_assets.runtime.control_room import ControlRoom
    from leadgen_assets.runtime.dagster_home import dagster_home
    from leadgen_assets.runtime.rehearsal import RehearsalPlan, running_rehearsal
    from leadgen_assets.storage.place_files import packaged_sample, read_place_file

    quiet()
    home = settings.leadgen_home / "town"
    opened = home / "opened"
    businesses = populate(read_place_file(packaged_sample()), leads=leads, seed=seed, opening_days=OPENING_DAYS)
    plan = RehearsalPlan(
        home,
        businesses,
        OPENING_DAYS,
        seed,
        tracking_port=settings.tracking_port,
        dagster_port=settings.dagster_port,
        resume=opened.exists(),
    )
    with running_rehearsal(plan) as rehearsal:
        if not opened.exists():
            with progress_bar() as bar:
                task = bar.add_task("Rehearsing seven days", total=OPENING_DAYS)
                rehearsal.run_days(
                    lambda at, name: bar.update(
                        task, completed=rehearsal.days_done(at), description=f"{at:%a %d %b %H:%M}  {name}"
                    ),
                    cancelled=stop,
                )
            if stop.is_set():
                return
            opened.touch()
        processes = rehearsal.processes
        processes.environment["DAGSTER_HOME"] = str(dagster_home(rehearsal.settings))
        with _control_room(ControlRoom(rehearsal.settings, processes), processes, stop) as room:
            _announce(room.start(), rehearsal.settings)
            watcher = threading.Thread(target=_watch, args=(processes, stop), daemon=True)
            watcher.start()
            rehearsal.go_on(stop, every=timedelta(seconds=15))


@contextmanager
def _control_room(room: "ControlRoom", processes: "Processes", stop: threading.Event) -> "Iterator[ControlRoom]":  # noqa: F821
    try:
        yield room
    finally:
        stop.set()
        processes.stop()
        room.close()


def _announce(ui: str, settings: Settings) -> None:
    console.print(f"Dagster UI        {ui}", highlight=False)
    console.print(f"Tracking service  http://127.0.0.1:{settings.tracking_port}/health", highlight=False)
    console.print(f"Data              {settings.leadgen_home}", highlight=False, soft_wrap=True)
    if settings.leadgen_mode == "rehearsal":
        console.print(
            "A rehearsal: the businesses are simulated, their visitors act now, and nothing leaves this machine."
        )
    console.print("Ctrl-C stops everything.")


def _watch(processes: "Processes", stop: threading.Event) -> None:  # noqa: F821
    """Start again what ends by itself, until asked to stop."""
    while not stop.wait(_WATCH_SECONDS):
        for name in processes.revive():
            console.print(f"{name} ended and was started again; see {processes.log(name)}.")
