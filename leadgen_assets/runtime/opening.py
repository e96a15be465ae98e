"""What the rehearsal behind `up` was begun with, remembered in its home so that a later start goes on with it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Opening:
    """The choices that make a town what it is.

    Attributes:
        leads: how many businesses it has.
        days: how many days are rehearsed before real time takes over.
        seed: of everything random.
    """

    leads: int
    days: int
    seed: int

    def remember(self, home: Path) -> None:
        """Note, whole or not at all, that this opening is over and everything it made is in place."""
        temporary = home / "opening.tmp"
        temporary.write_text(json.dumps(asdict(self)))
        temporary.replace(_file(home))

    @classmethod
    def remembered(cls, home: Path) -> "Opening | None":
        """The finished opening of a home; None where there is none, or one that was interrupted."""
        try:
            return cls(**json.loads(_file(home).read_text()))
        except (OSError, ValueError, TypeError):
            return None


def _file(home: Path) -> Path:
    return home / "opening.json"
