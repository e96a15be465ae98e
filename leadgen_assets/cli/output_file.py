"""Where a command writes the file that it was asked for. What stands in the file belongs to the command."""

from pathlib import Path
from typing import Annotated

import typer

Output = Annotated[
    Path, typer.Option(help="File to write (.xlsx), or a folder to write it to under its usual name.", metavar="PATH")
]


def write_workbook(output: Path, filename: str, content: bytes) -> Path:
    """Write a workbook to the file that was named, or to the folder under its usual name; returns where it is.

    A missing folder is made, those above it are not: they are more likely mistyped.

    Raises:
        BadParameter: if it cannot be written there.
    """
    path = output if output.suffix.lower() == ".xlsx" and not output.is_dir() else output / filename
    try:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be written ({error.strerror}): name another with --output") from None
    return path
