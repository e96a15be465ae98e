"""The product's own ceiling: its server, routing and token verification, and nothing that makes a hit durable.

Started by `tracking.py` with the product's settings; acknowledges hits without keeping them.
"""

from typing import Any

from tracking_service.left_out import leave_out


class _NothingKept:
    """Stands for reading the signals of a hit and for recording it; does neither."""

    def event(self, _request: Any, _link: Any) -> None:
        return None

    def note(self, _request: Any, _link: Any) -> None:
        return None

    async def record(self, _event: Any) -> None:
        return None


def main() -> None:
    """Serve until SIGTERM."""
    leave_out()
    from tracking_service.app import create_app
    from tracking_service.counters import Counters
    from tracking_service.server import listen, load_settings, run

    settings = load_settings()
    nothing = _NothingKept()
    app = create_app(settings, nothing, settings.clock, Counters(), hits=nothing)
    run(app, listen(settings.tracking_host, settings.tracking_port), settings.request_timeout_seconds)


if __name__ == "__main__":
    main()
