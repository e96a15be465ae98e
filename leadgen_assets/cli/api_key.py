"""`leadgen api-key`: a new key of the management API."""

import re
from typing import Annotated

import typer

from leadgen_assets.cli.outcome import AsJson, console, ends_in_a_sentence, print_json


@ends_in_a_sentence
def api_key(
    name: Annotated[str, typer.Argument(help="Who or what uses it, such as phone.")] = "operator",
    as_json: AsJson = False,
) -> None:
    """Make a key of the management API; only its hash belongs into the settings."""
    from leadgen_assets.runtime.processes import StartError
    from tracking_service.api_keys import hash_of, new_key

    if not re.fullmatch(r"[A-Za-z0-9._-]{1,40}", name):
        raise StartError("The name of a key has at most 40 letters, digits, dots, dashes and underscores.")
    key = new_key()
    line = f"{name}:{hash_of(key)}"
    if as_json:
        print_json({"name": name, "key": key, "setting": line})
        return
    console.print(f"Key, shown this once:  {key}", soft_wrap=True)
    console.print(f"Add to API_KEYS:       {line}", soft_wrap=True)
