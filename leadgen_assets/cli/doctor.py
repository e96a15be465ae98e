"""`leadgen doctor`: what works, what is missing, and what to do about it."""

import typer
from rich.markup import escape

from leadgen_assets.cli.outcome import CHECK_FAILED, MUST_ACT, AsJson, console, ends_in_a_sentence, errors, print_json
from leadgen_assets.runtime.checkup import Finding, StartRefusedError, examine
from leadgen_assets.settings import Settings

_SIGNS = {"passed": "[green]✓[/green]", "failed": "[red]✗[/red]", "skipped": "[yellow]–[/yellow]"}


@ends_in_a_sentence
def doctor(as_json: AsJson = False) -> None:
    """Check settings, database, migrations and every configured outside system."""
    findings = examine(*Settings.load_as_far_as_possible())
    if as_json:
        print_json([{"name": item.name, "state": item.state, "detail": item.detail} for item in findings])
    else:
        for item in findings:
            where = errors if item.state == "failed" else console
            where.print(f"{_SIGNS[item.state]} {item.name}: {escape(item.detail)}", soft_wrap=True)
    failed = {item.name for item in findings if item.state == "failed"}
    if failed:
        raise typer.Exit(MUST_ACT if "database" in failed else CHECK_FAILED)  # without a database nothing works at all


def require_ready(settings: Settings) -> None:
    """Refuse to start live while a check fails.

    Raises:
        StartRefusedError: naming everything that fails.
    """
    failed: list[Finding] = [item for item in examine(settings) if item.state == "failed"]
    if failed:
        lines = "\n".join(f"  {item.name}: {item.detail}" for item in failed)
        raise StartRefusedError(f"Live mode does not start. Mend these, then look with `leadgen doctor`:\n{lines}")
