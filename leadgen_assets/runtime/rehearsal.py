"""A rehearsal: the whole campaign, day by day, against the town on the virtual clock, and its verdict.

The town's servers are in `rehearsal`; the timetable fires the product's own schedules. How it is shown belongs to the
command line.
"""

import fcntl
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import dagster as dg

from leadgen_assets.rehearsal.simulation import Simulation
from leadgen_assets.rehearsal.town import Town
from leadgen_assets.rehearsal.truth import Business
from leadgen_assets.runtime.dagster_home import open_instance
from leadgen_assets.runtime.processes import Processes, StartError
from leadgen_assets.settings import Settings
from leadgen_assets.storage.embedded_postgres import EmbeddedPostgres
from leadgen_assets.storage.ledger import ledger_connection
from leadgen_assets.storage.migrations import migrate
from leadgen_assets.storage.targets import DEFAULT_CATEGORIES, add_target
from tracking_service.clock import FileClock
from tracking_service.loopback import install_loopback_guard
from tracking_service.settings import ENV_FILE_VARIABLE, use_env_file

if TYPE_CHECKING:
    from leadgen_assets.runtime.timetable import Timetable

FIRST_DAY = date(2026, 3, 2)  # a Monday in the past: Dagster refuses partitions after today
TIMEZONE = "Europe/Helsinki"
_SERVICE_START_SECONDS = 20.0
_STRIDE = timedelta(minutes=30)  # how often a cancelled rehearsal notices
_OPENS = timedelta(hours=8, minutes=55)
_DAYS_AHEAD = 60

Progress = Callable[[datetime, str], None]


@dataclass(frozen=True, slots=True)
class RehearsalPlan:
    """What to rehearse.

    Attributes:
        home: a folder of its own; what an earlier rehearsal left there is replaced unless `resume`.
        businesses: the population, truths included.
        days: how many days, from Monday 2026-03-02.
        seed: of everything random.
        tracking_port: 0 for any free port.
        dagster_port: of the UI, where one is started.
        resume: go on with what is there.
        faults: what goes wrong: none, network, providers or chaos.
    """

    home: Path
    businesses: list[Business]
    days: int
    seed: int
    tracking_port: int = 0
    dagster_port: int = 3000
    resume: bool = False
    faults: str = "none"


@dataclass(slots=True)
class Rehearsal:
    """A running rehearsal: the town, the tracking service, the database and Dagster, all on loopback."""

    plan: RehearsalPlan
    settings: Settings
    simulation: Simulation
    town: Town
    processes: Processes
    instance: dg.DagsterInstance
    started: float = field(default_factory=time.monotonic)

    def run_days(self, progress: Progress, cancelled: threading.Event | None = None) -> "Timetable":
        """Rehearse the planned days, fully or until cancelled; returns the timetable that was fired."""
        timetable, end = self._schedule(self.plan.days, progress), midnight(FIRST_DAY + timedelta(days=self.plan.days))
        moment = self.simulation.clock.now()
        while moment < end and not (cancelled and cancelled.is_set()):
            moment = min(moment + _STRIDE, end)
            self.simulation.run_until(moment - timedelta(seconds=1))
        return timetable

    def go_on(self, stop: threading.Event, every: timedelta) -> None:
        """Let time run as on the wall, from the working day after the planned ones, with somebody visiting `every` so often."""
        start = max(midnight(FIRST_DAY + timedelta(days=self.plan.days)) + _OPENS, self.simulation.clock.now())
        self._schedule(self.plan.days + _DAYS_AHEAD, lambda at, name: None)
        self.simulation.run_until(start)
        self.town.visitors.linger(self.simulation, every_seconds=every.total_seconds())
        self.simulation.run_in_real_time(stop)

    def days_done(self, at: datetime) -> float:
        """How many of the planned days have passed at a moment."""
        return (at - midnight(FIRST_DAY)) / timedelta(days=1)

    def _schedule(self, days: int, progress: Progress) -> "Timetable":
        # The definitions take zone and hours from the settings when they load, so they may load only now.
        from leadgen_assets.definitions import build_defs
        from leadgen_assets.resources import Platform
        from leadgen_assets.runtime.reactions import Reactions
        from leadgen_assets.runtime.timetable import Timetable

        platform = Platform()
        timetable = Timetable(build_defs(), self.instance, platform)
        reactions = Reactions(platform, self.instance)
        self.simulation.after_each = reactions.now
        start = max(midnight(FIRST_DAY), self.simulation.clock.now())
        end = midnight(FIRST_DAY + timedelta(days=days))
        for moment, name in timetable.moments(start, end):
            self.simulation.at(moment, f"schedule {name}", self._tick(timetable, name, moment, progress))
        for number in range(1, int((end - start) / timedelta(hours=1)) + 1):
            self.simulation.at(
                start + timedelta(hours=number, microseconds=-1), "events of the hour", reactions.report_events
            )
        return timetable

    def _tick(self, timetable: "Timetable", name: str, moment: datetime, progress: Progress) -> Callable[[], None]:
        def fire() -> None:
            progress(moment, name)
            timetable.fire(name, moment)

        return fire


