"""`leadgen erase`: take somebody out of everything."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

import typer

from leadgen_assets.cli.chosen_home import InHome, settings_about_people
from leadgen_assets.cli.outcome import AsJson, console, ends_in_a_sentence, print_json


@ends_in_a_sentence
def erase(
    who: Annotated[str, typer.Argument(help="The id of a lead, or an address: then every lead that has it.")],
    home: InHome = None,
    as_json: AsJson = False,
) -> None:
    """Erase a lead from ledger, partitions, messages, workbooks and run history; only a suppression's hash stays."""
    from leadgen_assets.erasure import carry_out_erasures
    from leadgen_assets.storage.database import ready_database
    from leadgen_assets.storage.ledger import ledger_connection

    settings = settings_about_people(home)
    lead_id, address = _named(who)
    with ready_database(settings) as url:
        request = asyncio.run(_request(url, settings, lead_id, address))
        results = carry_out_erasures(lambda: ledger_connection(url), settings, settings.clock)
    nothing: dict[str, Any] = {"leads": 0}
    own = next((result for result in results if result["id"] == str(request["id"])), nothing)
    if as_json:
        print_json({"erased": who, **own})
    elif not own["leads"]:
        console.print(f"No lead has the address {who}; it is suppressed all the same.", soft_wrap=True)
    else:
        console.print(f"Erased {own['leads']} lead(s); it is neither found nor written to again.", soft_wrap=True)
        for name in ("captured_places", "message_files", "workbooks", "run_events"):
            console.print(f"{name.replace('_', ' '):>16}  {own[name]}")
        console.print(f"{'partition rows':>16}  {sum(own['partition_rows'].values())}")


def _named(who: str) -> tuple[UUID | None, str]:
    if "@" in who.strip("@"):
        return None, who
    try:
        return UUID(who), ""
    except ValueError:
        raise typer.BadParameter("name the id of a lead (`leadgen why NAME` shows it), or an address") from None


async def _request(url: str, settings: Any, lead_id: UUID | None, address: str) -> dict[str, Any]:
    import psycopg
    from psycopg.rows import dict_row

    from leadgen_assets.runtime.processes import StartError
    from tracking_service.ledger.erasures import leads_at, request_erasure
    from tracking_service.ledger.leads import read_lead

    async with await psycopg.AsyncConnection.connect(url, row_factory=dict_row) as connection:
        if lead_id is not None and await read_lead(connection, lead_id) is None:
            raise StartError(f"The ledger knows no lead {lead_id}; `leadgen erase` takes an address too.")
        lead_ids = [lead_id] if lead_id else await leads_at(connection, address)
        return await request_erasure(
            connection,
            settings.app_secret_key,
            lead_ids,
            [address] if address else [],
            requested_by="command line",
            at=settings.clock.now(),
        )
