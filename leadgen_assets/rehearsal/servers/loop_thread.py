"""An asyncio loop in a thread of its own, for the town's servers that speak anything but HTTP.

What the servers say belongs in their own modules.
"""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
_START_SECONDS = 10.0
_STOP_SECONDS = 3.0


class LoopThread:
    """Runs coroutines for other threads; `stop` cancels whatever is still running, hung connections too."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listeners: list[asyncio.Server] = []
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the loop; a second call changes nothing."""
        if self._thread is None:
            started = threading.Event()
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=_serve, args=(self._loop, started), name=self._name, daemon=True)
            self._thread.start()
            started.wait(_START_SECONDS)

    def run(self, coroutine: Coroutine[Any, Any, T], timeout_seconds: float = _START_SECONDS) -> T:
        """Run a coroutine on the loop and wait for what it returns.

        Raises:
            RuntimeError: if the loop is not running.
            TimeoutError: if it takes longer than that.
        """
        if self._loop is None:
            coroutine.close()
            raise RuntimeError(f"The loop {self._name} is not running.")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout_seconds)

    def listen(self, opening: Coroutine[Any, Any, asyncio.Server]) -> int:
        """Open a listening server on the loop; it is closed by `stop`. Returns its port."""
        server = self.run(opening)
        self._listeners.append(server)
        port: int = server.sockets[0].getsockname()[1]
        return port

    def stop(self) -> None:
        """Close the listening servers, cancel every task, close the loop and join its thread; safe to call twice."""
        loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        listeners, self._listeners = self._listeners, []
        if loop is not None and thread is not None:
            for server in listeners:
                loop.call_soon_threadsafe(server.close)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(_STOP_SECONDS)


def _serve(loop: asyncio.AbstractEventLoop, started: threading.Event) -> None:
    asyncio.set_event_loop(loop)
    loop.call_soon(started.set)
    try:
        loop.run_forever()
    finally:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), _STOP_SECONDS - 1))
        loop.run_until_complete(asyncio.sleep(0))  # lets the connections that were given up close
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
