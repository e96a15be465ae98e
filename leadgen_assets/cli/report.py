"""`leadgen report`: a day's workbook, as it was stored."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from leadgen_assets.cli.chosen_home import InHome, settings_in
from leadgen_assets.cli.outcome import MUST_ACT, AsJson, console, ends_in_a_sentence, errors, print_json
from leadgen_assets.cli.output_file import Output, write_workbook


@ends_in_a_sentence
def report(
    date: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="The day; the latest with anything to report if left out."
        ),
    ] = None,
    output: Output = Path(),
    home: InHome = None,
    as_json: AsJson = False,
) -> None:
    """Write a day's Excel workbook."""
    from leadgen_assets.storage.database import ready_database
    from leadgen_assets.storage.ledger import ledger_connection
    from leadgen_assets.storage.reports import latest_report_day, read_workbook

    with ready_database(settings_in(home)) as url, ledger_connection(url) as connection:
        day = date.date() if date else latest_report_day(connection)
        found = read_workbook(connection, day) if day else None
    if found is None:
        errors.print(
            f"[red]✗[/red] There is no report of {day or 'a day on which something happened'} yet:"
            " it is written at the report hour, or by the job daily_reporting.",
            soft_wrap=True,
        )
        raise typer.Exit(MUST_ACT)
    filename, content = found
    path = write_workbook(output, filename, content)
    if as_json:
        print_json({"date": day, "path": str(path)})
    else:
        console.print(f"Wrote {path}.")
