"""How people's programs and machines look to a web server: user agents, headers and networks.

Addresses come from the documentation ranges, except those of Gmail's image proxy, whose real networks matter.
"""

import random
from dataclasses import dataclass

_DOCUMENTATION_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")
_GOOGLE_PROXY_NETWORKS = ("66.249.80", "66.249.84", "66.249.93", "74.125.210")
_LANGUAGES = (
    "en-US,en;q=0.9",
    "en-GB,en;q=0.8",
    "fi-FI,fi;q=0.9,en;q=0.7",
    "sv-SE,sv;q=0.9,en;q=0.6",
    "de-DE,de;q=0.9",
)
_CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Safari/537.36"
)
_BROWSERS = (
    _CHROME,
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3"
    " Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3"
    " Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Mobile Safari/537.36",
)
_MAIL_PROGRAMS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Thunderbird/140.7.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
)
_SCANNERS = (
    "Mozilla/5.0 (compatible; Barracuda Sentinel; +https://scanner.test)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Mimecast URL Protect",
    "Proofpoint-URL-Defense/2.1",
    _CHROME,  # many scanners claim to be a browser; what they lack is a language
)
GMAIL_PROXY = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
APPLE_PREFETCH = "Mozilla/5.0"


@dataclass(frozen=True, slots=True)
class Disguise:
    """The looks of one visitor: headers of an image request and of a page visit, its address among them."""

    image: dict[str, str]
    page: dict[str, str]


def person(rng: random.Random) -> Disguise:
    """A person with a mail program or webmail, and a browser behind their links."""
    browser = rng.choice(_BROWSERS)
    reader = rng.choice((browser, *_MAIL_PROGRAMS))
    common = {"Accept-Language": rng.choice(_LANGUAGES), "X-Forwarded-For": _address(rng, _DOCUMENTATION_NETWORKS)}
    image = {"User-Agent": reader, "Accept": "image/avif,image/webp,image/png,image/*;q=0.8,*/*;q=0.5"}
    page = {
        "User-Agent": browser,
        "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
        "Sec-Fetch-User": "?1",
        "Upgrade-Insecure-Requests": "1",
    }
    return Disguise(image | common, page | common)


def behind_gmail(owner: Disguise, rng: random.Random) -> Disguise:
    """The same person reading in Gmail: images come through Google's proxy, links from their own browser."""
    address = _address(rng, _GOOGLE_PROXY_NETWORKS)
    return Disguise({"User-Agent": GMAIL_PROXY, "X-Forwarded-For": address}, owner.page)


def apple_prefetch(rng: random.Random) -> Disguise:
    """Apple's mail privacy protection, which fetches images whether or not anybody reads."""
    headers = {"User-Agent": APPLE_PREFETCH, "X-Forwarded-For": _address(rng, _DOCUMENTATION_NETWORKS)}
    return Disguise(headers, headers)


def link_scanner(rng: random.Random) -> Disguise:
    """A security product that follows every link before the mail is shown."""
    headers = {"User-Agent": rng.choice(_SCANNERS), "X-Forwarded-For": _address(rng, _DOCUMENTATION_NETWORKS)}
    return Disguise(headers | {"Accept": "*/*"}, headers | {"Accept": "*/*"})


def mail_provider(rng: random.Random) -> dict[str, str]:
    """The provider that posts a one-click unsubscribe for the person who pressed its button."""
    return {"User-Agent": "MailProvider-Unsubscribe/1.0", "X-Forwarded-For": _address(rng, _GOOGLE_PROXY_NETWORKS)}


def _address(rng: random.Random, networks: tuple[str, ...]) -> str:
    return f"{rng.choice(networks)}.{rng.randrange(1, 255)}"
