"""Only the requester's network is ever known, and only our own proxies are believed."""

import pytest

from tracking_service.networks import Networks, TrustedProxies, truncated_network


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        ("unknown", None),
        ("192.0.2.77:8080", None),
        ("", None),
        (None, None),
    ],
)
def test_an_address_is_cut_to_its_network(host: str | None, network: str | None) -> None:
    assert truncated_network(host) == network


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "network"),
    [
        ((), "203.0.113.1", "192.0.2.7", "203.0.113.0/24"),
        (("10.0.0.0/8",), "203.0.113.1", "192.0.2.7", "203.0.113.0/24"),
        (("10.0.0.0/8",), "10.0.0.1", "192.0.2.7", "192.0.2.0/24"),
        (("10.0.0.0/8",), "10.0.0.1", "198.51.100.9, 192.0.2.7, 10.9.9.9", "192.0.2.0/24"),
        (("10.0.0.0/8",), "10.0.0.1", "10.1.1.1, 10.2.2.2", "10.1.1.0/24"),
        (("10.0.0.0/8",), "10.0.0.1", "192.0.2.7, forged", None),
        (("10.0.0.0/8",), "10.0.0.1", None, "10.0.0.0/24"),
        (("10.0.0.1", "2001:db8::/32"), "2001:db8::1", "2001:db8:5::1, 192.0.2.7,2001:db8::2", "192.0.2.0/24"),
    ],
)
def test_the_rightmost_hop_that_is_not_ours_counts(
    trusted: tuple[str, ...], peer: str, forwarded: str | None, network: str | None
) -> None:
    assert TrustedProxies(trusted).requester_network(peer, forwarded) == network


def test_a_proxy_that_is_no_network_is_named() -> None:
    with pytest.raises(ValueError, match=r"TRUSTED_PROXIES names 'proxy\.internal'"):
        TrustedProxies(("10.0.0.1", "proxy.internal"))


def test_a_set_of_networks_holds_addresses_only() -> None:
    own = Networks(("203.0.113.7", "2001:db8:7::/48"), "OWN_NETWORKS")
    assert "203.0.113.7" in own
    assert "2001:db8:7:1::9" in own
    assert not any(host in own for host in ("203.0.113.8", "unknown", "", None))
    with pytest.raises(ValueError, match="OWN_NETWORKS names 'home'"):
        Networks(("home",), "OWN_NETWORKS")
