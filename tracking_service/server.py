"""Running the service: one process, one event loop, one line on standard output that says where it listens."""

import gc
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

from tracking_service.app import create_app
from tracking_service.bounded_connections import BoundedConnection, end_stalled, make_room
from tracking_service.counters import Counters
from tracking_service.door import Door
from tracking_service.loopback import install_loopback_guard
from tracking_service.settings import ServiceSettings, SettingsError
from tracking_service.spool import Spool, SpoolBusyError
from tracking_service.store import EventStore
from tracking_service.writer import EventWriter

_DRAIN_SECONDS = 1
_TICKS_BETWEEN_LOOKS = 10
_ALLOCATIONS_BETWEEN_COLLECTIONS = 3_000


class ServerError(Exception):
    """Why the service cannot start, in one sentence that names what to mend."""


def serve(settings: ServiceSettings) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is under way and return within about three seconds.

    Raises:
        ServerError: if it cannot start.
    """
    if settings.database_url is None:
        raise ServerError("The tracking service needs DATABASE_URL; `leadgen up` passes it the embedded database's.")
    if settings.leadgen_mode == "rehearsal":
        install_loopback_guard()
    clock, counters = settings.clock, Counters()
    store = EventStore(
        settings.database_url, clock, settings.app_secret_key, timeout_seconds=settings.database_timeout_seconds
    )
    listener = listen(settings.tracking_host, settings.tracking_port)
    try:
        writer = EventWriter(store, Spool(settings.spool_folder), counters, network_days=settings.hit_network_days)
        app = Door(create_app(settings, writer, clock, counters), settings, clock, counters)
    except (SpoolBusyError, OSError, ValueError) as error:
        listener.close()
        raise ServerError(str(error)) from None
    run(app, listener, settings.request_timeout_seconds)


def run(app: Callable[..., Awaitable[None]], listener: socket.socket, request_timeout_seconds: float) -> None:
    """Serve an ASGI application on a listening socket until SIGTERM or SIGINT; says on standard output where."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)  # uvicorn raises the signal again once it has shut down
    config = uvicorn.Config(
        app,
        http=BoundedConnection,
        interface="asgi3",
        lifespan="on",
        ws="none",  # nothing here speaks it
        access_log=False,  # it would log addresses and tokens
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=False,  # X-Forwarded-For is believed from trusted proxies only, see `networks`
        timeout_graceful_shutdown=_DRAIN_SECONDS,
        timeout_keep_alive=15,
    )
    BoundedConnection.most_connections = make_room()
    _Server(config, request_timeout_seconds).run(sockets=[listener])


class _Server(uvicorn.Server):
    """Announces its address once it answers, and ends the connections that keep it waiting."""

    def __init__(self, config: uvicorn.Config, request_timeout_seconds: float) -> None:
        super().__init__(config)
        self._request_timeout_seconds = request_timeout_seconds

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second."""
        if counter % _TICKS_BETWEEN_LOOKS == 0:
            end_stalled(self.server_state.connections, self._request_timeout_seconds)
        return await super().on_tick(counter)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            sys.stdout.write(f"tracking service on http://{f'[{host}]' if ':' in host else host}:{port}\n")
            sys.stdout.flush()
            gc.collect()
            gc.freeze()  # what start-up left behind lives as long as the process
            gc.set_threshold(_ALLOCATIONS_BETWEEN_COLLECTIONS)  # hits leave hardly any cycles behind


def listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        ServerError: if the port is taken or the host is not ours.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise ServerError(f"Cannot listen on {host}:{port} ({error.strerror}); free it or set TRACKING_PORT.") from None


def _leave(number: int, frame: Any) -> None:
    raise SystemExit(0)


def load_settings() -> ServiceSettings:
    """The service's settings.

    Raises:
        ServerError: naming what is missing or wrong.
    """
    try:
        return ServiceSettings.load()
    except (SettingsError, OSError) as error:
        raise ServerError(str(error)) from None
