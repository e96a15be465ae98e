"""`leadgen suppress`: never write to somebody again."""

from typing import Annotated
from uuid import UUID

import typer

from leadgen_assets.cli.outcome import AsJson, console, ends_in_a_sentence, print_json


@ends_in_a_sentence
def suppress(
    who: Annotated[str, typer.Argument(help="An address (owner@shop.fi) or a whole domain (shop.fi).")] = "",
    lead: Annotated[UUID | None, typer.Option(help="A lead: its address and its organisation.")] = None,
    reason: Annotated[str, typer.Option(help="Kept with the hash; do not name anybody.")] = "operator",
    as_json: AsJson = False,
) -> None:
    """Never write to an address, a domain or a lead's organisation again; kept as a hash that survives erasure.

    What is already queued for them is cancelled when its turn comes.
    """
    from leadgen_assets.sender.claims import suppressions_of
    from leadgen_assets.settings import Settings
    from leadgen_assets.storage.database import ready_database
    from leadgen_assets.storage.ledger import ledger_connection

    if bool(who) == bool(lead):
        raise typer.BadParameter("name one: an address, a domain, or --lead ID")
    settings = Settings.load()
    suppressions, at = suppressions_of(settings), settings.clock.now()
    with ready_database(settings) as url, ledger_connection(url) as connection:
        if lead:
            new = suppressions.add_lead(connection, lead, reason, at)
            if new is None:
                raise typer.BadParameter(f"the ledger knows no lead {lead} with an address or organisation")
        elif "@" in who:
            new = suppressions.add_address(connection, who, reason, at)
        else:
            new = suppressions.add_domain(connection, who.rstrip("."), reason, at)
    if as_json:
        print_json({"suppressed": who or str(lead), "new": new})
    else:
        console.print(f"{who or lead} is never written to again{'' if new else ' (as before)'}.", soft_wrap=True)
