"""The Domain Name System, asked through the configured resolvers, with an answer for every way it can go.

A name counts as missing only when two answers say so. What a missing name means for a lead is decided elsewhere.
"""

import asyncio
import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from leadgen_assets.clients.errors import ClientError
from leadgen_assets.clients.resolver_sockets import ResolverSockets

DnsOutcome = Literal["answered", "nxdomain", "no_data", "servfail", "timeout"]
Kind = Literal["A", "AAAA", "CNAME", "MX", "NS", "TXT"]
_ADDRESSES = frozenset({"A", "AAAA"})
_MISSING = frozenset({"nxdomain", "no_data"})


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    """What the resolvers said about one name.

    Attributes:
        host: the name that was asked.
        kind: of `Kind`.
        outcome: answered, nxdomain (no such name, said twice), no_data (the name exists without such records, said
            twice), servfail (a refusal or a malformed answer) or timeout (no answer in time).
        values: the addresses, the names, the texts, or the mail exchangers with the preferred first ("." stands for
            "accepts no mail").
        asked: the resolvers that were asked, as `host:port`, with what each answered; `wildcard` is the answer of a
            resolver that gives the same addresses for names that do not exist, and counts as nxdomain.
        aliases: the canonical names on the way to an address.
    """

    host: str
    kind: str
    outcome: DnsOutcome
    values: tuple[str, ...] = ()
    asked: tuple[tuple[str, str], ...] = ()
    aliases: tuple[str, ...] = ()


class DnsClient:
    """Asks the first resolver, and the next where that one failed or said that there is nothing.

    Used as an asynchronous context manager it keeps its sockets open between questions.

    Args:
        resolvers: `address:port` each (port 53 where it is left out). A single one is asked twice.
        timeout_seconds: for one question to one resolver.

    Raises:
        ClientError: if a resolver is not an IP address with a port.
    """

    def __init__(self, resolvers: Sequence[str], timeout_seconds: float) -> None:
        self._resolvers = [_resolver(text) for text in resolvers]
        if not self._resolvers:
            raise ClientError("DNS_RESOLVERS is empty: name at least one resolver such as 1.1.1.1:53.")
        if len(self._resolvers) == 1:
            self._resolvers *= 2
        self._timeout_seconds = timeout_seconds
        self._sockets = ResolverSockets()
        self._wildcards: dict[tuple[str, int, str, str], asyncio.Task[frozenset[str] | None]] = {}

    async def __aenter__(self) -> "DnsClient":
        self._sockets.keep()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._sockets.close()

    async def addresses(self, host: str) -> DnsAnswer:
        """The IPv4 addresses of a name or, where it has none, its IPv6 addresses."""
        answer = await self.ask(host, "A")
        if answer.outcome != "no_data":
            return answer
        return await self.ask(host, "AAAA")

    async def mail_exchangers(self, domain: str) -> DnsAnswer:
        """The mail exchangers of a domain."""
        return await self.ask(domain, "MX")

    async def name_servers(self, domain: str) -> DnsAnswer:
        """The name servers of a domain."""
        return await self.ask(domain, "NS")

    async def texts(self, name: str) -> DnsAnswer:
        """The TXT records of a name, the strings of each joined."""
        return await self.ask(name, "TXT")

    async def ask(self, host: str, kind: Kind) -> DnsAnswer:
        """The records of one kind of a name; an expected failure is an outcome, never an exception."""
        try:
            name = dns.name.from_text(host)
        except (dns.exception.DNSException, UnicodeError):
            return DnsAnswer(host, kind, "nxdomain", asked=(("not asked", "malformed name"),))
        asked: list[tuple[str, str]] = []
        outcomes: list[DnsOutcome] = []
        for address, port in self._resolvers:
            outcome, values, aliases = await self._question(name, kind, address, port)
            is_wildcard = outcome == "answered" and await self._is_wildcard(host, kind, address, port, values)
            asked.append((f"{address}:{port}", "wildcard" if is_wildcard else outcome))
            if is_wildcard:
                outcome = "nxdomain"
            if outcome == "answered":
                return DnsAnswer(host, kind, outcome, values, tuple(asked), aliases)
            outcomes.append(outcome)
            if outcome in _MISSING and outcomes.count(outcome) == 2:
                return DnsAnswer(host, kind, outcome, (), tuple(asked))
        return DnsAnswer(host, kind, _worst(outcomes), (), tuple(asked))

    async def _is_wildcard(self, host: str, kind: str, address: str, port: int, values: tuple[str, ...]) -> bool:
        """True where a resolver gives the same addresses for a name that surely does not exist."""
        if kind not in _ADDRESSES:
            return False
        key = (address, port, kind, host.rstrip(".").rpartition(".")[2].lower())
        if key not in self._wildcards:
            self._wildcards[key] = asyncio.ensure_future(self._wildcard(*key))
        found = await self._wildcards[key]
        if found is None:  # no answer: asked again with the next name
            self._wildcards.pop(key, None)
        return bool(found and found.intersection(values))

    async def _wildcard(self, address: str, port: int, kind: str, top_level_domain: str) -> frozenset[str] | None:
        label = hashlib.sha256(f"no such name under {top_level_domain}".encode()).hexdigest()[:24]
        name = dns.name.from_text(f"{label}.{top_level_domain}")
        outcome, values, _ = await self._question(name, kind, address, port)
        return None if outcome in {"timeout", "servfail"} else frozenset(values)

    async def _question(
        self, name: dns.name.Name, kind: str, address: str, port: int
    ) -> tuple[DnsOutcome, tuple[str, ...], tuple[str, ...]]:
        query = dns.message.make_query(name, kind, use_edns=True)
        try:
            async with asyncio.timeout(self._timeout_seconds):  # covers the repetition over TCP as well
                reply, _ = await self._sockets.lend(
                    address,
                    lambda lent: dns.asyncquery.udp_with_fallback(
                        query, address, port=port, udp_sock=lent, ignore_unexpected=True, ignore_errors=True
                    ),
                )
        except (TimeoutError, dns.exception.Timeout):
            return "timeout", (), ()
        except (dns.exception.DNSException, OSError, EOFError):
            return "servfail", (), ()
        return _read(reply, name, kind)


