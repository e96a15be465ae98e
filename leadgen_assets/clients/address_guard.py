"""Which addresses the web client may connect to: public ones, ports 80 and 443, and in a rehearsal the town's alone.

Other people's DNS and redirects name the targets, so every one is checked where the connection is made. Speaking HTTP
belongs to `web`.
"""

from collections.abc import Iterable, Mapping
from ipaddress import ip_address, ip_network

PORTS = frozenset({80, 443})
_SCHEMES = frozenset({"http", "https"})
# Written out besides what `ipaddress` knows, because that differs between patch releases of Python.
_NOT_PUBLIC = tuple(map(ip_network, (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3",
    "168.63.129.16/32",  # a cloud's host agent behind a public-looking address
    "2001::/23", "2002::/16", "3fff::/20", "5f00::/16",  # Teredo, 6to4 and other special purposes
)))  # fmt: skip
_PUBLIC_IPV6 = ip_network("2000::/3")
_DOCUMENTATION = tuple(map(ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")))
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
            address = ip_address(text)
        except ValueError:
            return False
        if any(address in network for network in _DOCUMENTATION):
            return bool(self._dial_map)
        if any(address in network for network in _NOT_PUBLIC) or (address.version == 6 and address not in _PUBLIC_IPV6):
            return False
        return address.is_global and not (address.is_multicast or address.is_reserved)


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
