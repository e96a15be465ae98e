"""`leadgen sql`: a question to the warehouse, in SQL."""

from typing import Annotated

import typer

from leadgen_assets.cli.chosen_home import InHome, settings_in
from leadgen_assets.cli.outcome import AsJson, console, ends_in_a_sentence, print_json

_MOST_ROWS_SHOWN = 200


@ends_in_a_sentence
def sql(
    query: Annotated[
        str, typer.Argument(help="A SELECT, such as: SELECT name, city FROM leads LIMIT 5. Left out: list the tables.")
    ] = "",
    home: InHome = None,
    as_json: AsJson = False,
) -> None:
    """Ask the warehouse: each asset is a table of all its days (column partition_day); nothing can be changed."""
    from rich.markup import escape
    from rich.table import Table

    from leadgen_assets.storage.warehouse_query import ask, tables

    settings = settings_in(home)
    names, rows = ask(settings.warehouse_folder, query) if query else tables(settings.warehouse_folder)
    if as_json:
        print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    table = Table(*map(escape, names))
    for row in rows[:_MOST_ROWS_SHOWN]:
        table.add_row(*("" if value is None else escape(str(value)) for value in row))
    console.print(table)
    shown = f"; {_MOST_ROWS_SHOWN} are shown, --json gives all" if len(rows) > _MOST_ROWS_SHOWN else ""
    console.print(f"{len(rows)} {'row' if len(rows) == 1 else 'rows'}{shown}.")
