"""Which addresses the web client may connect to: public ones, ports 80 and 443, and in a rehearsal the town's alone.

Other people's DNS and redirects name the targets, so every one is checked where the connection is made. Speaking HTTP
belongs to `web`.
"""

import ipaddress
from collections.abc import Iterable, Mapping

PORTS = frozenset({80, 443})
_SCHEMES = frozenset({"http", "https"})
_NOT_PUBLIC = tuple(
    map(
        ipaddress.ip_network,
        (
            "168.63.129.16/32",  # a cloud's host agent behind a public-looking address
            "192.88.99.0/24",  # 6to4 relays
            "2002::/16",  # 6to4, Teredo and NAT64 carry an IPv4 address inside
            "2001::/32",
            "64:ff9b::/96",
            "64:ff9b:1::/48",
            "::/96",
            "::ffff:0:0/96",
            "fec0::/10",
        ),
    )
)
_DOCUMENTATION = tuple(
    map(ipaddress.ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"))
)
_LOCAL_NAMES = (".localhost", ".local", ".internal", ".home.arpa", ".onion")


class BlockedTargetError(Exception):
    """A target that is never asked, with the reason."""


class AddressGuard:
    """Checks targets and says where to connect.

    Args:
        dial_map: in a rehearsal, `host-or-address-or-*:port` to the real `address:port`. Where it is set, documentation
            addresses are allowed (the town's DNS answers with them) and nothing outside the map is ever connected to.
    """

    def __init__(self, dial_map: Mapping[str, str] | None = None) -> None:
        self._dial_map = dict(dial_map or {})

    def check_url(self, scheme: str, host: str, port: int) -> None:
        """Refuse what is no plain web address, before anything is looked up.

        Raises:
            BlockedTargetError: for other schemes and ports and for names of local networks.
        """
        if scheme not in _SCHEMES or port not in PORTS:
            raise BlockedTargetError(f"{scheme} on port {port} is not asked")
        name = host.lower().rstrip(".")
        if not _is_address(name) and ("." not in name or name.endswith(_LOCAL_NAMES)):
            raise BlockedTargetError(f"{host} is a name of a local network")

    def check_addresses(self, addresses: Iterable[str]) -> None:
        """Refuse a host if any of its addresses is not public.

        Raises:
            BlockedTargetError: naming the address.
        """
        for address in addresses:
            if not self._is_allowed(address):
                raise BlockedTargetError(f"{address} is not a public address")

    def dial_target(self, host: str, address: str, port: int) -> tuple[str, int]:
        """Where to connect to for a checked address.

        Raises:
            BlockedTargetError: in a rehearsal, where the dial map does not cover it.
        """
        self.check_addresses([address])
        if not self._dial_map:
            return address, port
        target = next(
            (self._dial_map[key] for name in (host, address, "*") if (key := f"{name}:{port}") in self._dial_map), None
        )
        if target is None:
            raise BlockedTargetError(f"{host}:{port} is not on the dial map")
        real_host, _, real_port = target.rpartition(":")
        return real_host.strip("[]"), int(real_port)

    def _is_allowed(self, text: str) -> bool:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        if any(address.version == network.version and address in network for network in _DOCUMENTATION):
            return bool(self._dial_map)
        if any(address.version == network.version and address in network for network in _NOT_PUBLIC):
            return False
        return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
