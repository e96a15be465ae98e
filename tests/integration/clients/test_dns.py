"""The DNS client against real name servers: every way in which a question can go."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from leadgen_assets.clients.dns import DnsAnswer, DnsClient
from leadgen_assets.clients.errors import ClientError
from tests.integration.web_servers import NameServer, Zone, name_server, unused_port

Ask = Callable[..., DnsAnswer]


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[NameServer, NameServer]]:
    with name_server() as first, name_server() as second:
        yield first, second


@pytest.fixture
def ask(servers: tuple[NameServer, NameServer]) -> Ask:
    def run(host: str, *zones: Zone, kind: str = "addresses", timeout_seconds: float = 0.3) -> DnsAnswer:
        servers[0].zone, servers[1].zone = zones[0], zones[-1]
        client = DnsClient([server.address for server in servers], timeout_seconds)
        return asyncio.run(getattr(client, kind)(host))

    return run


def test_addresses_are_answered_by_the_first_resolver_alone(ask: Ask) -> None:
    answer = ask("kulta.test", {"kulta.test": ["192.0.2.1", "192.0.2.2"]}, {})
    assert (answer.outcome, answer.values, len(answer.asked)) == ("answered", ("192.0.2.1", "192.0.2.2"), 1)


def test_a_name_is_missing_only_when_two_resolvers_say_so(ask: Ask) -> None:
    answer = ask("kulta.test", {}, {})
    assert (answer.outcome, [outcome for _, outcome in answer.asked]) == ("nxdomain", ["nxdomain", "nxdomain"])


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        (None, "192.0.2.1", "answered"),
        (None, "drop", "timeout"),
        (None, "servfail", "servfail"),
        ("drop", None, "timeout"),
        ("servfail", None, "servfail"),
        ("drop", "192.0.2.1", "answered"),
        ("servfail", "192.0.2.1", "answered"),
        ("servfail", "drop", "timeout"),
        ("no_data", "no_data", "no_data"),
        (None, "no_data", "no_data"),
    ],
)
def test_the_second_resolver_is_asked_when_the_first_fails_or_finds_nothing(
    ask: Ask, first: str | None, second: str | None, outcome: str
) -> None:
    zones = [{"kulta.test": found} if found else {} for found in (first, second)]
    assert ask("kulta.test", *zones).outcome == outcome


def test_a_name_without_ipv4_is_asked_for_ipv6(ask: Ask) -> None:
    answer = ask("kulta.test", {"kulta.test": ["2001:db8::7"]})
    assert (answer.outcome, answer.kind, answer.values) == ("answered", "AAAA", ("2001:db8::7",))


def test_an_answer_too_long_for_a_datagram_is_fetched_over_tcp(ask: Ask) -> None:
    answer = ask("kulta.test", {"kulta.test": "many"}, timeout_seconds=2)
    assert (answer.outcome, answer.values) == ("answered", ("192.0.2.9",))


def test_mail_exchangers_come_in_order_and_a_null_one_is_told(ask: Ask) -> None:
    zone = {"kulta.test": {"MX": [(20, "b.test"), (10, "a.test")]}, "none.test": {"MX": [(0, ".")]}}
    assert ask("kulta.test", zone, kind="mail_exchangers").values == ("a.test", "b.test")
    assert ask("none.test", zone, kind="mail_exchangers").values == (".",)


def test_nobody_listening_is_no_answer_about_the_name() -> None:
    client = DnsClient([f"127.0.0.1:{unused_port()}"], 0.2)
    assert asyncio.run(client.addresses("kulta.test")).outcome in {"servfail", "timeout"}


@pytest.mark.parametrize("host", ["a" * 64 + ".test", "a..test", "x" * 300 + ".test"])
def test_a_malformed_name_does_not_exist(host: str) -> None:
    assert asyncio.run(DnsClient(["127.0.0.1:9"], 0.1).addresses(host)).outcome == "nxdomain"


def test_a_single_resolver_is_asked_twice(servers: tuple[NameServer, NameServer]) -> None:
    before = len(servers[0].asked)
    answer = asyncio.run(DnsClient([servers[0].address], 0.5).addresses("nobody.test"))
    assert (answer.outcome, len(servers[0].asked) - before) == ("nxdomain", 2)


@pytest.mark.parametrize("resolver", ["dns.google:53", "1.1.1.1:domain", "", "1.1.1:53"])
def test_a_resolver_that_is_no_address_is_refused_in_one_sentence(resolver: str) -> None:
    with pytest.raises(ClientError, match="DNS_RESOLVERS"):
        DnsClient([resolver], 1)


def test_resolvers_may_be_ipv6_or_leave_out_the_port() -> None:
    assert DnsClient(["[2606:4700:4700::1111]:53", "9.9.9.9", "::1"], 1)._resolvers == [
        ("2606:4700:4700::1111", 53), ("9.9.9.9", 53), ("::1", 53),
    ]  # fmt: skip
