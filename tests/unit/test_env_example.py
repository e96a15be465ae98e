"""`.env.example` names every setting, and nothing else."""

import re
from pathlib import Path

from leadgen_assets.settings import Settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"
ONLY_COMPOSE = {"POSTGRES_PASSWORD"}


def test_every_setting_is_in_the_example_and_the_reverse() -> None:
    named = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", EXAMPLE.read_text(), re.MULTILINE))
    assert named - ONLY_COMPOSE == {name.upper() for name in Settings.model_fields}


def test_the_example_loads_as_it_stands(monkeypatch) -> None:
    monkeypatch.setenv("LEADGEN_ENV_FILE", str(EXAMPLE))
    assert Settings.load().leadgen_mode == "rehearsal"
