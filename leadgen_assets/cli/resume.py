"""`leadgen resume`: messages leave again."""

from leadgen_assets.cli.chosen_home import InHome, settings_in
from leadgen_assets.cli.outcome import AsJson, console, ends_in_a_sentence, print_json


@ends_in_a_sentence
def resume(home: InHome = None, as_json: AsJson = False) -> None:
    """End a pause, the circuit breaker's too: it then looks only at what happens from now on."""
    from leadgen_assets.storage.database import ready_database
    from leadgen_assets.storage.ledger import ledger_connection
    from leadgen_assets.storage.pauses import resume_sending

    settings = settings_in(home)
    with ready_database(settings) as url, ledger_connection(url) as connection:
        ended = resume_sending(connection, settings.clock.now())
    if as_json:
        print_json({"paused": False, "ended": ended.reason if ended else None})
    elif ended:
        console.print(f"Sending goes on. It was paused since {ended.paused_at:%Y-%m-%d %H:%M} UTC: {ended.reason}.")
    else:
        console.print("Sending was not paused.")
