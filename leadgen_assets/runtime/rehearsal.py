"""A rehearsal: the whole campaign, day by day, against the town on the virtual clock, and its verdict.

The town's servers are in `rehearsal`; the timetable fires the product's own schedules. How it is shown belongs to the
command line.
"""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from email import message_from_bytes
from email.utils import parseaddr
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import dagster as dg

from leadgen_assets.rehearsal.faults import Faults, Kind
from leadgen_assets.rehearsal.simulation import Simulation
from leadgen_assets.rehearsal.town import Town
from leadgen_assets.rehearsal.truth import Business
from leadgen_assets.runtime.dagster_home import open_instance
from leadgen_assets.runtime.interrupted_runs import close_interrupted_runs
from leadgen_assets.runtime.outages import Outages
from leadgen_assets.runtime.processes import Processes, require_free_port
from leadgen_assets.runtime.rehearsal_home import ENV_FILE
from leadgen_assets.runtime.sole_use import sole_use
from leadgen_assets.sender.process import senders_started_ahead
from leadgen_assets.settings import Settings
from leadgen_assets.storage.country_bases import present_bases, record_basis
from leadgen_assets.storage.embedded_postgres import EmbeddedPostgres
from leadgen_assets.storage.ledger import Connection, ledger_connection, ledger_connections_kept
from leadgen_assets.storage.messages import MessageFiles
from leadgen_assets.storage.migrations import migrate
from leadgen_assets.storage.outreach import accepted_messages
from leadgen_assets.storage.targets import DEFAULT_CATEGORIES, add_target
from tracking_service.clock import FileClock
from tracking_service.loopback import install_loopback_guard
from tracking_service.settings import ENV_FILE_VARIABLE, use_env_file

if TYPE_CHECKING:
    from leadgen_assets.runtime.timetable import Timetable

FIRST_DAY = date(2026, 3, 2)  # a Monday in the past: Dagster refuses partitions after today
TIMEZONE = "Europe/Helsinki"
_SERVICE_START_SECONDS = 20.0
_STRIDE = timedelta(minutes=30)  # how soon a rehearsal ends in which an action failed
_OPENS = timedelta(hours=8, minutes=55)
_AHEAD = timedelta(days=60)
_OPENING_POLLS = timedelta(hours=3)  # how often the mailbox is read before the UI opens: a week in a minute

