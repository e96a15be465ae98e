"""Where a request came from, no more exactly than it is stored: the /24 or /48 network of the requester."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_KEPT_BITS = {4: 24, 6: 48}


class Networks:
    """A set of networks.

    Args:
        entries: addresses or networks.
        setting: the name of the setting that they come from.

    Raises:
        ValueError: naming the first entry that is neither.
    """

    def __init__(self, entries: tuple[str, ...], setting: str) -> None:
        self._networks = []
        for entry in entries:
            try:
                self._networks.append(ip_network(entry, strict=False))
            except ValueError:
                raise ValueError(f"{setting} names {entry!r}, which is neither an address nor a network.") from None

    def __bool__(self) -> bool:
        return bool(self._networks)

    def __contains__(self, host: str | None) -> bool:
        address = _address(host)
        return address is not None and any(address in network for network in self._networks)


class TrustedProxies:
    """Finds the requester behind the proxies that we run ourselves.

    Args:
        networks: addresses or networks of those proxies; with none, X-Forwarded-For is never believed.

    Raises:
        ValueError: naming the first entry that is neither.
    """

    def __init__(self, networks: tuple[str, ...]) -> None:
        self._networks = Networks(networks, "TRUSTED_PROXIES") or None

    def requester(self, peer: str | None, forwarded_for: str | None) -> str | None:
        """The rightmost hop that is not a proxy of ours; it may be no address at all."""
        if self._networks is None or not forwarded_for or peer not in self._networks:
            return peer
        hops = [hop.strip() for hop in forwarded_for.split(",")]
        return next((hop for hop in reversed(hops) if hop not in self._networks), hops[0])

    def requester_network(self, peer: str | None, forwarded_for: str | None) -> str | None:
        """The truncated network of the requester, or None where that is no address."""
        return truncated_network(self.requester(peer, forwarded_for))


@lru_cache(maxsize=4096)
def truncated_network(host: str | None) -> str | None:
    """`192.0.2.0/24` for `192.0.2.77`, `2001:db8::/48` for an IPv6 address, None for anything else."""
    address = _address(host)
    return str(ip_network((address, _KEPT_BITS[address.version]), strict=False)) if address else None


def _address(host: str | None) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address((host or "").partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
