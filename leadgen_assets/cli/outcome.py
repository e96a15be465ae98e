"""How every command ends: 0 done, 1 a check failed, 2 the operator must do something; and what it prints.

People get sentences and tables, `--json` gets one JSON value on standard output. Trouble goes to standard error.
"""

import functools
import json
import os
import sys
from collections.abc import Callable
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from rich.console import Console

P = ParamSpec("P")
R = TypeVar("R")

CHECK_FAILED, MUST_ACT = 1, 2
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value instead of text.")]
console = Console()
errors = Console(stderr=True)


def ends_in_a_sentence(command: Callable[P, R]) -> Callable[P, R]:
    """Turn expected trouble into one sentence on standard error and exit code 2."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except expected_errors() as error:
            errors.print(f"[red]✗[/red] {_escaped(error)}", soft_wrap=True)
            raise typer.Exit(MUST_ACT) from None
        except OSError as error:
            if error.filename is None:
                raise
            errors.print(
                f"[red]✗[/red] {_escaped(error.filename)} cannot be used ({error.strerror}): mend it,"
                " or set LEADGEN_HOME to another folder.",
                soft_wrap=True,
            )
            raise typer.Exit(MUST_ACT) from None
        except KeyboardInterrupt:
            errors.print("Interrupted; nothing is left running.")
            sys.stdout.flush()
            os._exit(130)  # a run that was cut off may still be at work in a thread

    return wrapped


def expected_errors() -> tuple[type[Exception], ...]:
    """The exceptions whose message is already the sentence an operator needs."""
    from leadgen_assets.clients.errors import ClientError
    from leadgen_assets.domain.message import MessageError
    from leadgen_assets.domain.scoring_rules import ScoringRulesError
    from leadgen_assets.domain.services import ServicesError
    from leadgen_assets.domain.suppressible import NotSuppressibleError
    from leadgen_assets.rehearsal.population import PopulationError
    from leadgen_assets.rehearsal.town_files import TownFileError
    from leadgen_assets.runtime.processes import StartError
    from leadgen_assets.sender.trial_mail import TestRefusedError
    from leadgen_assets.storage.embedded_postgres import DatabaseUnavailableError
    from leadgen_assets.storage.place_files import PlaceFileError
    from leadgen_assets.storage.targets import TargetError
    from leadgen_assets.storage.warehouse_query import QueryError
    from tracking_service.settings import SettingsError

    return (
        ClientError,
        MessageError,
        NotSuppressibleError,
        PopulationError,
        TownFileError,
        StartError,
        DatabaseUnavailableError,
        PlaceFileError,
        ScoringRulesError,
        TargetError,
        QueryError,
        ServicesError,
        SettingsError,
        TestRefusedError,
    )


def print_json(value: Any) -> None:
    """Print one JSON value, dates as ISO text."""
    typer.echo(json.dumps(value, default=str, ensure_ascii=False))


def _escaped(error: object) -> str:
    from rich.markup import escape

    return escape(str(error))
