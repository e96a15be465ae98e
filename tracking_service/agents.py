"""What a user agent says about itself. Anybody may lie here; what follows from it is decided in `verdicts`."""

import re
from functools import lru_cache
from typing import NamedTuple

_APPLE_PREFETCH = "Mozilla/5.0"
_IMAGE_PROXIES = (
    (re.compile(r"GoogleImageProxy|ggpht\.com", re.IGNORECASE), "Gmail's image proxy"),
    (re.compile(r"YahooMailProxy", re.IGNORECASE), "Yahoo's image proxy"),
)
# Security products, link previews, programming libraries and headless browsers. CUBOT is a phone.
_SCANNERS = re.compile(
    r"(?<!cu)bot\b|crawl|spider|scanner|slurp|barracuda|mimecast|proofpoint|forcepoint|websense|zscaler"
    r"|ironport|fireeye|trellix|mcafee|trend.?micro|symantec|messagelabs|broadcom|sophos|cloudmark|avanan"
    r"|check.?point|fortinet|forti(guard|mail)|sonicwall|cisco|kaspersky|bitdefender|eset\b|f-secure|withsecure"
    r"|vade.?secure|hornetsecurity|ironscales|darktrace|area.?1|cloudflare|palo.?alto|netcraft|clearswift|trustwave"
    r"|virustotal|urlscan|safe.?links|url.?(defense|protect)|office.existence|bingpreview|microsoft.url|exchange"
    r"|headless|phantomjs|puppeteer|playwright|selenium|webdriver|electron"
    r"|python|aiohttp|httpx|curl|wget|go-http-client|libwww|lwp|java/|okhttp|apache-httpclient|axios|node|undici|got\b"
    r"|ruby|php/|guzzle|perl|reqwest|dart|scrapy|postman|insomnia|powershell|winhttp|nmap|zgrab|masscan|nuclei"
    r"|facebookexternalhit|facebookcatalog|meta-external|whatsapp|slack|skypeuripreview|telegram|discord|linkedin\w*preview"
    r"|embedly|iframely|google-(read-aloud|safety|inspectiontool)|appengine|mediapartners|preview|validator|monitor",
    re.IGNORECASE,
)
_BROWSER = re.compile(r"^Mozilla/5\.0 \((?!compatible;).+\) .*(AppleWebKit|Gecko)/", re.IGNORECASE)
_MAIL_PROGRAM = re.compile(
    r"ms-?office|microsoft office|outlook|thunderbird|AppleWebKit/[\d.]+ \(KHTML, like Gecko\)( Mobile/\w+)?$",
    re.IGNORECASE,
)


class Agent(NamedTuple):
    """What a user agent names: none of it, or several at once.

    Attributes:
        empty: there is none.
        apple_prefetch: the bare name that Apple's mail privacy protection sends.
        scanner: a security product, crawler, preview, library or headless browser.
        proxy: the name of a mail provider's image proxy, or None.
        mail_program: loads images where a person reads.
        browser: has the form that every present browser sends.
    """

    empty: bool
    apple_prefetch: bool
    scanner: bool
    proxy: str | None
    mail_program: bool
    browser: bool


@lru_cache(maxsize=2048)
def read_agent(user_agent: str | None) -> Agent:
    """What a user agent says about itself."""
    text = (user_agent or "").strip()
    return Agent(
        empty=not text,
        apple_prefetch=text == _APPLE_PREFETCH,
        scanner=bool(_SCANNERS.search(text)),
        proxy=next((name for pattern, name in _IMAGE_PROXIES if pattern.search(text)), None),
        mail_program=bool(_MAIL_PROGRAM.search(text)),
        browser=bool(_BROWSER.match(text)),
    )
