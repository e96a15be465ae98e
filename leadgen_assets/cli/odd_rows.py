"""What is odd in a file of places, shown before anything starts: the first few, and how many more."""

from pathlib import Path

from leadgen_assets.cli.outcome import errors

_SHOWN = 10


class OddRows:
    """Collects the sentences that `read_place_file` says."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def __call__(self, sentence: str) -> None:
        """Take one."""
        self._found.append(sentence)

    def show(self, path: Path | None) -> None:
        """Print the first of them on standard error; nothing where nothing is odd."""
        if not self._found or path is None:
            return
        for sentence in self._found[:_SHOWN]:
            errors.print(f"– {path.name} {sentence}", soft_wrap=True, markup=False, highlight=False)
        if len(self._found) > _SHOWN:
            errors.print(f"– and {len(self._found) - _SHOWN} more in {path}.", soft_wrap=True, markup=False)
