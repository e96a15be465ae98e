"""What TXT records say about a sender's domain."""

import pytest

from leadgen_assets.domain.mail_authentication import alignment_problem, dkim_problem, dmarc_problem, spf_problem


@pytest.mark.parametrize(
    ("records", "said"),
    [
        (["v=spf1 include:_spf.mailhost.test ~all"], None),
        (["google-site-verification=x", "V=SPF1 ip4:192.0.2.1 -all"], None),
        ([], "has no SPF record"),
        (["v=spf10 -all"], "has no SPF record"),
        (["v=spf1 a -all", "v=spf1 mx -all"], "2 SPF records"),
        (["v=spf1 a +all"], "permits everybody"),
        (["v=spf1 -all"], "permits nobody"),
    ],
)
def test_spf(records: list[str], said: str | None) -> None:
    problem = spf_problem("studio.test", records)
    assert (problem is None) if said is None else said in str(problem)


@pytest.mark.parametrize(
    ("records", "said"),
    [
        (["v=DKIM1; k=rsa; p=MIGf MA0G"], None),
        (["p=abc"], None),
        (["v=DKIM1; p="], "revoked"),
        ([], "holds no DKIM key"),
        (["v=spf1 -all"], "holds no DKIM key"),
    ],
)
def test_dkim(records: list[str], said: str | None) -> None:
    problem = dkim_problem("s1._domainkey.studio.test", records)
    assert (problem is None) if said is None else said in str(problem)


@pytest.mark.parametrize(
    ("records", "said"),
    [
        (["v=DMARC1; p=none; rua=mailto:d@studio.test"], None),
        (["v=DMARC1; p=reject"], None),
        ([], "has no DMARC record"),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], "2 DMARC records"),
        (["v=DMARC1; p=maybe"], "no valid policy"),
    ],
)
def test_dmarc(records: list[str], said: str | None) -> None:
    problem = dmarc_problem("studio.test", records)
    assert (problem is None) if said is None else said in str(problem)


def test_dmarc_needs_one_of_spf_and_dkim_to_speak_for_from() -> None:
    assert alignment_problem("studio.test", "mail.studio.test", organisation_of_both=True, has_key=False) is None
    assert alignment_problem("studio.test", "relay.test", organisation_of_both=False, has_key=True) is None
    assert "speaks for studio.test" in str(
        alignment_problem("studio.test", "relay.test", organisation_of_both=False, has_key=False)
    )