def _read(
    reply: dns.message.Message, name: dns.name.Name, kind: str
) -> tuple[DnsOutcome, tuple[str, ...], tuple[str, ...]]:
    if reply.rcode() == dns.rcode.NXDOMAIN:
        return "nxdomain", (), ()
    if reply.rcode() != dns.rcode.NOERROR:
        return "servfail", (), ()
    wanted = dns.rdatatype.from_text(kind)
    records = [record for rrset in reply.answer if rrset.rdtype == wanted for record in rrset]  # aliases come along
    chain = (rrset for rrset in reply.answer if rrset.rdtype == dns.rdatatype.CNAME)
    aliases = tuple(record.target.to_text(omit_final_dot=True) for rrset in chain for record in rrset)
    if kind == "MX":
        records.sort(key=lambda record: record.preference)
        values = [record.exchange.to_text(omit_final_dot=True) for record in records]
    elif kind == "TXT":
        values = [b"".join(record.strings).decode("utf-8", "replace") for record in records]
    elif kind in _ADDRESSES:
        values = [record.address for record in records]
    else:
        values = [record.target.to_text(omit_final_dot=True) for record in records]
    found = tuple(dict.fromkeys(values))
    return ("answered", found, aliases) if found else ("no_data", (), aliases)


def _worst(outcomes: Sequence[DnsOutcome]) -> DnsOutcome:
    """What to say when no two resolvers agree: a failure before "nothing there", which then is not confirmed."""
    failures: tuple[DnsOutcome, ...] = ("timeout", "servfail")
    for failure in failures:
        if failure in outcomes:
            return failure
    return "no_data"  # one said no such name and one said no such records: the name exists somewhere


def _resolver(text: str) -> tuple[str, int]:
    host, separator, port = text.strip().rpartition(":")
    if not separator or (":" in host and not host.startswith("[")):  # no port, or a bare IPv6 address
        host, port = text.strip(), "53"
    host = host.strip("[]")
    try:
        return str(ipaddress.ip_address(host)), int(port)
    except ValueError:
        raise ClientError(
            f"DNS_RESOLVERS names {text!r}: write an IP address and a port, such as 1.1.1.1:53."
        ) from None