@contextmanager
def running_rehearsal(plan: RehearsalPlan) -> Iterator[Rehearsal]:
    """Everything a rehearsal needs, started in order and stopped in reverse; no process is left behind.

    Raises:
        StartError: if another rehearsal uses the same home, or a part does not start.
    """
    with _sole_user(plan.home):
        yield from _started(plan)


def _started(plan: RehearsalPlan) -> Iterator[Rehearsal]:
    if not plan.resume:
        shutil.rmtree(plan.home, ignore_errors=True)
    plan.home.mkdir(parents=True, exist_ok=True)
    clock = _clock(plan)
    env_file = plan.home / "rehearsal.env"
    town = Town(plan.businesses, clock, seed=plan.seed, folder=plan.home)
    with EmbeddedPostgres(plan.home / "postgres") as server, town:
        migrate(server.url())
        lines = _lines(plan, server.url()) | town.settings()
        write_env_file(env_file, lines)
        use_env_file(env_file)
        install_loopback_guard()
        processes = Processes(plan.home / "logs", os.environ | {ENV_FILE_VARIABLE: str(env_file)})
        try:
            processes.start("tracking_service", ["-m", "tracking_service"])
            line = processes.await_line("tracking_service", "tracking service on ", _SERVICE_START_SECONDS)
            write_env_file(env_file, lines | {"APP_URL": line.rpartition("tracking service on ")[2].strip()})
            settings = Settings.load()
            simulation = Simulation(clock)
            town.open(simulation, settings.app_url, settings.company_website)
            area = town.area
            with ledger_connection(server.url()) as connection:
                add_target(
                    connection,
                    at=clock.now(),
                    city=area.city,
                    country=area.country,
                    lat=area.lat,
                    lng=area.lon,
                    radius_meters=area.radius_metres,
                    categories=DEFAULT_CATEGORIES,
                )
            with open_instance(settings) as instance:
                yield Rehearsal(plan, settings, simulation, town, processes, instance)
        finally:
            processes.stop()


@contextmanager
def _sole_user(home: Path) -> Iterator[None]:
    """Keep a second rehearsal out of this one's home: it would delete it."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(f"Another rehearsal is running in {home}; end it, or set LEADGEN_HOME to another folder.") from None
        yield


def midnight(day: date) -> datetime:
    """The first moment of a day in the town's time zone."""
    return datetime.combine(day, time_of_day.min, ZoneInfo(TIMEZONE))


def write_env_file(path: Path, lines: dict[str, str]) -> None:
    """Write a settings file that only its owner can read, whole."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text("".join(f"{name}='{value}'\n" for name, value in sorted(lines.items())))
    temporary.chmod(0o600)
    temporary.replace(path)


def _clock(plan: RehearsalPlan) -> FileClock:
    path = plan.home / "clock"
    if plan.resume and path.exists():
        return FileClock(path)
    return FileClock.create(path, midnight(FIRST_DAY))


def _lines(plan: RehearsalPlan, database_url: str) -> dict[str, str]:
    return {
        "LEADGEN_MODE": "rehearsal",
        "LEADGEN_HOME": str(plan.home),
        "CLOCK_FILE": str(plan.home / "clock"),
        "DATABASE_URL": database_url,
        "OPERATOR_TIMEZONE": TIMEZONE,
        "APP_SECRET_KEY": f"a-rehearsals-own-secret-{plan.seed:08d}",
        "TRACKING_PORT": str(plan.tracking_port),
        "DAGSTER_PORT": str(plan.dagster_port),
        "TRUSTED_PROXIES": "127.0.0.1",
        "LOG_LEVEL": "WARNING",
        "FROM_NAME": "Alex Example",
        "FROM_EMAIL": "alex@studio.test",
        "REPLY_TO_EMAIL": "replies@studio.test",
        "COMPANY_NAME": "Studio Example",
        "COMPANY_WEBSITE": "https://studio.test/",
        "COMPANY_PHONE": "+1 202 555 0100",
        "POSTAL_ADDRESS": "1 Example Street, 00100 Exampleville",
        "PROBE_TIMEOUT_SECONDS": "3",
        "SMTP_TIMEOUT_SECONDS": "5",
        "IMAP_TIMEOUT_SECONDS": "5",
        "GROQ_TIMEOUT_SECONDS": "5",
        "SEND_ON_WEEKENDS": "false",
    }