_MOSTLY_IDLE = "email_sending_schedule"  # asks every few minutes whether anything is due: shown when something was

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
        dagster_port: of the UI; 0 where none is started.
        resume: go on with what is there.
        faults: what goes wrong: none, network, providers or chaos.
        lasting: whether it is gone on with later, so that even a power cut may not harm its database.
        settings: further environment lines for the product.
        has_search: the town has a search engine, and the product asks it.
        is_drawn: the businesses were drawn by the published shares, not read from a file.
    """

    home: Path
    businesses: list[Business]
    days: int
    seed: int
    tracking_port: int = 0
    dagster_port: int = 0
    resume: bool = False
    faults: Kind = "none"
    lasting: bool = False
    settings: dict[str, str] = field(default_factory=dict)
    has_search: bool = False
    is_drawn: bool = True


@dataclass(slots=True)
class Rehearsal:
    """A running rehearsal: the town, the tracking service, the database and Dagster, all on loopback."""

    plan: RehearsalPlan
    settings: Settings
    simulation: Simulation
    town: Town
    faults: Faults
    processes: Processes
    instance: dg.DagsterInstance
    started: float = field(default_factory=time.monotonic)

    def run_days(self, progress: Progress, cancelled: threading.Event | None = None) -> "Timetable":
        """Rehearse the planned days, fully or until cancelled; returns the timetable that was fired."""
        return self._run_until(midnight(FIRST_DAY + timedelta(days=self.plan.days)), progress, cancelled)

    def open_up(self, progress: Progress, cancelled: threading.Event) -> "Timetable":
        """Rehearse the planned days and the morning after, up to just before messages go out, or until cancelled.

        The reply mailbox is read every third hour only: most of a day's runs would find nothing in it.
        """
        return self._run_until(self.opening_ends, progress, cancelled, polls_every=_OPENING_POLLS)

    @property
    def opening_ends(self) -> datetime:
        """Where real time takes over from the rehearsed days."""
        return midnight(FIRST_DAY + timedelta(days=self.plan.days)) + _OPENS

    def go_on(self, stop: threading.Event, every: timedelta, on_trouble: Callable[[str, Exception], None]) -> None:
        """Let time run as on the wall, with somebody visiting `every` so often, until `stop` is set.

        Alerts are left to the daemon's sensor. Runs that were interrupted are executed again first.
        """
        timetable = self._timetable()
        self.simulation.after_each = None
        for run in close_interrupted_runs(self.instance):
            timetable.run(run.job_name, run.partition, run.tags)
        now = self.simulation.clock.now()
        self._schedule(timetable, now, now + _AHEAD, lambda at, name: None)
        for days in range(1, _AHEAD.days):
            day = self.simulation.clock.today(TIMEZONE) + timedelta(days=days)
            self.simulation.at(midnight(day), "a new day", self._new_day)
        self.town.visitors.linger(self.simulation, every_seconds=every.total_seconds())
        self.simulation.run_in_real_time(stop, on_trouble)

    def show_today(self) -> None:
        """Let Dagster's processes that start from now on show the days up to the virtual today, and none after it."""
        import leadgen_assets.partitions  # noqa: F401  in this process the days have no end: load them before

        path = self.plan.home / ENV_FILE
        lines = [line for line in path.read_text().splitlines(keepends=True) if not line.startswith("LAST_PARTITION=")]
        today = self.simulation.clock.today(self.settings.operator_timezone)
        _write_privately(path, "".join([*lines, f"LAST_PARTITION='{today}'\n"]))

    def recall_mail(self) -> None:
        """Tell the town's people of the mail that they got before an earlier process ended."""
        files = MessageFiles(self.settings.messages_folder)
        with ledger_connection(self.settings.database_url or "") as connection:
            accepted = accepted_messages(connection)
        for recipient, sha256 in accepted:
            content = files.read(sha256)
            envelope_from = parseaddr(message_from_bytes(content)["Reply-To"])[1]
            self.town.visitors.remember(recipient, content, envelope_from)

    def _run_until(
        self,
        end: datetime,
        progress: Progress,
        cancelled: threading.Event | None,
        *,
        polls_every: timedelta = timedelta(),
    ) -> "Timetable":
        from leadgen_assets.runtime.reactions import Reactions

        timetable, start = self._timetable(), self.simulation.clock.now()
        reactions = Reactions(timetable.platform, self.instance)
        self.simulation.after_each = reactions.now
        self._schedule(timetable, start, end, progress, polls_every)
        for number in range(1, int((end - start) / timedelta(hours=1)) + 1):
            self.simulation.at(
                start + timedelta(hours=number, microseconds=-1), "events of the hour", reactions.report_events
            )
        moment = start
        while moment < end and not (cancelled and cancelled.is_set()):
            moment = min(moment + _STRIDE, end)
            self.simulation.run_until(moment - timedelta(seconds=1), cancelled)
        return timetable

    def _new_day(self) -> None:
        self.show_today()
        self.processes.restart("code_server")

    def _timetable(self) -> "Timetable":
        # The definitions take zone and hours from the settings when they load, so they may load only now.
        from leadgen_assets.definitions import build_defs
        from leadgen_assets.resources import Platform
        from leadgen_assets.runtime.timetable import Timetable

        return Timetable(build_defs(), self.instance, Platform())

    def _schedule(
        self,
        timetable: "Timetable",
        start: datetime,
        end: datetime,
        progress: Progress,
        polls_every: timedelta = timedelta(),
    ) -> None:
        polled = start - polls_every
        for moment, name in timetable.moments(start, end):
            if name == "reply_polling_schedule":
                if moment < polled + polls_every:
                    continue
                polled = moment
            self.simulation.at(moment, f"schedule {name}", self._tick(timetable, name, moment, progress))

    def _tick(self, timetable: "Timetable", name: str, moment: datetime, progress: Progress) -> Callable[[], None]:
        def fire() -> None:
            if name != _MOSTLY_IDLE:
                progress(moment, name)
            timetable.fire(name, moment, lambda job: progress(moment, name))

        return fire


