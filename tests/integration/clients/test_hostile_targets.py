"""Targets that must never be reached, asked for directly, by redirect and by name, with a canary wherever they lead.

The dial map sends every connection but those to one harmless host to the canary: whatever slips past the guard is seen.
"""

import asyncio
from collections.abc import Iterator
from itertools import cycle

import pytest

from leadgen_assets.clients.address_guard import AddressGuard
from leadgen_assets.clients.dns import DnsClient
from leadgen_assets.clients.web import Exchange, WebClient
from tests.integration.web_servers import NameServer, Reply, WebServer, canary, name_server
from tests.unit.clients.test_address_guard import NOT_PUBLIC

DOOR = "door.test"
DOCUMENTATION = {"192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1"}  # where a town's hosts are
ADDRESSES = [
    text for text in NOT_PUBLIC if text not in DOCUMENTATION and text.replace(".", "").replace(":", "").isalnum()
]
# What some parser or other takes for an address of this machine, a local name, a port of another service or no web.
URLS = [
    "http://127.1/", "http://127.0.1/", "http://0/", "http://0.0.0.0/", "http://2130706433/", "http://017700000001/", "http://0x7f000001/",
    "http://0x7f.0x0.0x0.0x1/", "http://0177.0.0.1/", "http://127.0.0.1./", "http://127.000.000.001/", "http://[::1]/", "http://[::]/",
    "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[::127.0.0.1]/", "http://[0:0:0:0:0:ffff:127.0.0.1]/",
    "http://[fe80::1%25lo]/", "http://[64:ff9b::127.0.0.1]/", "http://[2002:7f00:1::]/", "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/", "http://100.100.100.200/", "http://168.63.129.16/", "http://metadata.google.internal/", "http://localhost/",
    "http://LOCALHOST/", "http://localhost./", "http://a.localhost/", "http://printer.local/", "http://router.home.arpa/", "http://intranet/",
    "http://hidden.onion/", "http://ⓛocalhost/", "http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http://１２７.0.0.1/", "http://loc\u00adalhost/",
    "http://user@127.0.0.1/", "http://door.test@127.0.0.1/", "http://127.0.0.1#@door.test/", "http://127.0.0.1\\@door.test/",
    "http://door.test:22/", "http://door.test:6379/", "http://door.test:8080/", "https://door.test:80443/", "http://door.test:0/",
    "ftp://door.test/", "file:///etc/passwd", "gopher://127.0.0.1:80/_x", "dict://127.0.0.1/", "data:text/html,x", "javascript:alert(1)",
    "//127.0.0.1/", "http:///127.0.0.1/", "http://%31%32%37.0.0.1/", "http://127.0.0.1%00.door.test/", "http://[::/", "http://%00/", "http://",
]  # fmt: skip


@pytest.fixture(scope="module")
def names() -> Iterator[NameServer]:
    with name_server() as server:
        yield server


def ask(names: NameServer, dial_map: dict[str, str], urls: list[str]) -> list[Exchange]:
    async def run() -> list[Exchange]:
        dns = DnsClient([names.address], 1.0)
        async with WebClient(
            dns.addresses, AddressGuard(dial_map), user_agent="LeadgenBot/0.1", timeout_seconds=5.0
        ) as web:
            return await asyncio.gather(*(web.get(url) for url in urls))

    return asyncio.run(run())


def test_no_hostile_target_is_reached_directly_by_redirect_or_by_name(names: NameServer) -> None:
    by_name = {f"host{number}.test": address for number, address in enumerate(ADDRESSES)}
    mixed = {
        f"mixed{number}.test": ["192.0.2.1", address] for number, address in enumerate(ADDRESSES) if ":" not in address
    }
    names.zone = {DOOR: "192.0.2.1", **{host: address for host, address in by_name.items() if is_record(address)}}
    names.zone |= {host: addresses for host, addresses in mixed.items() if is_record(addresses[1])}
    literal = [f"http://[{address}]/" if ":" in address else f"http://{address}/" for address in ADDRESSES]
    targets = [*URLS, *literal, *(f"{scheme}://{host}/" for host in (*by_name, *mixed) for scheme in ("http", "https"))]
    assert len(URLS) + len(ADDRESSES) >= 100
    redirects = {f"/{number}": Reply(302, "", {"Location": latin(url)}) for number, url in enumerate(targets)}
    with canary() as (port, visitors), WebServer({DOOR: redirects}) as door:
        dial_map = {"*:80": f"127.0.0.1:{port}", "*:443": f"127.0.0.1:{port}", f"{DOOR}:80": f"127.0.0.1:{door.port}"}
        answers = ask(names, dial_map, targets) + ask(names, dial_map, [f"http://{DOOR}{path}" for path in redirects])
        asked = len(door.asked)
    assert visitors == []
    reached = {
        one.url: (one.outcome, one.final_url)
        for one in answers
        if one.outcome not in {"blocked", "nxdomain", "no_data"}
    }
    # a redirect to something relative leads back to the door, which has no such page
    assert {url for url, (_, final) in reached.items() if not (final or "").startswith(f"http://{DOOR}/")} == set()
    assert asked >= len(redirects)


def test_a_name_that_changes_its_answer_after_the_check_is_not_followed(names: NameServer) -> None:
    with canary() as (port, visitors), WebServer({}) as door:
        dial_map = {"*:80": f"127.0.0.1:{port}", "192.0.2.1:80": f"127.0.0.1:{door.port}"}
        for number, hostile in enumerate(
            ("127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1", "fd00::1")
        ):
            host = f"rebind{number}.test"
            answers = cycle(["192.0.2.1", hostile])
            names.zone = {host: lambda answers=answers: next(answers)}
            door.sites = {host: {"*": Reply(302, "", {"Location": "/again", "Connection": "close"})}}
            outcomes = {one.outcome for one in ask(names, dial_map, [f"http://{host}/{step}" for step in range(3)])}
            assert outcomes <= {"blocked", "redirect_loop", "no_data"}
    assert visitors == []


def is_record(address: str) -> bool:
    """True for what a name server can answer with."""
    parts = address.split(".")
    return (":" in address and "." not in address) or (
        len(parts) == 4 and all(part.isdigit() and int(part) < 256 for part in parts)
    )


def latin(url: str) -> str:
    return url.encode("utf-8").decode("latin-1")
