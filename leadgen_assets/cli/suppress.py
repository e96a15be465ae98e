"""`leadgen suppress`: never write to somebody again; list that, and take back a slip of one's own."""

from typing import Annotated, Any
from uuid import UUID

import typer

from leadgen_assets.cli.chosen_home import InHome, settings_about_people
from leadgen_assets.cli.outcome import MUST_ACT, AsJson, console, ends_in_a_sentence, errors, print_json


@ends_in_a_sentence
def suppress(
    who: Annotated[str, typer.Argument(help="An address (owner@shop.fi) or a whole domain (shop.fi).")] = "",
    lead: Annotated[UUID | None, typer.Option(help="A lead: its address and its organisation.")] = None,
    reason: Annotated[str, typer.Option(help="Kept with the hash; do not name anybody.")] = "operator",
    everything: Annotated[bool, typer.Option("--list", help="Show when and why; whom, only the hashes know.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take back a slip of yours; never an opt-out.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Mean it: a mail provider's whole domain, or --undo.")] = False,
    home: InHome = None,
    as_json: AsJson = False,
) -> None:
    """Never write to an address, a domain or a lead's organisation again; kept as a hash that survives erasure.

    What is already queued for them is cancelled when its turn comes.
    """
    from leadgen_assets.domain.suppressible import suppressible
    from leadgen_assets.sender.claims import suppressions_of
    from leadgen_assets.storage.database import ready_database
    from leadgen_assets.storage.ledger import ledger_connection

    if everything and (who or lead or undo):
        raise typer.BadParameter("--list stands alone")
    if not everything and bool(who) == bool(lead):
        raise typer.BadParameter("name one: an address, a domain, or --lead ID")
    pairs = [suppressible(who, mail_provider=yes or undo)] if who else []
    settings = settings_about_people(home)
    suppressions, at = suppressions_of(settings), settings.clock.now()
    with ready_database(settings) as url, ledger_connection(url) as connection:
        if everything:
            _show_all(suppressions.listed(connection), as_json=as_json)
            return
        if lead:
            pairs = suppressions.of_lead(connection, lead)
            if not pairs:
                raise typer.BadParameter(f"the ledger knows no lead {lead} with an address or organisation")
        if undo:
            _take_back(connection, suppressions, pairs, who or str(lead), yes=yes, as_json=as_json)
            return
        new = any([suppressions.add(connection, kind, value, reason, at) for kind, value in pairs])
    if as_json:
        print_json({"suppressed": who or str(lead), "new": new})
    else:
        console.print(f"{who or lead} is never written to again{'' if new else ' (as before)'}.", soft_wrap=True)


def _show_all(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    from rich.table import Table

    if as_json:
        print_json(rows)
        return
    table = Table("Since (UTC)", "Kind", "Why", "Hash")
    for row in rows:
        table.add_row(f"{row['created_at']:%Y-%m-%d %H:%M}", row["kind"], row["reason"], row["hash"][:12])
    console.print(table)
    console.print(f"{len(rows)} suppressed. Names are not kept, only keyed hashes of them.")


def _take_back(
    connection: Any, suppressions: Any, pairs: list[tuple[str, str]], who: str, *, yes: bool, as_json: bool
) -> None:
    found = suppressions.exactly(connection, pairs)
    if found and not yes:
        since = "; ".join(f"{row['kind']}, {row['created_at']:%Y-%m-%d %H:%M} UTC: {row['reason']}" for row in found)
        errors.print(
            f"[red]✗[/red] {who} is suppressed ({since}). Whoever asked to be left alone must be: only where this was"
            " a slip of your own, say it again with --yes.",
            soft_wrap=True,
        )
        raise typer.Exit(MUST_ACT)
    removed = suppressions.remove(connection, pairs)
    if as_json:
        print_json({"taken_back": who, "removed": removed})
    elif removed:
        console.print(f"{who} may be written to again, where nothing else forbids it.", soft_wrap=True)
    else:
        console.print(f"{who} was not suppressed by that name.", soft_wrap=True)
