"""Hosts that are known by name: social networks, link pages, aggregators, free builders, mail providers and decoys.

A page there is about a business without being its own site. Matching uses the public suffix list that ships with
tldextract (nothing is fetched). Judging what a page says belongs to `pages` and `sites`.
"""

from functools import lru_cache
from typing import Literal

from tldextract import TLDExtract

HostKind = Literal["social", "link_page", "aggregator", "builder"]

_extract = TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=False)

# Companies that are the same under every top-level domain, by the label before the public suffix.
_BRANDS: dict[str, HostKind] = (
    dict.fromkeys(
        "facebook fb instagram twitter linkedin tiktok youtube pinterest vk vkontakte whatsapp messenger snapchat threads".split(),
        "social",
    )
    | dict.fromkeys("linktr linktree beacons taplink lnk campsite linkinbio".split(), "link_page")
    | dict.fromkeys(
        "tripadvisor yelp foursquare wolt foodora ubereats deliveroo doordash grubhub justeat opentable thefork quandoo"
        " treatwell fresha booksy timma google booking airbnb expedia zomato yellowpages fonecta finder zocdoc etsy ebay"
        " amazon happycow europages kompass trustpilot restaurantguru resmio".split(),
        "aggregator",
    )
    | dict.fromkeys(
        "wixsite wordpress blogspot weebly webnode jimdosite jimdofree jimdo godaddysites squarespace webflow carrd"
        " mystrikingly yolasite simplesite myshopify ueniweb eatbu negocio kotisivukone nettisivut tumblr".split(),
        "builder",
    )
)
# Names that mean this company only under one top-level domain.
_DOMAINS: dict[str, HostKind] = {
    "x.com": "social", "t.me": "social", "wa.me": "social", "m.me": "social", "fb.me": "social", "g.page": "aggregator",
    "goo.gl": "aggregator", "eat.fi": "aggregator", "bio.link": "link_page", "lnk.bio": "link_page", "linktr.ee": "link_page",
    "business.site": "builder", "square.site": "builder", "github.io": "builder", "netlify.app": "builder",
    "vercel.app": "builder", "web.app": "builder", "wix.com": "builder", "site123.me": "builder", "canva.site": "builder",
}  # fmt: skip
# Mail providers: some under every top-level domain, some only as written here.
_FREE_MAIL_BRANDS = frozenset(
    "gmail googlemail outlook hotmail msn yahoo ymail icloud aol protonmail gmx freemail fastmail zoho yandex luukku kolumbus"
    " elisanet saunalahti t-online freenet wanadoo libero laposte naver rediffmail rocketmail comcast verizon sbcglobal"
    " bellsouth earthlink".split()
)
_FREE_MAIL_DOMAINS = frozenset(
    "me.com mac.com pm.me proton.me mail.com mail.ru web.de free.fr orange.fr live.com live.fi live.se live.co.uk netti.fi"
    " pp.inet.fi inet.fi suomi24.fi welho.com dnainternet.net phnet.fi sci.fi qq.com 163.com 126.com cox.net att.net".split()
)
# Domains that stand in templates, scripts and error reports.
_DECOYS = frozenset(
    "example sentry wixpress domain yourdomain yoursite mysite email company sitename wordpress schema w3 squarespace"
    " godaddy mailchimp placeholder".split()
)


def registered_domain(host: str) -> str:
    """The part of a host name that somebody registered: `a.b.example.co.uk` gives `example.co.uk`."""
    name, suffix = _parts(host.lower().rstrip("."))
    return f"{name}.{suffix}" if suffix else name


def host_kind(host: str) -> HostKind | None:
    """Which known kind of host this is, or None where it may be a business's own."""
    host = host.lower().rstrip(".").removeprefix("www.")
    for known, kind in _DOMAINS.items():
        if host == known or host.endswith(f".{known}"):
            return kind
    return _BRANDS.get(_parts(host)[0])


def is_free_mail(domain: str) -> bool:
    """True for a provider where anybody gets an address, so that the domain says nothing about the business."""
    domain = domain.lower().rstrip(".")
    return domain in _FREE_MAIL_DOMAINS or _parts(domain)[0] in _FREE_MAIL_BRANDS


def is_decoy(domain: str) -> bool:
    """True for domains that stand in templates and scripts and never reach the business."""
    return _parts(domain.lower())[0] in _DECOYS or domain.lower().endswith((".invalid", ".example", ".local"))


@lru_cache(maxsize=65536)
def _parts(host: str) -> tuple[str, str]:
    """The registered label and the public suffix; a reserved top-level domain such as `test` counts as a suffix."""
    found = _extract(host)
    if found.suffix:
        return found.domain, found.suffix
    name, _, last = host.rpartition(".")
    return (name.rpartition(".")[2], last) if name else (last, "")
