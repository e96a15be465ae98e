"""`python -m leadgen_assets.sender`: sends what is due, prints one line of JSON, and ends.

Exit code 0 where everything that could be done was done, 2 where somebody has to mend something first. It is started
for every due message, and starting is most of its cost: whatever is imported here must earn its place. With `--wait` it
does nothing before it reads a line, and nothing at all where its input ends without one.
"""

import json
import signal
import sys
from dataclasses import asdict
from threading import Event
from types import FrameType

from leadgen_assets.sender.batch import Summary, send_due
from leadgen_assets.settings import Settings
from leadgen_assets.storage.embedded_postgres import DatabaseUnavailableError
from tracking_service.loopback import install_loopback_guard
from tracking_service.settings import SettingsError

MUST_ACT = 2


def main() -> int:
    """Run one batch with the settings of the environment; returns the exit code."""
    if "--wait" in sys.argv[1:] and not _is_called():
        return 0
    stopping = Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()  # the message in hand is finished first: cutting it off would leave it unknown

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        settings = Settings.load()
        if settings.leadgen_mode == "rehearsal":
            install_loopback_guard()
        summary = send_due(settings, settings.clock, is_stopping=stopping.is_set)
    except (SettingsError, DatabaseUnavailableError, FileNotFoundError) as error:
        summary = Summary(stopped=str(error), must_act=True)
    sys.stdout.write(json.dumps(asdict(summary), default=str) + "\n")
    return MUST_ACT if summary.must_act else 0


def _is_called() -> bool:
    """Wait for a line, having imported what a batch is likely to need; false where nobody is there any more."""
    from leadgen_assets.clients import dns, smtp  # noqa: F401  else they are imported when first used

    return bool(sys.stdin.readline())


if __name__ == "__main__":
    sys.exit(main())
