"""`leadgen approve`: what only a person can decide about messages."""

from typing import Annotated, Any
from uuid import UUID

import typer

from leadgen_assets.cli.outcome import AsJson, console, ends_in_a_sentence, print_json


@ends_in_a_sentence
def approve(
    messages: Annotated[list[UUID] | None, typer.Argument(help="Ids of messages; none: list them.")] = None,
    unknown: Annotated[bool, typer.Option("--unknown", help="Of which nobody knows whether they left.")] = False,
    sent: Annotated[bool, typer.Option("--sent", help="With --unknown: it did leave.")] = False,
    give_up: Annotated[bool, typer.Option("--give-up", help="With --unknown: nobody will ever know.")] = False,
    as_json: AsJson = False,
) -> None:
    """List messages that are unknown, or say what became of them; none is ever sent again."""
    from leadgen_assets.settings import Settings
    from leadgen_assets.storage.database import ready_database
    from leadgen_assets.storage.ledger import ledger_connection

    if not unknown:
        raise typer.BadParameter("say what: --unknown")
    if bool(messages) != (sent or give_up) or (sent and give_up):
        raise typer.BadParameter("name messages with either --sent or --give-up, or none of all that to list them")
    settings = Settings.load()
    with ready_database(settings) as url, ledger_connection(url) as connection:
        settled = _settle(connection, messages or [], sent, settings.clock.now())
        left = _listed(connection)
    if as_json:
        print_json({"settled": settled, "unknown": left})
        return
    if messages:
        console.print(f"{settled} of {len(messages)} {'are sent' if sent else 'are given up'}.", soft_wrap=True)
    for row in left:
        console.print(f"{row['id']}  {row['handed_over_at']:%Y-%m-%d %H:%M} UTC  {row['to_email']}", soft_wrap=True)
        console.print(f"    {row['message_id']}  {row['reason']}", soft_wrap=True, markup=False)
    console.print(f"{len(left)} unknown.")


def _settle(connection: Any, messages: list[UUID], sent: bool, at: Any) -> int:
    from leadgen_assets.storage.reconciliation import give_up, settle_as_sent

    if not sent:
        return give_up(connection, messages, reason="given up by the operator")
    return sum(settle_as_sent(connection, one, reason="the operator says so", at=at) for one in messages)


def _listed(connection: Any) -> list[dict[str, Any]]:
    from dataclasses import asdict

    from leadgen_assets.storage.reconciliation import unknown_messages

    return [asdict(message) for message in unknown_messages(connection)]
