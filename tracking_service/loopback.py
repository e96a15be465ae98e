"""The in-process guard of a rehearsal: an audit hook that refuses every address outside loopback.

It covers what Python opens (asyncio, httpx, dnspython, smtplib); libpq is covered by the settings, which refuse a
database outside loopback in rehearsal mode. Routing and firewalls do not belong here.
"""

import ipaddress
import socket
import sys
from typing import Any

_installed = False


class LeftLoopbackError(ConnectionError):
    """Something tried to reach an address outside loopback during a rehearsal."""


def is_loopback(host: str) -> bool:
    """True for localhost and for literal addresses of 127.0.0.0/8 and ::1."""
    if host.lower() in {"localhost", "ip6-localhost", ""}:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def install_loopback_guard() -> None:
    """Refuse, for the rest of this process, every connection, datagram and name look-up outside loopback."""
    global _installed
    if not _installed:
        sys.addaudithook(_refuse)
        _installed = True


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        sock, address = arguments[0], arguments[1]
        connected = event == "socket.sendmsg" and address is None
        if sock.family in {socket.AF_INET, socket.AF_INET6} and not connected and not _allowed_address(address):
            raise LeftLoopbackError(f"A rehearsal may not reach {address!r}: only loopback is open.")
    elif event in {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}:
        host = arguments[0]
        name = host.decode() if isinstance(host, bytes) else (host or "")
        if not is_loopback(name) and name not in {"0.0.0.0", "::"}:
            raise LeftLoopbackError(f"A rehearsal may not look up {name!r}: only loopback is open.")


def _allowed_address(address: object) -> bool:
    return isinstance(address, tuple) and isinstance(address[0], str) and is_loopback(address[0])
