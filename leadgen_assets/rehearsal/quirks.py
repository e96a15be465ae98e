"""Deals quirks to the sites of a town, for tests and benchmarks of judgement; a usual rehearsal has none.

What a quirk does belongs to the servers (`servers/site_quirks.py`).
"""

import dataclasses
import random
from collections.abc import Sequence

from leadgen_assets.rehearsal.fault_log import dealt
from leadgen_assets.rehearsal.truth import Business, SiteQuirk

# Healthy sites that some visitors see differently: nobody of these needs a site.
OF_HEALTHY: tuple[SiteQuirk, ...] = (
    "www_only", "http_only", "http_shows_more", "slow_tls", "expired_certificate", "cookie_wall", "geo_block",
    "challenge", "maintenance", "pdf_home", "script_only", "gzip_bomb", "other_language", "deep_link",
)  # fmt: skip
# What nobody can use as a site: all of these need one.
OF_NEEDY: tuple[SiteQuirk, ...] = ("redirects_to_social", "redirect_loop", "soft_404")


def with_quirks(
    businesses: Sequence[Business], seed: int, *, share: float = 0.01, wildcard_dns: bool = False
) -> list[Business]:
    """The same town with quirks, each on so many sites of its kind, at least on one unless the share is 0.

    Args:
        businesses: a population.
        seed: the same seed deals in the same way.
        share: of the healthy sites for each of OF_HEALTHY, of the weak ones for each of OF_NEEDY.
        wildcard_dns: the town's name server answers for names that do not exist.
    """
    rng = random.Random(f"quirks:{seed}")
    healthy = [b.key for b in businesses if b.site_kind == "healthy" and b.findable]
    weak = [b.key for b in businesses if b.site_kind == "weak" and b.email_on != "site"]
    quirks: dict[str, str] = {}
    for keys, names in ((healthy, OF_HEALTHY), (weak, OF_NEEDY)):
        rng.shuffle(keys)
        quirks |= dealt(keys, dict.fromkeys(names, share)) if share else {}
    if wildcard_dns:
        quirks |= {b.key: "wildcard_dns" for b in businesses if b.site_kind == "none"}
    return [_quirky(business, quirks.get(business.key, "none")) for business in businesses]


def _quirky(business: Business, quirk: str) -> Business:
    if quirk == "none":
        return business
    changed = dataclasses.replace(business, site_quirk=quirk)  # type: ignore[arg-type]
    if quirk == "deep_link":
        listed = f"https://{business.site_host}/old/page"
        return dataclasses.replace(changed, listed_website=listed, record=business.record | {"website": listed})
    return changed
