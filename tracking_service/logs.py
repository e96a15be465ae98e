"""Structured logs for both packages: one JSON line per event on standard error, with the run id where there is one.

Addresses, keys and message texts are never logged; callers pass ids and counts.
"""

import logging
import sys

import structlog

from tracking_service.clock import Clock


def configure_logs(clock: Clock, level: str = "INFO", *, human: bool = False) -> None:
    """Route structlog and the standard library to standard error; `human` prints for a terminal instead of JSON."""

    def stamp(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["timestamp"] = clock.now().isoformat()
        return event

    shared: list[structlog.typing.Processor] = [
        stamp,
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.StackInfoRenderer(),
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=False) if human else structlog.processors.JSONRenderer()
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs whole URLs, keys included
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def bind_run(run_id: str) -> None:
    """Put the id of the pipeline run on every later log line of this context."""
    structlog.contextvars.bind_contextvars(run_id=run_id)
