"""`leadgen approve`: what only a person can decide about messages."""

from typing import Annotated, Any
from uuid import UUID

import typer

from leadgen_assets.cli.chosen_home import Home, InHome, settings_in
from leadgen_assets.cli.outcome import AsJson, console, ends_in_a_sentence, print_json


@ends_in_a_sentence
def approve(
    messages: Annotated[list[UUID] | None, typer.Argument(help="Ids of messages; none: list them.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that wait now; later ones wait again.")] = False,
    unknown: Annotated[bool, typer.Option("--unknown", help="Of which nobody knows whether they left.")] = False,
    sent: Annotated[bool, typer.Option("--sent", help="With --unknown: it did leave.")] = False,
    give_up: Annotated[bool, typer.Option("--give-up", help="With --unknown: nobody will ever know.")] = False,
    home: InHome = None,
    as_json: AsJson = False,
) -> None:
    """List what waits for approval (APPROVAL=required), or approve it as it is, byte for byte.

    With --unknown: list messages of which nobody knows whether they left, or settle them; none is ever sent again.
    """
    from leadgen_assets.storage.database import ready_database
    from leadgen_assets.storage.ledger import ledger_connection

    if not unknown:
        if sent or give_up or (everything and messages):
            raise typer.BadParameter("name messages or --all; --sent and --give-up belong to --unknown")
        _approve(messages or [], everything, home, as_json)
        return
    if everything:
        raise typer.BadParameter("--all approves what is queued; name unknown messages one by one")
    if bool(messages) != (sent or give_up) or (sent and give_up):
        raise typer.BadParameter("name messages with either --sent or --give-up, or none of all that to list them")
    settings = settings_in(home)
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


def _approve(messages: list[UUID], everything: bool, home: Home | None, as_json: bool) -> None:
    from dataclasses import asdict

    from leadgen_assets.storage.approvals import approve_messages, unapproved_messages
    from leadgen_assets.storage.database import ready_database
    from leadgen_assets.storage.ledger import ledger_connection
    from leadgen_assets.storage.messages import MessageFiles

    settings = settings_in(home)
    files = MessageFiles(settings.messages_folder)
    with ready_database(settings) as url, ledger_connection(url) as connection:
        approved = 0
        if messages or everything:
            ids = None if everything else messages
            approved = approve_messages(connection, ids, settings.from_email, settings.clock.now())
        left = [asdict(one) | {"file": str(files.path(one.message_sha256))} for one in unapproved_messages(connection)]
    if as_json:
        print_json({"approved": approved, "waiting": left})
        return
    if messages or everything:
        console.print(f"{approved} approved.")
    for row in left:
        console.print(f"{row['id']}  {row['business_name']}  {row['to_email']}", soft_wrap=True, markup=False)
        console.print(f"    {row['subject']}  {row['file']}", soft_wrap=True, markup=False)
    off = "" if settings.approval == "required" else "; APPROVAL is off, so messages leave without it"
    console.print(f"{len(left)} wait for approval{off}.", soft_wrap=True)


def _settle(connection: Any, messages: list[UUID], sent: bool, at: Any) -> int:
    from leadgen_assets.storage.reconciliation import give_up, settle_as_sent

    if not sent:
        return give_up(connection, messages, reason="given up by the operator")
    return sum(settle_as_sent(connection, one, reason="the operator says so", at=at) for one in messages)


def _listed(connection: Any) -> list[dict[str, Any]]:
    from dataclasses import asdict

    from leadgen_assets.storage.reconciliation import unknown_messages

    return [asdict(message) for message in unknown_messages(connection)]
