"""`leadgen run`: one day's pipeline in this process, for real or dry."""

from datetime import date as date_type
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from leadgen_assets.cli.odd_rows import OddRows
from leadgen_assets.cli.outcome import CHECK_FAILED, AsJson, console, ends_in_a_sentence, errors, print_json

if TYPE_CHECKING:
    from leadgen_assets.settings import Settings


@ends_in_a_sentence
def run(
    date: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="The day; today if left out.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Up to .eml files: no send, no alert, no paid call.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run discovery to queue for one day."""
    import os

    from leadgen_assets.cli.rehearse import quiet
    from leadgen_assets.runtime.processes import StartError
    from leadgen_assets.settings import Settings
    from leadgen_assets.storage.database import ready_database
    from leadgen_assets.storage.ledger import ledger_connection
    from leadgen_assets.storage.place_files import read_place_file
    from leadgen_assets.storage.targets import seed_targets

    settings = Settings.load()
    day = date.date() if date else settings.clock.today(settings.operator_timezone)
    if settings.leadgen_mode == "live" and not dry_run:
        from leadgen_assets.cli.doctor import require_ready

        require_ready(settings)
    if not (settings.google_places_api_key or settings.overpass_url or settings.places_file):
        raise StartError(
            "There is no source of places: set GOOGLE_PLACES_API_KEY, OVERPASS_URL or PLACES_FILE,"
            " or try `leadgen rehearse`."
        )
    _require_day(settings, day)
    if settings.places_file:
        oddities = OddRows()
        read_place_file(settings.places_file, oddities)  # refuses what cannot be read before anything is started
        oddities.show(settings.places_file)
    quiet()
    with ready_database(settings) as url:
        with ledger_connection(url) as connection:
            seed_targets(connection, settings.clock.now())
        os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")  # noqa: TID251 Dagster reads it, not we
        failed, counts = _execute(settings, day.isoformat(), dry_run=dry_run)
    result = {"date": day, "dry_run": dry_run, "rows": counts, "failed": failed}
    if dry_run:
        result["messages_folder"] = str(settings.leadgen_home / "dry-run" / day.isoformat())
    if as_json:
        print_json(result)
    else:
        for name, rows in counts.items():
            console.print(f"{name:>22}  {rows}")
        if dry_run:
            console.print(f"Messages are in {result['messages_folder']}; nothing was sent.")
    for sentence in failed:
        errors.print(f"[red]✗[/red] {sentence}")
    if failed:
        raise typer.Exit(CHECK_FAILED)


def _require_day(settings: "Settings", day: date_type) -> None:
    from leadgen_assets.partitions import FIRST_DAY
    from leadgen_assets.runtime.processes import StartError

    today = settings.clock.today(settings.operator_timezone)
    if not FIRST_DAY <= day.isoformat() <= today.isoformat():
        raise StartError(f"There is no day {day} to run: --date must lie between {FIRST_DAY} and today, {today}.")


def _execute(settings: object, partition: str, *, dry_run: bool) -> tuple[list[str], dict[str, int]]:
    from leadgen_assets.definitions import build_defs
    from leadgen_assets.resources import Platform
    from leadgen_assets.runtime.dagster_home import open_instance
    from leadgen_assets.runtime.timetable import Timetable
    from leadgen_assets.settings import Settings
    from leadgen_assets.stages.kinds import DRY_RUN_TAG

    assert isinstance(settings, Settings)  # noqa: S101
    with open_instance(settings) as instance:
        timetable = Timetable(build_defs(), instance, Platform())
        timetable.run("daily_pipeline", partition, {DRY_RUN_TAG: "true"} if dry_run else None)
        return timetable.failed, timetable.last_rows
