"""What is said of a name without a page: that it does not exist only where every answer says so."""

import pytest

from leadgen_assets.domain.site_failures import failure


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        (["nxdomain", "nxdomain"], "does not exist"),
        (["no_data", "nxdomain"], "has no web address"),  # a domain for mail, without a www
        (["no_data", "no_data"], "has no web address"),
    ],
)
def test_a_domain_for_mail_alone_exists(outcomes: list[str], said: str) -> None:
    rows = [{"kind": "dns", "outcome": outcome} for outcome in outcomes]
    assert failure(rows) == ("no_domain", said)