@contextmanager
def running_rehearsal(plan: RehearsalPlan) -> Iterator[Rehearsal]:
    """Everything a rehearsal needs, started in order and stopped in reverse; no process is left behind.

    Raises:
        StartError: if another rehearsal uses the same home, or a part does not start.
    """
    with sole_use(plan.home):
        yield from _started(plan)


def _started(plan: RehearsalPlan) -> Iterator[Rehearsal]:
    for wanted, setting in ((plan.tracking_port, "TRACKING_PORT"), (plan.dagster_port, "DAGSTER_PORT")):
        if wanted:
            require_free_port(wanted, "127.0.0.1", setting)
    if not plan.resume:
        shutil.rmtree(plan.home, ignore_errors=True)
    plan.home.mkdir(parents=True, exist_ok=True)
    clock = _clock(plan)
    env_file = plan.home / ENV_FILE
    town = Town(plan.businesses, clock, seed=plan.seed, folder=plan.home, has_search=plan.has_search)
    processes = Processes(plan.home, os.environ | {ENV_FILE_VARIABLE: str(env_file)})  # noqa: TID251 children's
    postgres = EmbeddedPostgres(plan.home / "postgres", survives_power_cuts=plan.lasting)
    with postgres as server, processes, town, ExitStack() as stack:
        stack.callback(processes.ask_to_end)  # first of all, so that they end while the town stops
        migrate(server.url())
        lines = _lines(plan, server.url()) | town.settings()
        write_env_file(env_file, lines)
        use_env_file(env_file)
        install_loopback_guard()
        stack.enter_context(senders_started_ahead())
        stack.enter_context(ledger_connections_kept(server.url()))
        processes.start("tracking_service", ["-m", "tracking_service"])
        import leadgen_assets.definitions  # noqa: F401  while the service starts; not before the settings are there

        line = processes.await_line("tracking_service", "tracking service on ", _SERVICE_START_SECONDS)
        app_url = line.rpartition("tracking service on ")[2].strip()
        service_port = app_url.rpartition(":")[2]  # kept when the service is started again
        write_env_file(env_file, lines | {"APP_URL": app_url, "TRACKING_PORT": service_port})
        settings = Settings.load()
        simulation = Simulation(clock)
        outages = stack.enter_context(closing(Outages(server, processes, service_port=int(service_port))))
        faults = Faults(plan.faults, plan.seed, midnight(FIRST_DAY))
        faults.install(town, simulation, outages)
        town.open(simulation, settings.app_url, settings.company_website)
        area = town.area
        with ledger_connection(server.url()) as connection:
            _record_bases(connection, plan, clock.now())
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
            yield Rehearsal(plan, settings, simulation, town, faults, processes, instance)


def _record_bases(connection: Connection, plan: RehearsalPlan, at: datetime) -> None:
    """The gate on countries stays closed in a rehearsal too; its operator says in the ledger why it may write."""
    countries = {str(business.record["country"]) for business in plan.businesses}
    for country in sorted(countries - set(present_bases(connection))):
        record_basis(connection, country, "simulated businesses of a rehearsal's town; nobody real", "rehearsal", at)


def midnight(day: date) -> datetime:
    """The first moment of a day in the town's time zone."""
    return datetime.combine(day, time_of_day.min, ZoneInfo(TIMEZONE))


def write_env_file(path: Path, lines: dict[str, str]) -> None:
    """Write a settings file that only its owner can read, whole."""
    _write_privately(path, "".join(f"{name}='{value}'\n" for name, value in sorted(lines.items())))


def _write_privately(path: Path, text: str) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text)
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
        "API_KEY": f"a-rehearsals-own-key-{plan.seed:08d}",
        "BREVO_WEBHOOK_TOKEN": f"a-rehearsals-own-token-{plan.seed:08d}",
        "TRACKING_PORT": str(plan.tracking_port),
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
        "SENDING_RAMP": "none",  # the town's sender has a good name; docs/town.md says what else is given
        "BREAKER_BOUNCE_PERCENT": "75",  # one address in ten is dead here, so that bounces are seen
        **({"DAGSTER_PORT": str(plan.dagster_port)} if plan.dagster_port else {}),
        **plan.settings,
    }
