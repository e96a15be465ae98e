"""The guard of a rehearsal, in a process of its own because nothing can take it off again."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRELUDE = """
import asyncio, socket
from tracking_service.loopback import LeftLoopbackError, install_loopback_guard
install_loopback_guard()
install_loopback_guard()
"""
# 192.0.2.0/24 and 2001:db8::/32 belong to nobody.
REFUSED = {
    "connect": "socket.socket().connect(('192.0.2.1', 80))",
    "connect_ex": "socket.socket().connect_ex(('192.0.2.1', 80))",
    "connect over IPv6": "socket.socket(socket.AF_INET6).connect(('2001:db8::1', 80))",
    "the unspecified address": "socket.socket().connect(('0.0.0.0', 80))",
    "sendto": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
    "sendmsg": "socket.socket(type=socket.SOCK_DGRAM).sendmsg([b'x'], [], 0, ('192.0.2.1', 53))",
    "getaddrinfo": "socket.getaddrinfo('example.test', 443)",
    "gethostbyname": "socket.gethostbyname('example.test')",
    "create_connection": "socket.create_connection(('example.test', 443))",
    "asyncio": "asyncio.run(asyncio.open_connection('192.0.2.1', 443))",
    "httpx": "import httpx; httpx.get('http://192.0.2.1/')",
    "dnspython": "import dns.message, dns.query; dns.query.udp(dns.message.make_query('example.test', 'A'), '192.0.2.1', timeout=2)",
    "smtplib": "import smtplib; smtplib.SMTP('192.0.2.1', 25)",
    "imaplib": "import imaplib; imaplib.IMAP4('192.0.2.1', 143)",
}
ALLOWED = {
    "a server on loopback": """
listener = socket.create_server(('127.0.0.1', 0))
socket.create_connection(listener.getsockname()).close()
""",
    "the name localhost": "socket.getaddrinfo('localhost', 80)",
    "a Unix socket": "a, b = socket.socketpair(); a.send(b'x'); assert b.recv(1) == b'x'",
}


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


def test_every_way_out_is_refused():
    attempts = "".join(
        f"\ntry:\n    {code}\nexcept Exception as error:\n"
        f"    if 'only loopback is open' not in str(error) + str(error.__cause__): print({name!r}, repr(error))\n"
        f"else:\n    print({name!r}, 'left the machine')\n"
        for name, code in REFUSED.items()
    )
    done = run(PRELUDE + attempts)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


@pytest.mark.parametrize("name", ALLOWED)
def test_loopback_stays_open(name: str):
    done = run(PRELUDE + ALLOWED[name])
    assert done.returncode == 0, done.stderr
