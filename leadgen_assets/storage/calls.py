"""Whom the ledger still allows to call or to visit. Who was chosen at first is asset `call_sheets`' business."""

from collections.abc import Mapping, Sequence
from typing import Any

from leadgen_assets.storage.ledger import Connection
from leadgen_assets.storage.suppressions import Recipient, Suppressions

_OPEN = frozenset({"no_email", "unreachable"})


def open_calls(
    connection: Connection, suppressions: Suppressions, rows: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The rows of `call_sheets` whose leads still wait for a call or a visit, in their order.

    Left out are leads that were erased, written to, won or judged anew since, and those whose organisation asked not to
    be contacted. A lead that the ledger does not know, as after a dry run, stays.
    """
    found = connection.execute(
        "SELECT id::text AS id, status, organisation FROM leads WHERE id = ANY(%s::uuid[])",
        ([row["lead_id"] for row in rows],),
    )
    known = {lead["id"]: lead for lead in found}
    who = {key: lead["organisation"] for key, lead in known.items() if lead["organisation"]}
    recipients = {key: Recipient(organisation, organisation) for key, organisation in who.items()}
    refused = suppressions.found(connection, recipients.values())
    return [
        dict(row)
        for row in rows
        if (row["lead_id"] not in known or known[row["lead_id"]]["status"] in _OPEN)
        and recipients.get(row["lead_id"]) not in refused
    ]
