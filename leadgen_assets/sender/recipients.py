"""Whether a recipient's domain can take mail at all, as DNS says just before a message goes.

A domain that does not exist, or says that it takes no mail (RFC 7505), would only cost a bounce. Where DNS does not
answer nothing is known, and the mail server finds out.
"""

import asyncio
from dataclasses import dataclass, field

from leadgen_assets.settings import Settings
from tracking_service.loopback import is_loopback

_TIMEOUT_SECONDS = 3.0
_MISSING = {"nxdomain", "no_data"}


@dataclass(slots=True)
class MailDomains:
    """What was found out about recipients' domains in one batch: the reason against each, or None."""

    settings: Settings
    found: dict[str, str | None] = field(default_factory=dict)

    def is_known(self, domain: str) -> bool:
        """Whether this domain was looked up, or never is: in a rehearsal only resolvers on loopback are asked."""
        return domain in self.found or not self._may_ask()

    def problem(self, domain: str) -> str | None:
        """Why a domain takes no mail; None where it does, or where nothing is known."""
        return self.found.get(domain)

    def look_up(self, domain: str) -> None:
        """Ask DNS; call this outside of transactions, because it can take seconds."""
        self.found[domain] = asyncio.run(self._look_up(domain))

    async def _look_up(self, domain: str) -> str | None:
        from leadgen_assets.clients.dns import DnsClient  # on first use: most of a sender's start is imports

        client = DnsClient(self.settings.dns_resolvers, _TIMEOUT_SECONDS)
        answer = await client.mail_exchangers(domain)
        if answer.outcome == "nxdomain":
            return f"the domain {domain} does not exist"
        if answer.outcome == "answered" and set(answer.values) == {"."}:
            return f"the domain {domain} takes no mail (null MX)"
        if answer.outcome == "no_data" and (await client.addresses(domain)).outcome in _MISSING:
            return f"the domain {domain} has neither a mail server nor an address"
        return None

    def _may_ask(self) -> bool:
        hosts = (resolver.rpartition(":")[0].strip("[]") for resolver in self.settings.dns_resolvers)
        return self.settings.leadgen_mode == "live" or all(map(is_loopback, hosts))
