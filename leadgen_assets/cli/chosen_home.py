"""Whose data a command acts on: your own, the town's behind `leadgen up`, or those of the last `leadgen rehearse`.

Each of the three has a home, a ledger, a warehouse and settings of its own, and a command works in one of them only.
In live mode it is your own unless `--in` says otherwise.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from leadgen_assets.cli.outcome import errors
from leadgen_assets.settings import Settings


class Home(StrEnum):
    """The value of `--in`."""

    OWN = "own"
    TOWN = "town"
    REHEARSAL = "rehearsal"


InHome = Annotated[
    Home | None,
    typer.Option(
        "--in",
        help="Whose data: your own, the town's behind `up`, or the last rehearsal's."
        " Left out: your own in live mode; in rehearsal mode what runs now, else what was run last.",
    ),
]
_WORDS = {
    Home.OWN: "your own data",
    Home.TOWN: "the town behind `leadgen up`",
    Home.REHEARSAL: "the last `leadgen rehearse`",
}


def settings_in(home: Home | None) -> Settings:
    """The settings of the chosen home; where the choice was left open, one line on standard error says what it is.

    Raises:
        StartError: if that home holds nothing.
    """
    settings = Settings.load()
    simulated = _simulated(settings)
    if home is None:
        if settings.leadgen_mode == "live" or not simulated:
            return settings
        homes = {Home.OWN: settings.leadgen_home} | simulated
        home = next((name for name, folder in homes.items() if _runs(folder)), None)
        home = home or max(homes, key=lambda name: _last_used(homes[name]))
        others = " or ".join(f"--in {name}" for name in homes if name != home)
        errors.print(f"In {_WORDS[home]}; {others} looks elsewhere.", soft_wrap=True, highlight=False)
    return _entered(settings, simulated, home)


def settings_about_people(home: Home | None) -> Settings:
    """The same for what must not get lost with a rehearsal, such as an opt-out: nothing is guessed where both exist.

    Raises:
        StartError: if the choice was left open and there is one, or if that home holds nothing.
    """
    from leadgen_assets.runtime.processes import StartError

    settings = Settings.load()
    simulated = _simulated(settings)
    if home is None and simulated and settings.leadgen_mode == "rehearsal":
        others = " or ".join(f"--in {name} ({_WORDS[name]})" for name in simulated)
        raise StartError(
            f"Say whose ledger is meant: --in own for your own, which lasts, {others} for a simulated one."
        )
    return _entered(settings, simulated, home or Home.OWN)


def _entered(settings: Settings, simulated: dict[Home, Path], home: Home) -> Settings:
    from leadgen_assets.runtime.processes import StartError
    from leadgen_assets.runtime.rehearsal_home import ENV_FILE
    from tracking_service.settings import use_env_file

    if home is Home.OWN:
        return settings
    if home not in simulated:
        missing = "leadgen up" if home is Home.TOWN else "leadgen rehearse"
        raise StartError(f"There is nothing in --in {home} yet: `{missing}` makes it, in rehearsal mode.")
    use_env_file(simulated[home] / ENV_FILE)
    # Its file names the running server; the same one is started for this command where it is at rest.
    return Settings.load().model_copy(update={"database_url": None})


def _simulated(settings: Settings) -> dict[Home, Path]:
    """The rehearsals that there are, by what they are called."""
    from leadgen_assets.runtime.rehearsal_home import ENV_FILE

    folders = {name: settings.leadgen_home / name.value for name in (Home.TOWN, Home.REHEARSAL)}
    return {name: folder for name, folder in folders.items() if (folder / ENV_FILE).is_file()}


def _runs(home: Path) -> bool:
    from leadgen_assets.runtime.leftovers import ProcessRecords
    from leadgen_assets.runtime.processes import record_folder

    return bool(ProcessRecords(record_folder(home)).living())


def _last_used(home: Path) -> float:
    """When a partition was last written there, in seconds; 0 where none ever was."""
    return max((folder.stat().st_mtime for folder in (home / "warehouse").glob("*")), default=0.0)
