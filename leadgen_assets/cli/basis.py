"""`leadgen basis`: which countries may be written to, and why."""

from typing import Annotated

import typer

from leadgen_assets.cli.outcome import AsJson, console, ends_in_a_sentence, print_json

basis = typer.Typer(no_args_is_help=True, help="Which countries may be written to, and on what basis.")
Country = Annotated[str, typer.Argument(help="ISO code, such as FI.")]
_FEWEST_CHARACTERS = 10


@basis.command("list")
@ends_in_a_sentence
def list_bases(as_json: AsJson = False) -> None:
    """Show the rule of each country, its source, and the basis you recorded."""
    from rich.table import Table

    from leadgen_assets.domain.countries import country_refusal, country_rules
    from leadgen_assets.settings import Settings
    from leadgen_assets.storage.country_bases import present_bases
    from leadgen_assets.storage.database import ready_database
    from leadgen_assets.storage.ledger import ledger_connection

    with ready_database(Settings.load()) as url, ledger_connection(url) as connection:
        bases = present_bases(connection)
    rules = country_rules()
    rows = [
        {
            "country": code,
            "may_be_written_to": country_refusal(code, bases) is None,
            "rule": rules[code].words if code in rules else "no rule is known",
            "reason": rules[code].reason if code in rules else "",
            "source": rules[code].source if code in rules else "",
            "basis": bases.get(code),
        }
        for code in sorted({*rules, *bases})
    ]
    if as_json:
        print_json(rows)
        return
    table = Table("Country", "Written to", "Rule", "Source", "Your basis")
    for row in rows:
        shown = "yes" if row["may_be_written_to"] else "no"
        table.add_row(str(row["country"]), shown, str(row["rule"]), str(row["source"]), str(row["basis"] or ""))
    console.print(table)
    console.print("A working table, not legal advice. A country that is not listed, or not known, is refused.")


@basis.command("record")
@ends_in_a_sentence
def record(
    country: Country,
    because: Annotated[str, typer.Option(help="Why you may write to businesses there, and how you make sure.")],
    by: Annotated[str, typer.Option(help="Who says so; FROM_EMAIL where left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """Record why you may write to businesses of a country; it is kept with name and time."""
    from leadgen_assets.domain.localities import countries_by_zone
    from leadgen_assets.settings import Settings
    from leadgen_assets.storage.country_bases import record_basis
    from leadgen_assets.storage.database import ready_database
    from leadgen_assets.storage.ledger import ledger_connection

    code = country.strip().upper()
    if code not in countries_by_zone().values():
        raise typer.BadParameter(f"{country!r} is not a country's ISO code such as FI")
    if len(because.strip()) < _FEWEST_CHARACTERS:
        raise typer.BadParameter("say in a sentence why, such as: companies only, checked in the trade register")
    settings = Settings.load()
    with ready_database(settings) as url, ledger_connection(url) as connection:
        record_basis(connection, code, because.strip(), by or settings.from_email, settings.clock.now())
    if as_json:
        print_json({"country": code, "basis": because.strip()})
    else:
        console.print(f"Businesses in {code} may be written to from now on. Drafts of past days are not queued again.")


@basis.command("withdraw")
@ends_in_a_sentence
def withdraw(country: Country, as_json: AsJson = False) -> None:
    """Take a basis back; what is queued for that country is cancelled when its turn comes."""
    from leadgen_assets.settings import Settings
    from leadgen_assets.storage.country_bases import withdraw_basis
    from leadgen_assets.storage.database import ready_database
    from leadgen_assets.storage.ledger import ledger_connection

    settings = Settings.load()
    with ready_database(settings) as url, ledger_connection(url) as connection:
        ended = withdraw_basis(connection, country.strip(), settings.clock.now())
    if as_json:
        print_json({"country": country.strip().upper(), "withdrawn": ended})
    else:
        console.print("The basis is withdrawn." if ended else f"There was no basis for {country.strip().upper()}.")
