"""Only an address or a registered domain can be suppressed; what names nobody or everybody is refused."""

import pytest

from leadgen_assets.domain.suppressible import NotSuppressibleError, suppressible


@pytest.mark.parametrize(
    ("named", "pair"),
    [
        ("Owner@Shop.fi ", ("address", "owner@shop.fi")),
        ("me@gmail.com", ("address", "me@gmail.com")),
        ("Shop.co.uk.", ("domain", "shop.co.uk")),
        ("post.shop.fi", ("domain", "post.shop.fi")),
        ("kukka-äiti.fi", ("domain", "kukka-äiti.fi")),
    ],
)
def test_addresses_and_registered_domains(named: str, pair: tuple[str, str]) -> None:
    assert suppressible(named) == pair


@pytest.mark.parametrize(
    "named", ["not-an-address", "foo@", "@shop.fi", "com", "co.uk", ".fi", "a b.fi", "foo@com", "x@y@z.fi", "shop..fi"]
)
def test_what_names_nobody_is_refused(named: str) -> None:
    with pytest.raises(NotSuppressibleError, match=r"such as (owner@)?shop\.fi"):
        suppressible(named)


def test_a_mail_provider_as_a_whole_must_be_meant() -> None:
    with pytest.raises(NotSuppressibleError, match="--yes"):
        suppressible("gmail.com")
    assert suppressible("gmail.com", mail_provider=True) == ("domain", "gmail.com")
