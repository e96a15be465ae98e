"""`python -m tracking_service`: serve with the settings of this environment; exit 2 and one sentence if it cannot."""

import sys

from tracking_service.left_out import leave_out


def main() -> int:
    """Exit code of the process."""
    leave_out()
    from tracking_service.logs import configure_logs
    from tracking_service.server import ServerError, load_settings, serve

    try:
        settings = load_settings()
        configure_logs(settings.clock, settings.log_level)
        serve(settings)
    except (ServerError, FileNotFoundError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
