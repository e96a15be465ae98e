"""UDP sockets to resolvers, kept open between questions: opening one costs as much as asking.

A socket serves one question at a time, and a bounded number of them, so that its port does not stay the same for long.
What is asked and what an answer means belongs to `dns`.
"""

import socket
from collections.abc import Awaitable, Callable
from typing import TypeVar

import dns.asyncbackend
import dns.inet

_QUESTIONS_OF_A_SOCKET = 50
_Result = TypeVar("_Result")
_Socket = dns.asyncbackend.DatagramSocket


class ResolverSockets:
    """The sockets of one event loop; without `keep`, each is closed after its question."""

    def __init__(self) -> None:
        self._free: dict[int, list[tuple[_Socket, int]]] = {}
        self._keeps = False

    def keep(self) -> None:
        """From now on keep sockets open; `close` must follow in the same event loop."""
        self._keeps = True

    async def lend(self, address: str, ask: Callable[[_Socket], Awaitable[_Result]]) -> _Result:
        """The result of one question over a socket that nobody else uses meanwhile."""
        family = dns.inet.af_for_address(address)
        free = self._free.setdefault(family, [])
        if free:
            lent, questions = free.pop()
        else:
            lent, questions = await dns.asyncbackend.get_default_backend().make_socket(family, socket.SOCK_DGRAM), 0
        is_clean = False
        try:
            result = await ask(lent)
            is_clean = True
            return result
        finally:
            # Where there was no answer, a late one may still come: that socket is not used again.
            if is_clean and self._keeps and questions + 1 < _QUESTIONS_OF_A_SOCKET:
                free.append((lent, questions + 1))
            else:
                await lent.close()

    async def close(self) -> None:
        """Close what is open and keep nothing any more."""
        self._keeps = False
        for free in self._free.values():
            while free:
                await free.pop()[0].close()
