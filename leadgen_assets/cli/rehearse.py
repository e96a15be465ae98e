"""`leadgen rehearse`: the whole campaign against the simulated town, and its verdict."""

import logging
import signal
import threading
import warnings
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from leadgen_assets.cli.odd_rows import OddRows
from leadgen_assets.cli.outcome import CHECK_FAILED, AsJson, console, ends_in_a_sentence, errors, print_json


class Faults(StrEnum):
    """What goes wrong in the town."""

    NONE = "none"
    NETWORK = "network"
    PROVIDERS = "providers"
    CHAOS = "chaos"


@ends_in_a_sentence
def rehearse(
    leads: Annotated[int, typer.Option(min=1, max=100_000, help="How many businesses the town has.")] = 100,
    days: Annotated[int, typer.Option(min=1, max=60, help="How many days, from Monday 2026-03-02.")] = 1,
    seed: Annotated[int, typer.Option(help="The same seed gives the same counts.")] = 1,
    places: Annotated[
        Path | None, typer.Option(help="Parquet or CSV file of real places; the packaged sample if left out.")
    ] = None,
    town: Annotated[
        Path | None, typer.Option(help="File of businesses with their truths, instead of generated ones.")
    ] = None,
    search: Annotated[
        bool, typer.Option("--search", help="The town has a search engine, and the product asks it.")
    ] = False,
    faults: Annotated[Faults, typer.Option(help="What goes wrong in the town.")] = Faults.NONE,
    as_json: AsJson = False,
) -> None:
    """Rehearse the whole campaign on this machine: no key, no account, nothing leaves loopback."""
    from leadgen_assets.rehearsal.population import populate
    from leadgen_assets.rehearsal.town_files import read_town
    from leadgen_assets.runtime.rehearsal import RehearsalPlan
    from leadgen_assets.settings import Settings
    from leadgen_assets.storage.place_files import packaged_sample, read_place_file

    home = Settings.load().leadgen_home / "rehearsal"
    quiet()
    oddities = OddRows()
    if town is not None:
        businesses = read_town(town)
    else:
        businesses = populate(read_place_file(places or packaged_sample(), oddities), leads=leads, seed=seed)
        oddities.show(places)
    plan = RehearsalPlan(
        home=home, businesses=businesses, days=days, seed=seed, faults=faults.value, has_search=search,
        is_drawn=town is None,
    )  # fmt: skip
    result = _run(plan, show=not as_json)
    if as_json:
        print_json(result)
    else:
        _show(result)
    if any(check["state"] == "failed" for check in result["checks"]):
        raise typer.Exit(CHECK_FAILED)


def quiet() -> None:
    """Leave the terminal to the progress display: only our own warnings are logged, Dagster's go to its event log."""
    warnings.simplefilter("ignore")
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    for name in ("alembic", "mail.log", "pymap", "uvicorn", "weasyprint", "fontTools", "dagster.builtin"):
        logging.getLogger(name).setLevel(logging.ERROR)


def progress_bar(*, show: bool = True) -> Any:
    """A bar on standard error that knows the virtual time; one that is not shown costs nothing."""
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=errors,
        transient=True,
        disable=not show,
    )


def _run(plan: Any, *, show: bool) -> dict[str, Any]:
    from leadgen_assets.runtime.rehearsal import FIRST_DAY, TIMEZONE, midnight, running_rehearsal
    from leadgen_assets.runtime.summary import summarise
    from leadgen_assets.runtime.threads import in_a_thread

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())  # Dagster would take Ctrl-C for the end of one run
    with progress_bar(show=show) as bar:
        task = bar.add_task("Starting the town, PostgreSQL and the tracking service", total=plan.days * 86_400)
        origin = midnight(FIRST_DAY)

        def progress(moment: datetime, name: str) -> None:
            local = moment.astimezone(ZoneInfo(TIMEZONE))
            text = f"{local:%a %d %b %H:%M}  {name.removesuffix('_schedule').replace('_', ' ')}"
            bar.update(task, completed=(moment - origin).total_seconds(), description=f"{text:<40}")

        with running_rehearsal(plan) as rehearsal:
            timetable = in_a_thread(lambda: rehearsal.run_days(progress, stop), stop)
            if timetable is None or stop.is_set():
                logging.disable()  # of a run that is cut off
                raise KeyboardInterrupt
            bar.update(task, description="Comparing the ledger with the town's truth")
            return summarise(rehearsal, timetable)


def _show(result: dict[str, Any]) -> None:
    from rich.table import Table

    funnel = Table(title="What happened", show_header=False, title_justify="left", box=None)
    for label, names in _FUNNEL:
        funnel.add_row(label, "  ".join(f"{result[name]} {text}" for name, text in names))
    console.print(funnel)
    verdict = Table(title="Verdict", show_header=False, title_justify="left", box=None)
    signs = {"passed": "[green]✓[/green]", "failed": "[red]✗[/red]", "skipped": "[yellow]–[/yellow]"}
    for check in result["checks"]:
        verdict.add_row(signs[check["state"]], _in_words(check["name"]), check["detail"])
    console.print(verdict)
    console.print("What people and machines did is counted act by act; the workbook counts businesses, each once.")
    for label, name in (("Workbook", "report_path"), ("Email", "email_path"), ("Proposal", "proposal_path")):
        console.print(f"{label:<10} {result[name] or '(none)'}", soft_wrap=True, highlight=False)
    console.print(f"{result['wall_seconds']} s, {result['runs']} runs, ${result['spent_usd']:.2f} spent.")
    console.print("Look further: " + LOOK_FURTHER.format(home="rehearsal"), soft_wrap=True, highlight=False)


def _in_words(check: str) -> str:
    """A check's name as people read it; a floor is how many there must be at least, or nothing was proved."""
    name = check.removesuffix("_floor").replace("_", " ")
    return f"enough {name}" if check.endswith("_floor") else name


# The lines with which a rehearsal's data are looked at, whatever else was run since.
LOOK_FURTHER = (
    "`uv run leadgen why NAME --in {home}`, or instead of `why NAME`: `report`, `call-sheet`,"
    ' `sql "SELECT name, city FROM leads"`.'
)

_FUNNEL: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("Discovery", (("places", "place records,"), ("leads", "leads"))),
    (
        "Qualification",
        (("qualified", "qualified,"), ("disqualified", "with a good site,"), ("unknown", "not decided yet")),
    ),
    ("Contacts", (("with_email", "by email,"), ("call_sheet", "on the call sheet"))),
    (
        "Outreach",
        (
            ("queued", "queued;"),
            ("sent", "taken by a mail server;"),
            ("bounced", "bounced, at once or after that;"),
            ("unknown_sends", "unknown"),
        ),
    ),
    (
        "People did",
        (
            ("opened_person", "opens,"),
            ("clicked_person", "clicks,"),
            ("replied", "replies,"),
            ("unsubscribed", "unsubscribed"),
        ),
    ),
    (
        "Machines did",
        (("opened_machine", "opens,"), ("clicked_machine", "clicks,"), ("auto_replied", "automatic replies")),
    ),
    ("Alerts", (("alerts_telegram", "on Telegram,"), ("alerts_whatsapp", "on WhatsApp"))),
)
