"""`python -m leadgen_assets.sender`: sends what is due, prints one line of JSON, and ends.

Exit code 0 where everything that could be done was done, 2 where somebody has to mend something first.
"""

import argparse
import json
import signal
import sys
from dataclasses import asdict
from threading import Event
from types import FrameType

import structlog

from leadgen_assets.sender.batch import Summary, send_due
from leadgen_assets.settings import Settings
from leadgen_assets.storage.embedded_postgres import DatabaseUnavailableError
from tracking_service.logs import bind_run, configure_logs
from tracking_service.loopback import install_loopback_guard
from tracking_service.settings import SettingsError

MUST_ACT = 2


def main() -> int:
    """Run one batch with the settings of the environment; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m leadgen_assets.sender", description="Send the messages that are due."
    )
    parser.add_argument("--run-id", default="", help="put on every log line")
    run_id = parser.parse_args().run_id
    stopping = Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()  # the message in hand is finished first: cutting it off would leave it unknown

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        settings = Settings.load()
        if settings.leadgen_mode == "rehearsal":
            install_loopback_guard()
        configure_logs(settings.clock, settings.log_level)
        bind_run(run_id)
        summary = send_due(settings, settings.clock, is_stopping=stopping.is_set)
        structlog.get_logger(__name__).info("batch ended", **asdict(summary))
    except (SettingsError, DatabaseUnavailableError, FileNotFoundError) as error:
        summary = Summary(stopped=str(error), must_act=True)
    sys.stdout.write(json.dumps(asdict(summary), default=str) + "\n")
    return MUST_ACT if summary.must_act else 0


if __name__ == "__main__":
    sys.exit(main())
