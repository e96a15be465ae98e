"""`leadgen why`: every point of a lead's score with its evidence, and what would change the decision."""

from pathlib import Path
from typing import Annotated, Any

import typer

from leadgen_assets.cli.chosen_home import InHome, settings_in
from leadgen_assets.cli.outcome import MUST_ACT, AsJson, console, ends_in_a_sentence, errors, print_json


@ends_in_a_sentence
def why(
    lead: Annotated[str, typer.Argument(help="A lead's id, an email address, or a business's name or part of it.")],
    rules: Annotated[
        Path | None, typer.Option(help="Score with the rules of this file instead, changing nothing.")
    ] = None,
    home: InHome = None,
    as_json: AsJson = False,
) -> None:
    """Say why a lead was decided as it was, point by point, and what would change the decision."""
    from leadgen_assets.domain.explanation import explain
    from leadgen_assets.domain.scoring_rules import rules_of
    from leadgen_assets.storage.database import ready_database
    from leadgen_assets.storage.judgements import judgement_of
    from leadgen_assets.storage.leads import find_leads
    from leadgen_assets.storage.ledger import ledger_connection
    from leadgen_assets.storage.warehouse import Warehouse

    settings = settings_in(home)
    chosen = rules_of(rules or settings.scoring_rules_file)
    with ready_database(settings) as url, ledger_connection(url) as connection:
        found = find_leads(connection, lead)
    if len(found) != 1:
        names = "; ".join(f"{one['business_name']}, {one['city']} ({one['id']})" for one in found[:10])
        errors.print(
            f"✗ {len(found)} leads answer to {lead!r}: name one by its id. {names}"
            if found
            else f"✗ No lead has the id or address {lead!r} or is called so: `leadgen sql` lists those that exist"
            " (SELECT lead_id, name, city FROM leads).",
            soft_wrap=True,
            markup=False,
        )
        raise typer.Exit(MUST_ACT)
    known = found[0]
    judged = judgement_of(Warehouse(settings.warehouse_folder), str(known["id"]))
    if judged is None:
        errors.print(
            f"✗ {known['business_name']} was not looked at yet, or its evidence was erased: nothing explains it.",
            soft_wrap=True,
            markup=False,
        )
        raise typer.Exit(MUST_ACT)
    result = {"lead": known, "judged_on": judged.day, "stored": judged.score, **explain(judged.presence, chosen)}
    result["next_look"] = judged.next_look if result["decision"] == "unknown" else None
    result["moves"] = _move(known["decision"], result["decision"])
    if as_json:
        print_json(result)
    else:
        _show(result)


def _move(acted_on: str | None, decision: str) -> str | None:
    """What scoring anew would change of what the ledger acts on."""
    if acted_on is None or acted_on == decision:
        return None
    return "would enter" if decision == "qualified" else "would leave" if acted_on == "qualified" else "would change"


_CHECKS = {
    "own_site": "website of its own", "https": "valid https", "viewport": "layout for telephones",
    "title_and_description": "title and description", "operational": "open for business",
    "registration": "domain is registered", "domain_exists": "listed address leads somewhere",
    "answers": "listed address answers", "parked": "only a placeholder page",
    "structured_data": "data for search engines",
    "up_to_date": "page is kept current", "booking_or_menu": "booking, order or menu on the page",
    "builder": "page of a free site builder", "social_page": "page on a social network",
    "email_published": "email address published", "phone_known": "telephone number known", "rating": "well rated",
}  # fmt: skip
_STATES = {"present": "yes", "absent": "no", "unknown": "not known"}


def _words(row: dict[str, Any]) -> tuple[str, str]:
    """Check and state as a person says them; the names of the rules' file where there are none."""
    return _CHECKS.get(row["check"], row["check"]), _STATES.get(row["state"], row["state"])


def _show(result: dict[str, Any]) -> None:
    from rich.markup import escape
    from rich.table import Table

    from leadgen_assets.domain.addresses import with_city

    lead, (lower, upper) = result["lead"], result["score"]
    score = f"{lower}" if lower == upper else f"{lower} to {upper}"
    console.print(
        f"[bold]{escape(with_city(lead['business_name'], lead['city']))}[/bold] ({lead['id']})", soft_wrap=True
    )
    console.print(
        f"{result['decision']}, {score} of 100 by the rules {result['rules_version']}, from what was seen on"
        f" {result['judged_on']}; status {lead['status']}.",
        soft_wrap=True,
    )
    if result["moves"]:
        console.print(
            f"It {result['moves']}: the ledger holds {lead['decision']} (rules {lead['rules_version']}).",
            soft_wrap=True,
        )
    table = Table("Check", "So", "Points", "Evidence")
    for point in result["points"]:
        if point["state"] == "not_applicable":
            continue
        low, high = point["points"]
        shown = f"{low}" if low == high else f"{low} to {high}"
        table.add_row(*_words(point), f"{shown} of {point['most']}", escape(point["detail"]))
    for other in result["without_points"]:
        if other["state"] != "not_applicable":
            table.add_row(*_words(other), "", escape(other["detail"]))
    console.print(table)
    for candidate in result["asked"]:
        console.print(f"  {candidate['host']} ({candidate['origin']}): {escape(candidate['reason'])}", soft_wrap=True)
    for sentence in result["would_change"]:
        console.print(f"  {escape(sentence)}", soft_wrap=True)
    if result["next_look"]:
        console.print(f"Unknown leads are looked at again; this one from {result['next_look']} on.")
