"""The one way a town server speaks HTTP: an ASGI application under uvicorn, in a thread, on a free port of 127.0.0.1.

What the applications answer belongs in their own modules.
"""

import asyncio
import socket
import ssl
import threading
import time
from typing import Any

import uvicorn

_START_SECONDS = 10.0
_DRAIN_SECONDS = 1
_STOP_SECONDS = 3.0


class HttpServer:
    """Serves one ASGI application, e.g. a `falcon.asgi.App`.

    Requests run on one event loop in one thread, so responders of one server never run at the same time: they must
    await, never block (`await asyncio.sleep`, not `time.sleep`). The port is chosen by the first `start` and kept by a
    later one, so that a server can go away for a while and come back under the same address.

    Args:
        app: any ASGI application; lifespan events are not sent.
        tls: the server's side of TLS; without one the server speaks plain HTTP.
    """

    def __init__(self, app: Any, *, tls: ssl.SSLContext | None = None) -> None:
        self._app = app
        self._tls = tls
        self._port = 0
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port on 127.0.0.1; known once started."""
        if not self._port:
            raise RuntimeError("The server has no port before its first start.")
        return self._port

    @property
    def url(self) -> str:
        """`http(s)://127.0.0.1:<port>`, without a slash at the end."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def open_connections(self) -> set[tuple[str, int]]:
        """Address and port of everybody who is connected now; to be called by a responder."""
        open_now: Any = self._server.server_state.connections if self._server else ()
        return {connection.client for connection in open_now}

    def start(self) -> None:
        """Serve until `stop`; returns when the port answers.

        Raises:
            OSError: if the port of an earlier start was taken by somebody else meanwhile.
            RuntimeError: if the server does not come up.
        """
        if self._thread:
            return
        # asyncio sets TCP_NODELAY only where the protocol is named; without it every answer waits 40 ms for an ACK
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", self._port))
        except OSError:
            listener.close()
            raise
        self._port = listener.getsockname()[1]
        server = uvicorn.Server(self._configuration())
        thread = threading.Thread(target=_serve, args=(server, listener), name=f"town-http-{self._port}", daemon=True)
        thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not server.started and thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.002)
        self._server, self._thread = server, thread
        if not server.started:
            self.stop()
            raise RuntimeError(f"The town's HTTP server on port {self._port} did not start.")

    def stop(self) -> None:
        """Close the port and every connection, those of unfinished requests too; safe to call twice."""
        server, thread, self._server, self._thread = self._server, self._thread, None, None
        if server and thread:
            server.should_exit = True
            thread.join(_DRAIN_SECONDS + 0.5)
            server.force_exit = True
            thread.join(_STOP_SECONDS - _DRAIN_SECONDS - 0.5)

    def _configuration(self) -> uvicorn.Config:
        config = uvicorn.Config(
            self._app,
            # uvloop would slip past the loopback guard
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,  # the wall's time has no place in the town
            timeout_keep_alive=30,
            timeout_graceful_shutdown=_DRAIN_SECONDS,
        )
        config.load()
        config.ssl = self._tls
        return config


def _serve(server: uvicorn.Server, listener: socket.socket) -> None:
    with listener:
        asyncio.run(server.serve(sockets=[listener]))
