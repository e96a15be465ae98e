"""How a command that was called wrongly ends: like all other trouble, in one sentence and with exit code 2.

What commands themselves find wrong is in `outcome`; here are unknown commands and options, missing arguments and values
that are none.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.markup import escape
from typer.core import TyperGroup

from leadgen_assets.cli.outcome import MUST_ACT, errors

_UsageError: Any = typer.BadParameter.__base__  # what every such error is; Typer gives it no public name
_NO_PLACE = "Invalid value: "


class InOneSentence(TyperGroup):
    """The commands of `leadgen`, without Typer's boxes around what is wrong."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Read the options of `leadgen` itself."""
        with _in_one_sentence():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:
        """Read those of the command, and run it."""
        with _in_one_sentence():
            return super().invoke(ctx)


@contextmanager
def _in_one_sentence() -> Iterator[None]:
    try:
        yield
    except _UsageError as error:
        message = error.format_message().strip()
        if not message:  # a group without a command, which has printed its help
            raise
        errors.print(f"[red]✗[/red] {escape(_sentence(message))} {_hint(error.ctx)}", soft_wrap=True, highlight=False)
        raise typer.Exit(MUST_ACT) from None


def _sentence(message: str) -> str:
    """One line with a capital letter and a full stop."""
    line = " ".join(message.removeprefix(_NO_PLACE).split())
    return f"{line[0].upper()}{line[1:]}{'' if line.endswith(('.', '?', '!')) else '.'}"


def _hint(context: Any) -> str:
    return f"See `{context.command_path if context else 'leadgen'} --help`."
