"""Real place records that lie beside the repository on some machines; tests that need them are skipped elsewhere."""

from pathlib import Path

import pytest

_FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"


def shared_file(name: str) -> Path:
    """The path of a shared data file, or the end of the test with the reason."""
    path = _FOLDER / name
    if not path.exists():
        pytest.skip(f"{path} is not on this machine")
    return path
