"""Which targets the web client may ask: a table of hostile ones, and the few that are allowed."""

import pytest

from leadgen_assets.clients.address_guard import AddressGuard, BlockedTargetError

MAP = {"*:80": "127.0.0.1:41000", "shop.test:80": "127.0.0.1:41002", "*:443": "127.0.0.1:41001"}

NOT_PUBLIC = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254", "192.168.0.1",
    "192.168.255.255", "169.254.169.254", "169.254.0.1", "100.64.0.1", "100.100.100.200", "100.127.255.254", "192.0.0.8",
    "192.0.0.192", "192.88.99.1", "198.18.0.1", "198.19.255.255", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "168.63.129.16", "192.0.2.1", "198.51.100.1", "203.0.113.1", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "::ffff:169.254.169.254", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1",
    "2001::1", "2001:0:53aa:64c:0:0:80ff:fffe", "2001:db8::1", "fc00::1", "fd00:ec2::254", "fd12:3456::1", "fe80::1", "fe80::1%eth0",
    "fec0::1", "ff02::1", "ff0e::1", "100::1", "127.1", "0x7f.0.0.1", "2130706433", "017700000001", "127.0.0.1.", "localhost", "",
    "1.2.3.4.5", "256.1.1.1", "::ffff:0:127.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(BlockedTargetError):
        AddressGuard().check_addresses([address])
    with pytest.raises(BlockedTargetError):
        AddressGuard().dial_target("shop.fi", address, 443)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450::1"])
def test_public_addresses_are_dialled_as_they_are(address: str) -> None:
    AddressGuard().check_addresses([address])
    assert AddressGuard().dial_target("shop.fi", address, 443) == (address, 443)


def test_one_bad_address_among_good_ones_refuses_the_host() -> None:
    with pytest.raises(BlockedTargetError, match=r"10\.0\.0\.1"):
        AddressGuard().check_addresses(["8.8.8.8", "10.0.0.1"])


@pytest.mark.parametrize(
    ("scheme", "host", "port"),
    [
        ("ftp", "shop.fi", 21), ("file", "shop.fi", 80), ("gopher", "shop.fi", 80), ("http", "shop.fi", 22), ("http", "shop.fi", 8080),
        ("https", "shop.fi", 6379), ("http", "localhost", 80), ("http", "LOCALHOST.", 80), ("http", "a.localhost", 80), ("http", "nas.local", 80),
        ("http", "metadata.google.internal", 80), ("http", "router.home.arpa", 80), ("http", "intranet", 80), ("http", "2130706433", 80),
        ("http", "0x7f000001", 80), ("http", "", 80), ("http", "hidden.onion", 80),
    ],
)  # fmt: skip
def test_what_is_no_plain_web_address_is_refused_before_anything_is_looked_up(
    scheme: str, host: str, port: int
) -> None:
    with pytest.raises(BlockedTargetError):
        AddressGuard().check_url(scheme, host, port)


def test_plain_web_addresses_pass() -> None:
    for scheme, port in (("http", 80), ("https", 443), ("http", 443)):
        AddressGuard().check_url(scheme, "www.shop.fi", port)


def test_a_rehearsal_dials_the_town_for_documentation_addresses_and_nothing_that_is_not_on_its_map() -> None:
    guard = AddressGuard(MAP)
    assert guard.dial_target("www.kulta.test", "192.0.2.7", 80) == ("127.0.0.1", 41000)
    assert guard.dial_target("shop.test", "203.0.113.7", 80) == ("127.0.0.1", 41002)
    assert guard.dial_target("shop.test", "8.8.8.8", 443) == ("127.0.0.1", 41001)
    with pytest.raises(BlockedTargetError, match="dial map"):
        AddressGuard({"*:80": "127.0.0.1:41000"}).dial_target("shop.test", "192.0.2.7", 443)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"])
def test_a_rehearsal_refuses_private_addresses_all_the_same(address: str) -> None:
    with pytest.raises(BlockedTargetError):
        AddressGuard(MAP).dial_target("shop.test", address, 80)
