"""`leadgen up`: everything at once, until Ctrl-C: database, tracking service, Dagster UI and daemon; in rehearsal mode
the town too.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape

from leadgen_assets.cli.outcome import console, ends_in_a_sentence, errors
from leadgen_assets.settings import Settings

if TYPE_CHECKING:
    from leadgen_assets.runtime.opening import Opening
    from leadgen_assets.runtime.processes import Processes
    from leadgen_assets.runtime.rehearsal import Rehearsal

_WATCH_SECONDS = 1.0
_VISIT_EVERY = timedelta(seconds=8)
# An hour is often enough for the mailbox of a week that passes in a minute.
_TOWN_SETTINGS = {"REPLY_POLL_MINUTES": "60"}


@ends_in_a_sentence
def up(
    leads: Annotated[int, typer.Option(min=1, max=5000, help="Rehearsal: how many businesses the town has.")] = 48,
    days: Annotated[int, typer.Option(min=1, max=60, help="Rehearsal: how many days pass before the UI opens.")] = 7,
    seed: Annotated[int, typer.Option(help="Rehearsal: of everything random.")] = 1,
    fresh: Annotated[bool, typer.Option("--fresh", help="Rehearsal: forget the earlier one, begin another.")] = False,
) -> None:
    """Start everything and keep it running until Ctrl-C."""
    from leadgen_assets.runtime.opening import Opening

    settings = Settings.load()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if settings.leadgen_mode == "live":
        _live(settings, stop)
    else:
        _rehearsal(settings, stop, Opening(leads, days, seed), fresh=fresh)
    console.print("Stopped; nothing is left running.")
    sys.stdout.flush()
    os._exit(0)  # everything is closed; taking Dagster's modules apart one by one would take seconds more


def _live(settings: Settings, stop: threading.Event) -> None:
    from leadgen_assets.cli.doctor import require_ready
    from leadgen_assets.runtime.control_room import ControlRoom
    from leadgen_assets.runtime.dagster_home import open_instance
    from leadgen_assets.runtime.interrupted_runs import close_interrupted_runs
    from leadgen_assets.runtime.processes import Processes, require_free_port
    from leadgen_assets.runtime.sole_use import sole_use
    from leadgen_assets.storage.database import ready_database
    from leadgen_assets.storage.ledger import ledger_connection
    from leadgen_assets.storage.targets import seed_targets

    require_ready(settings)
    with sole_use(settings.leadgen_home):
        require_free_port(settings.tracking_port, settings.tracking_host, "TRACKING_PORT")
        require_free_port(settings.dagster_port, "127.0.0.1", "DAGSTER_PORT")
        with ready_database(settings) as url:
            with ledger_connection(url) as connection:
                seed_targets(connection, settings.clock.now())
            with open_instance(settings) as instance:
                close_interrupted_runs(instance)
            processes = Processes(settings.leadgen_home, os.environ | {"DATABASE_URL": url})  # noqa: TID251 children's
            with processes, _kept_running(processes, stop):
                processes.start("tracking_service", ["-m", "tracking_service"])
                processes.await_port("tracking_service", settings.tracking_port, 20)
                _say_what_still_holds_the_mail(settings)
                _announce(ControlRoom(settings, processes).start(), settings)
                _say_if_paused(url)
                stop.wait()


def _say_what_still_holds_the_mail(settings: Settings) -> None:
    """The public address can only answer once the tracking service does; the sender asks before each batch."""
    from leadgen_assets.sender.preconditions import unsubscribe_problem

    problem, _ = unsubscribe_problem(settings)
    if problem:
        errors.print(f"[red]✗[/red] Nothing is sent yet: {escape(problem)}.", soft_wrap=True)


def _rehearsal(settings: Settings, stop: threading.Event, wanted: "Opening", *, fresh: bool) -> None:
    from leadgen_assets.cli.rehearse import quiet
    from leadgen_assets.rehearsal.population import populate
    from leadgen_assets.runtime.control_room import ControlRoom
    from leadgen_assets.runtime.opening import Opening
    from leadgen_assets.runtime.rehearsal import RehearsalPlan, running_rehearsal
    from leadgen_assets.runtime.threads import in_a_thread
    from leadgen_assets.storage.place_files import packaged_sample, read_place_file

    quiet()
    home = settings.leadgen_home / "town"
    earlier = None if fresh else Opening.remembered(home)
    opening = earlier or wanted
    businesses = populate(
        read_place_file(packaged_sample()), leads=opening.leads, seed=opening.seed, opening_days=opening.days + 1
    )
    plan = RehearsalPlan(
        home,
        businesses,
        opening.days,
        opening.seed,
        tracking_port=settings.tracking_port,
        dagster_port=settings.dagster_port,
        resume=earlier is not None,
        lasting=True,
        settings=_TOWN_SETTINGS,
    )
    with running_rehearsal(plan) as rehearsal, _kept_running(rehearsal.processes, stop):
        if earlier:
            _say_resumed(rehearsal, earlier, wanted)
            rehearsal.recall_mail()
        elif not _opened(rehearsal, stop):
            return
        else:
            opening.remember(home)
        rehearsal.show_today()
        _announce(ControlRoom(rehearsal.settings, rehearsal.processes).start(), rehearsal.settings)
        _say_if_paused(rehearsal.settings.database_url or "")
        trouble = _written_to(home / "logs" / "town.log")
        in_a_thread(lambda: rehearsal.go_on(stop, _VISIT_EVERY, trouble), stop)


def _opened(rehearsal: "Rehearsal", stop: threading.Event) -> bool:
    """Rehearse the days before the UI opens, with a progress display; false if that was cancelled."""
    from leadgen_assets.cli.rehearse import progress_bar
    from leadgen_assets.runtime.threads import in_a_thread

    days = rehearsal.plan.days
    town = f"{len(rehearsal.plan.businesses)} businesses"
    console.print(f"Rehearsing {days} {'day' if days == 1 else 'days'} with {town}; then the UI opens.")
    zone = ZoneInfo(rehearsal.settings.operator_timezone)
    with progress_bar() as bar:
        begun = rehearsal.simulation.clock.now()
        task = bar.add_task("", total=(rehearsal.opening_ends - begun).total_seconds())

        def progress(at: datetime, name: str) -> None:
            text = f"{at.astimezone(zone):%a %d %b %H:%M}  {name.removesuffix('_schedule').replace('_', ' ')}"
            bar.update(task, completed=(at - begun).total_seconds(), description=f"{text:<40}")

        timetable = in_a_thread(lambda: rehearsal.open_up(progress, stop), stop)
    if timetable is None or stop.is_set():
        return False
    for failed in timetable.failed:
        errors.print(f"[red]✗[/red] {escape(failed)}", soft_wrap=True)
    return True


@contextmanager
def _kept_running(processes: "Processes", stop: threading.Event) -> Iterator[None]:
    """Start again what ends by itself, until `stop` is set; then ask everything to end."""
    from leadgen_assets.runtime.processes import StartError

    def watch() -> None:
        while not stop.wait(_WATCH_SECONDS):
            for name in processes.revive():
                errors.print(f"{name} ended and was started again; see {processes.log(name)}.", soft_wrap=True)
        processes.ask_to_end()

    watcher = threading.Thread(target=watch, name="watcher", daemon=True)
    watcher.start()
    try:
        yield
    except StartError:
        if not stop.is_set():  # else it did not start because it was asked to end
            raise
    finally:
        stop.set()
        watcher.join()


def _say_resumed(rehearsal: "Rehearsal", earlier: "Opening", wanted: "Opening") -> None:
    at = rehearsal.simulation.clock.now().astimezone(ZoneInfo(rehearsal.settings.operator_timezone))
    console.print(f"Going on with the rehearsal of {earlier.leads} businesses, where it is {at:%A %d %B %Y, %H:%M}.")
    if earlier != wanted:
        console.print(f"It was begun with --leads {earlier.leads} --days {earlier.days} --seed {earlier.seed}; ")
    console.print("`leadgen up --fresh` begins another one.")


def _announce(ui: str, settings: Settings) -> None:
    from leadgen_assets.cli.rehearse import LOOK_FURTHER

    lines = [
        f"Dagster UI        {ui}",
        f"Tracking service  http://127.0.0.1:{settings.tracking_port}/health",
        f"Management API    http://127.0.0.1:{settings.tracking_port}/api/v1/docs",
        f"Data and logs     {settings.leadgen_home}",
    ]
    if settings.leadgen_mode == "rehearsal":
        lines += [
            "A rehearsal: businesses and visitors are simulated, and nothing leaves this machine.",
            "Its schedules show as stopped in the UI: it starts their runs itself, on its own clock.",
            f"Its key of the management API is {settings.api_key}",
            "Look further, in another terminal: " + LOOK_FURTHER.format(home="town"),
        ]
    console.print("\n".join([*lines, "Ctrl-C stops everything."]), highlight=False, soft_wrap=True)


def _say_if_paused(url: str) -> None:
    from leadgen_assets.storage.ledger import ledger_connection
    from leadgen_assets.storage.pauses import present_pause

    with ledger_connection(url) as connection:
        pause = present_pause(connection)
    if pause:
        errors.print(f"[red]✗[/red] No mail leaves: {escape(str(pause))}.", soft_wrap=True)


def _written_to(path: Path) -> Callable[[str, Exception], None]:
    """Notes trouble in the town, one line each: it must not end everybody's day."""

    def note(name: str, error: Exception) -> None:
        with path.open("a") as log:
            log.write(f"{name}: {type(error).__name__}: {error}\n")

    return note
