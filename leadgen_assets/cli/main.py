"""The `leadgen` command: collects the commands, each in its own module."""

from typing import Annotated

import typer

from leadgen_assets.cli.api_key import api_key
from leadgen_assets.cli.approve import approve
from leadgen_assets.cli.basis import basis
from leadgen_assets.cli.call_sheet import call_sheet
from leadgen_assets.cli.doctor import doctor
from leadgen_assets.cli.erase import erase
from leadgen_assets.cli.migrate import migrate
from leadgen_assets.cli.pause import pause
from leadgen_assets.cli.rehearse import rehearse
from leadgen_assets.cli.report import report
from leadgen_assets.cli.resume import resume
from leadgen_assets.cli.run import run
from leadgen_assets.cli.send_test import send_test
from leadgen_assets.cli.sql import sql
from leadgen_assets.cli.suppress import suppress
from leadgen_assets.cli.targets import targets
from leadgen_assets.cli.up import up
from leadgen_assets.cli.usage import InOneSentence
from leadgen_assets.cli.why import why


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"leadgen {version('leadgen')}")
        raise typer.Exit


app = typer.Typer(
    name="leadgen",
    cls=InOneSentence,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Finds local businesses without a good website, proves it, writes to them truthfully, and reports every day.",
)


@app.callback()
def leadgen(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Print the version.")
    ] = False,
) -> None:
    """What holds for every command; each is a module of its own."""


app.command()(up)
app.command()(rehearse)
app.command()(run)
app.command()(approve)
app.command("send-test")(send_test)
app.command()(pause)
app.command()(resume)
app.command()(suppress)
app.command()(why)
app.command()(report)
app.command("call-sheet")(call_sheet)
app.command()(sql)
app.command()(doctor)
app.command()(migrate)
app.command()(erase)
app.command("api-key")(api_key)
app.add_typer(targets, name="targets")
app.add_typer(basis, name="basis")
