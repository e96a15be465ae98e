"""What a sender domain's TXT records say about SPF, DKIM and DMARC, as far as the records alone can tell.

Pure: each function gets the records of one name and returns what to mend, or None where nothing is wrong. Whether the
mail server really signs, and from which address it sends, only a delivered message shows.
"""

import re
from collections.abc import Sequence

_TAG = re.compile(r"\s*([a-zA-Z]+)\s*=\s*([^;]*)")
_POLICIES = {"none", "quarantine", "reject"}


def spf_problem(domain: str, records: Sequence[str]) -> str | None:
    """What is wrong with the SPF record of the envelope's domain (RFC 7208)."""
    found = [record for record in records if record.lower() == "v=spf1" or record.lower().startswith("v=spf1 ")]
    if not found:
        return f"{domain} has no SPF record: publish the TXT record that your mail provider names (v=spf1 ...)"
    if len(found) > 1:
        return f"{domain} has {len(found)} SPF records, which counts as none: join them into one"
    terms = found[0].lower().split()[1:]
    if "+all" in terms or "all" in terms:
        return f"the SPF record of {domain} permits everybody (+all): end it with ~all or -all"
    if not any(term.lstrip("+").startswith(("ip4:", "ip6:", "a", "mx", "include:", "redirect=")) for term in terms):
        return f"the SPF record of {domain} permits nobody: add what your mail provider names"
    return None


def dkim_problem(name: str, records: Sequence[str]) -> str | None:
    """What is wrong with the DKIM key at `<selector>._domainkey.<domain>` (RFC 6376)."""
    keys = [tags for record in records if "p" in (tags := _tags(record))]
    if not keys:
        return f"{name} holds no DKIM key: publish the one of your mail provider, or correct DKIM_SELECTOR"
    if not any(tags["p"] for tags in keys):
        return f"the DKIM key at {name} is revoked (empty p=): publish the present one, or correct DKIM_SELECTOR"
    return None


def dmarc_problem(domain: str, records: Sequence[str]) -> str | None:
    """What is wrong with the DMARC record that holds for the domain of From (RFC 9989)."""
    found = [tags for record in records if (tags := _tags(record)).get("v") == "DMARC1"]
    if not found:
        return f"{domain} has no DMARC record: publish at least `v=DMARC1; p=none` at _dmarc.{domain}"
    if len(found) > 1:
        return f"{domain} has {len(found)} DMARC records, which counts as none: keep one"
    if found[0].get("p", "none").lower() not in _POLICIES:
        return f"the DMARC record of {domain} has no valid policy: use p=none, p=quarantine or p=reject"
    return None


def alignment_problem(
    from_domain: str, envelope_domain: str, *, organisation_of_both: bool, has_key: bool
) -> str | None:
    """Whether DMARC can pass for From at all, by SPF or by DKIM.

    Args:
        from_domain: the domain of From.
        envelope_domain: the domain of the envelope sender, where bounces go.
        organisation_of_both: whether one organisation's registered domain holds both.
        has_key: whether the domain of From has a DKIM key.
    """
    if organisation_of_both or has_key:
        return None
    return (
        f"neither SPF ({envelope_domain}) nor DKIM speaks for {from_domain}: use a REPLY_TO_EMAIL of the same domain,"
        " or publish a DKIM key there"
    )


def _tags(record: str) -> dict[str, str]:
    return {name: "".join(value.split()) for name, value in _TAG.findall(record)}
