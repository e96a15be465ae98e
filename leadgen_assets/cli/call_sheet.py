"""`leadgen call-sheet`: whom to call and whom to visit, as a workbook."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from leadgen_assets.cli.chosen_home import InHome, settings_in
from leadgen_assets.cli.outcome import MUST_ACT, AsJson, console, ends_in_a_sentence, errors, print_json
from leadgen_assets.cli.output_file import Output, write_workbook


@ends_in_a_sentence
def call_sheet(
    date: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="The day; the latest with anybody on it if left out."
        ),
    ] = None,
    output: Output = Path(),
    home: InHome = None,
    as_json: AsJson = False,
) -> None:
    """Write the day's qualified leads without an email address as a workbook: whom to call, whom to visit."""
    from leadgen_assets.domain.call_workbook import build_call_workbook
    from leadgen_assets.sender.claims import suppressions_of
    from leadgen_assets.storage.calls import open_calls
    from leadgen_assets.storage.database import ready_database
    from leadgen_assets.storage.ledger import ledger_connection
    from leadgen_assets.storage.warehouse import Warehouse

    settings = settings_in(home)
    warehouse = Warehouse(settings.warehouse_folder)
    days = warehouse.days("call_sheets")
    if not days or (date and date.date() not in days):
        errors.print(
            f"[red]✗[/red] There is no call sheet of {date.date() if date else 'any day'} yet: `leadgen run` makes it.",
            soft_wrap=True,
        )
        raise typer.Exit(MUST_ACT)
    with ready_database(settings) as url, ledger_connection(url) as connection:
        for day in [date.date()] if date else reversed(days):
            chosen = warehouse.read("call_sheets", since=day, until=day).to_dicts()
            rows = open_calls(connection, suppressions_of(settings), chosen)
            if rows:
                break
    if not rows:
        if as_json:
            print_json({"date": date and day, "path": None, "calls": [], "visits": []})
        else:
            console.print(f"Nobody is left to call or visit {f'of {day}' if date else 'on any day'}; nothing written.")
        return
    path = write_workbook(output, f"Call_Sheet_{day}.xlsx", build_call_workbook(rows, day))
    calls, visits = ([row for row in rows if row["sheet"] == kind] for kind in ("call", "visit"))
    if as_json:
        print_json({"date": day, "path": str(path), "calls": calls, "visits": visits})
    else:
        console.print(f"Wrote {path}: {len(calls)} to call, {len(visits)} to visit.", soft_wrap=True)
