"""The town's name server, over UDP and TCP: which hosts exist, where they are and where their mail goes.

Everything under a name that the town does not know is NXDOMAIN. Addresses are of the ranges kept for documentation, so
nothing can be reached by them.
"""

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dnslib import MX, NS, QTYPE, RCODE, RR, SOA, A, DNSError, DNSRecord
from dnslib.server import DNSHandler, DNSLogger, DNSServer

from leadgen_assets.rehearsal.town_names import COMPANY_HOST, MAIL_HOST, SOCIAL_HOST, TLD
from leadgen_assets.rehearsal.truth import Business
from tracking_service.clock import Clock

Fault = Literal["drop", "servfail"]
_RANGES = ("192.0.2", "198.51.100", "203.0.113")  # RFC 5737
_WILDCARD_ADDRESS = "203.0.113.255"  # no host of the town has it
_TTL_SECONDS = 300
_PORT_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class DnsQuestion:
    """One question as it was answered: when (virtual time), name, type, and the code (`NOERROR`, ..., `DROPPED`)."""

    at: datetime
    name: str
    type: str
    code: str


class DnsServer:
    """Answers for the whole town.

    Args:
        businesses: the town's.
        clock: for the log only.

    Attributes:
        requests: what was asked, in order of arrival.
        interrupt: a hook for faults: given a host name, returns `drop` (no answer), `servfail`, or None.
    """

    def __init__(self, businesses: Sequence[Business], clock: Clock) -> None:
        self._clock = clock
        self._addresses, self._mail_domains, self._names = _zone(businesses)
        self._has_wildcard = any(business.site_quirk == "wildcard_dns" for business in businesses)
        self._servers: list[DNSServer] = []
        self._port = 0
        self.requests: list[DnsQuestion] = []
        self.interrupt: Callable[[str], Fault | None] = lambda host: None

    def start(self) -> None:
        """Serve until `stop`, under the same port as before if it was started before.

        Raises:
            OSError: if no port is free for both protocols.
        """
        if self._servers:
            return
        self._servers = self._bound(_PORT_ATTEMPTS)
        for server in self._servers:  # `start_thread` would take half a second to notice that it shall stop
            server.thread = threading.Thread(target=server.server.serve_forever, args=(0.02,), daemon=True)
            server.thread.start()

    def stop(self) -> None:
        """Stop serving; safe to call twice."""
        servers, self._servers = self._servers, []
        for server in servers:
            server.server.shutdown()
            server.thread.join(1)
            server.server.server_close()

    def settings(self) -> dict[str, str]:
        """The lines that point the product here; candidates are sought under the town's only top-level domain."""
        return {"DNS_RESOLVERS": f"127.0.0.1:{self._port}", "CANDIDATE_TLDS": TLD}

    def resolve(self, request: DNSRecord, handler: DNSHandler) -> DNSRecord:
        """Answer one question; called by dnslib's handlers in threads of their own.

        Raises:
            DNSError: for a question that is to stay without an answer, which is how dnslib drops it.
        """
        name, kind = str(request.q.qname).rstrip(".").lower(), QTYPE[request.q.qtype]
        fault = self.interrupt(name)
        if fault == "drop":
            self._log(name, kind, "DROPPED")
            raise DNSError(f"{name} is to stay without an answer.")
        reply = request.reply()
        if fault == "servfail":
            reply.header.rcode = RCODE.SERVFAIL
        elif name not in self._names and self._has_wildcard and kind == "A":
            reply.add_answer(RR(name, QTYPE.A, rdata=A(_WILDCARD_ADDRESS), ttl=_TTL_SECONDS))
        elif name not in self._names:
            reply.header.rcode = RCODE.NXDOMAIN
        else:
            for record in self._records(name, kind):
                reply.add_answer(record)
        if fault is None and not reply.rr:
            reply.add_auth(
                RR(TLD, QTYPE.SOA, rdata=SOA("ns.town.test", "town.town.test", (1, 3600, 600, 86400, 60)), ttl=60)
            )
        self._log(name, kind, RCODE[reply.header.rcode])
        return reply

    def _records(self, name: str, kind: str) -> Iterator[RR]:
        if kind in {"A", "ANY"} and name in self._addresses:
            yield RR(name, QTYPE.A, rdata=A(self._addresses[name]), ttl=_TTL_SECONDS)
        if kind in {"NS", "ANY"} and (name in self._addresses or name in self._mail_domains):
            yield RR(name, QTYPE.NS, rdata=NS("ns.town.test"), ttl=_TTL_SECONDS)
        if kind in {"MX", "ANY"} and name in self._mail_domains:
            yield RR(name, QTYPE.MX, rdata=MX(MAIL_HOST, 10), ttl=_TTL_SECONDS)

    def _bound(self, attempts: int) -> list[DNSServer]:
        """A TCP and a UDP server on one port, as a client that is told to repeat over TCP expects."""
        quiet = DNSLogger("error", prefix=False, logf=lambda text: None)
        tcp = DNSServer(self, address="127.0.0.1", port=self._port, tcp=True, logger=quiet)
        port = tcp.server.server_address[1]
        try:
            udp = DNSServer(self, address="127.0.0.1", port=port, logger=quiet)
        except OSError:
            tcp.server.server_close()
            if self._port or attempts <= 1:
                raise
            return self._bound(attempts - 1)
        self._port = port
        return [tcp, udp]

    def _log(self, name: str, kind: str, code: str) -> None:
        self.requests.append(DnsQuestion(self._clock.now(), name, kind, code))


def _zone(businesses: Iterable[Business]) -> tuple[dict[str, str], set[str], set[str]]:
    """Addresses by host, domains that take mail, and every name that exists, those above a host too."""
    hosts = {COMPANY_HOST, f"www.{COMPANY_HOST}", MAIL_HOST, SOCIAL_HOST, SOCIAL_HOST.removeprefix("www.")}
    mail_domains, dead = {COMPANY_HOST}, set()
    for business in businesses:
        if business.site_kind == "dead_domain":
            dead.add(business.site_host)
        elif business.site_host:
            hosts |= {business.site_host, f"www.{business.site_host}"}
            if business.site_quirk == "www_only":
                hosts.discard(business.site_host)
        mail_domains |= {mail.rpartition("@")[2] for mail in (business.email, business.reply_address) if mail}
    mail_domains -= dead
    labels = [name.split(".") for name in hosts | mail_domains]
    names = {".".join(parts[start:]) for parts in labels for start in range(len(parts))}
    return {host: _address(host) for host in hosts}, mail_domains, names


def _address(host: str) -> str:
    number = int.from_bytes(hashlib.sha256(host.encode()).digest()[:4])
    return f"{_RANGES[number % 3]}.{number // 3 % 254 + 1}"
