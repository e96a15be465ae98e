"""`leadgen pause`: no message leaves from now on."""

from typing import Annotated

import typer

from leadgen_assets.cli.chosen_home import InHome, settings_in
from leadgen_assets.cli.outcome import AsJson, console, ends_in_a_sentence, print_json


@ends_in_a_sentence
def pause(
    reason: Annotated[str, typer.Option(help="Shown wherever somebody asks why nothing is sent.")] = "by the operator",
    home: InHome = None,
    as_json: AsJson = False,
) -> None:
    """Stop all sending until `leadgen resume`; what is queued stays queued, the message in hand is finished."""
    from leadgen_assets.storage.database import ready_database
    from leadgen_assets.storage.ledger import ledger_connection
    from leadgen_assets.storage.pauses import pause_sending, present_pause

    settings = settings_in(home)
    with ready_database(settings) as url, ledger_connection(url) as connection:
        new = pause_sending(connection, "operator", reason.strip() or "by the operator", settings.clock.now())
        present = present_pause(connection)
    if as_json:
        print_json({"paused": True, "new": new, "state": str(present)})
    else:
        console.print(f"{'Now' if new else 'Already'}: {present}.", soft_wrap=True)
