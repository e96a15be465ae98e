"""`leadgen migrate`: bring the ledger's schema up to date."""

from leadgen_assets.cli.outcome import AsJson, console, ends_in_a_sentence, print_json


@ends_in_a_sentence
def migrate(as_json: AsJson = False) -> None:
    """Create or update the database schema, and seed the first target location."""
    from leadgen_assets.settings import Settings
    from leadgen_assets.storage.database import ready_database
    from leadgen_assets.storage.ledger import ledger_connection
    from leadgen_assets.storage.migrations import revisions
    from leadgen_assets.storage.targets import seed_targets

    settings = Settings.load()
    with ready_database(settings) as url:
        revision, _ = revisions(url)
        with ledger_connection(url) as connection:
            seed_targets(connection, settings.clock.now())
    if as_json:
        print_json({"revision": revision})
    else:
        console.print(f"The schema is at revision {revision}.")
