"""`leadgen call-sheet`: whom to call and whom to visit, as a workbook."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from leadgen_assets.cli.outcome import MUST_ACT, AsJson, console, ends_in_a_sentence, errors, print_json


@ends_in_a_sentence
def call_sheet(
    date: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day; the latest one if left out.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="File to write; Call_Sheet_DATE.xlsx in this folder if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the day's qualified leads without an email address as a workbook: whom to call, whom to visit."""
    from leadgen_assets.domain.call_workbook import build_call_workbook
    from leadgen_assets.sender.claims import suppressions_of
    from leadgen_assets.settings import Settings
    from leadgen_assets.storage.calls import open_calls
    from leadgen_assets.storage.database import ready_database
    from leadgen_assets.storage.ledger import ledger_connection
    from leadgen_assets.storage.warehouse import Warehouse

    settings = Settings.load()
    warehouse = Warehouse(settings.warehouse_folder)
    days = warehouse.days("call_sheets")
    day = date.date() if date else days[-1] if days else None
    if day not in days or day is None:
        errors.print(
            f"[red]✗[/red] There is no call sheet of {day or 'any day'} yet: `leadgen run` makes it.",
            soft_wrap=True,
        )
        raise typer.Exit(MUST_ACT)
    rows = warehouse.read("call_sheets", since=day, until=day).to_dicts()
    with ready_database(settings) as url, ledger_connection(url) as connection:
        rows = open_calls(connection, suppressions_of(settings), rows)
    path = output or Path(f"Call_Sheet_{day}.xlsx")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(build_call_workbook(rows, day))
    calls, visits = ([row for row in rows if row["sheet"] == kind] for kind in ("call", "visit"))
    if as_json:
        print_json({"date": day, "path": str(path), "calls": calls, "visits": visits})
    else:
        console.print(f"Wrote {path}: {len(calls)} to call, {len(visits)} to visit.", soft_wrap=True)
