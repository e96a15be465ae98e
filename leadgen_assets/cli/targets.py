"""`leadgen targets`: where to look for businesses."""

from dataclasses import asdict
from typing import Annotated

import typer

from leadgen_assets.cli.outcome import AsJson, console, ends_in_a_sentence, print_json

targets = typer.Typer(no_args_is_help=True, help="Where to look for businesses.")


@targets.command("list")
@ends_in_a_sentence
def list_targets(as_json: AsJson = False) -> None:
    """Show the target locations."""
    from rich.table import Table

    from leadgen_assets.settings import Settings
    from leadgen_assets.storage import targets as storage
    from leadgen_assets.storage.database import ready_database
    from leadgen_assets.storage.ledger import ledger_connection

    settings = Settings.load()
    with ready_database(settings) as url, ledger_connection(url) as connection:
        storage.seed_targets(connection, settings.clock.now())
        rows = [asdict(row) for row in storage.list_targets(connection)]
    if as_json:
        print_json(rows)
        return
    table = Table("City", "Country", "Radius", "Categories", "Active")
    for row in rows:
        table.add_row(
            row["city"],
            row["country"] or "",
            f"{row['radius_meters']} m",
            ", ".join(row["categories"]),
            "yes" if row["is_active"] else "no",
        )
    console.print(table)


@targets.command("add")
@ends_in_a_sentence
def add_target(
    city: str,
    country: Annotated[str, typer.Option(help="ISO code of the country, such as FI.")],
    lat: Annotated[float, typer.Option(min=-90, max=90)],
    lng: Annotated[float, typer.Option(min=-180, max=180)],
    category: Annotated[
        list[str], typer.Option(help="Repeat for several, for example --category bakery --category florist.")
    ],
    radius_meters: Annotated[int, typer.Option(min=1, max=50_000)] = 5000,
    as_json: AsJson = False,
) -> None:
    """Add a city with its centre, radius and categories."""
    from leadgen_assets.clients.overpass_tags import untagged
    from leadgen_assets.settings import Settings
    from leadgen_assets.storage import targets as storage
    from leadgen_assets.storage.database import ready_database
    from leadgen_assets.storage.ledger import ledger_connection

    settings = Settings.load()
    with ready_database(settings) as url, ledger_connection(url) as connection:
        target = storage.add_target(
            connection,
            at=settings.clock.now(),
            city=city,
            country=country,
            lat=lat,
            lng=lng,
            categories=category,
            radius_meters=radius_meters,
        )
    if as_json:
        print_json({"id": target.id, "city": city})
    else:
        console.print(f"{city} is a target from the next discovery on.")
        for unknown in untagged(target.categories):
            console.print(_without_tag(unknown), soft_wrap=True)


def _without_tag(category: str) -> str:
    from leadgen_assets.domain.place_types import SEARCHABLE_TYPES, nearest_type

    if category in SEARCHABLE_TYPES:
        return f"OpenStreetMap has no tag for {category}: only Google is asked for it."
    meant = nearest_type(category)
    hint = f"; did you mean {meant}?" if meant else "."
    return f"{category} is no category that we know: OpenStreetMap is not asked for it, Google for the words{hint}"


@targets.command("off")
@ends_in_a_sentence
def switch_off(
    city: str,
    country: Annotated[str | None, typer.Option(help="Where cities of one name are in several countries.")] = None,
    as_json: AsJson = False,
) -> None:
    """Look there no longer; what was found stays. `targets on` looks there again."""
    _switch(city, country, active=False, as_json=as_json)


@targets.command("on")
@ends_in_a_sentence
def switch_on(
    city: str,
    country: Annotated[str | None, typer.Option(help="Where cities of one name are in several countries.")] = None,
    as_json: AsJson = False,
) -> None:
    """Look there again."""
    _switch(city, country, active=True, as_json=as_json)


def _switch(city: str, country: str | None, *, active: bool, as_json: bool) -> None:
    from leadgen_assets.settings import Settings
    from leadgen_assets.storage.database import ready_database
    from leadgen_assets.storage.ledger import ledger_connection
    from leadgen_assets.storage.targets import TargetError, switch_target

    with ready_database(Settings.load()) as url, ledger_connection(url) as connection:
        switched = switch_target(connection, city, country, active=active)
    if not switched:
        raise TargetError(f"There is no target {city}: `leadgen targets list` shows them.")
    if as_json:
        print_json({"city": city, "is_active": active, "switched": switched})
    else:
        console.print(f"{city} is {'a target again' if active else 'no target any more'} from the next discovery on.")
