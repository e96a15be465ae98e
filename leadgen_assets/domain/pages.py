"""What one web page says: its title, text, links, numbers and signs, parsed once. Whose it is: `sites`."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from leadgen_assets.domain.hosts import registered_domain
from leadgen_assets.domain.page_tree import parse_tree

_SPACES = re.compile(r"\s+")
_FEW_CHARACTERS = 60
_LITTLE_BESIDE_A_SHELL = 600  # a note on cookies, a line of copyright
# The empty element that the usual frameworks fill once their scripts run.
_SHELLS = "#root, #app, #__next, #__nuxt, #___gatsby, #svelte, app-root, [ng-app], [data-reactroot], flutter-view"
_SHORT_PAGE = 1500
_GUESSED_PATHS = ("/contact", "/contact-us", "/yhteystiedot")
_CONTACT_WORDS = re.compile(r"contact|kontakt|yhteys|impress|imprint|contatt|contato", re.IGNORECASE)
_PARKED = re.compile(
    r"domain (name )?(is |may be |might be )?(for sale|parked)|buy this domain|parked (free|domain|page|by)"
    r"|this domain (has been|was|is) (registered|reserved|parked)|domain parking|sedoparking|hugedomains|afternic"
    r"|bodis\.com|parkingcrew|dan\.com/buy|(verkkotunnus|domain) on (myytävänä|varattu)|myytävänä oleva verkkotunnus"
    r"|diese domain (steht zum verkauf|ist geparkt)|interested in this domain|make an offer (on|for) this domain",
    re.IGNORECASE,
)
_UNFINISHED = re.compile(
    r"under construction|coming soon|site is being built|sivusto on rakenteilla|sivut tulossa|avataan pian|im aufbau"
    r"|welcome to nginx|apache2? .{0,20}default page|^it works!|default web site page|account (has been )?suspended"
    r"|index of /",
    re.IGNORECASE,
)
_ERROR_PAGE = re.compile(
    r"\b(http )?(error )?404\b|not found|(could|can) ?not be found|doesn.?t exist|does not exist"
    r"|no longer (exists|available)"
    r"|sivua ei löy|nicht gefunden|introuvable|no encontrad|não encontrad|niet gevonden|hittades inte|kunde inte hittas"
    r"|non trovat|ikke fundet|nie znaleziono|не найдена|見つかりません",
    re.IGNORECASE,
)
_PASSING_ERROR = re.compile(
    r"internal server error|error establishing a database|service (is )?(temporarily )?unavailable|bad gateway"
    r"|gateway time-?out|fatal error|something went wrong|(under|scheduled) maintenance|maintenance mode|huoltokatko"
    r"|be (right )?back soon|wartungsarbeiten|access denied|forbidden|\b50[0234]\b",
    re.IGNORECASE,
)
_CHALLENGES = (
    "just a moment...", "cf-chl", "cf_chl", "attention required! | cloudflare", "checking your browser",
    "verify you are human", "verify you are a human", "verify that you are human", "verify that you are a human",
    "ddos protection by", "enable javascript and cookies to continue", "captcha-delivery",
    "request unsuccessful. incapsula",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """One parsed page.

    Attributes:
        url: where it was found in the end.
        title: empty where there is none.
        description: of the meta element, empty where there is none.
        headings: the site's name, titles and first headings, where a name would stand.
        text: everything a visitor reads, in one line.
        has_viewport: made for phones as well, by its own account.
        links: absolute address and text.
        phones: numbers of tel links and structured data.
        structured: the objects of JSON-LD blocks.
        scripts: how many scripts it carries.
        is_shell: the element that scripts fill stands empty, and hardly anything beside it.
    """

    url: str
    title: str
    description: str
    headings: str
    text: str
    has_viewport: bool
    links: tuple[tuple[str, str], ...] = ()
    phones: tuple[str, ...] = ()
    structured: tuple[dict[str, Any], ...] = field(default=(), hash=False)
    scripts: int = 0
    is_shell: bool = False

    @property
    def is_filled_by_scripts(self) -> bool:
        """Hardly any text, but scripts: what a visitor sees cannot be told from here."""
        return self.scripts > 0 and (self.is_shell or len(self.text) < _FEW_CHARACTERS)

    @property
    def is_parked(self) -> bool:
        """A domain for sale, a parking page, a server's default page or one under construction."""
        head = f"{self.title} {self.text[:_SHORT_PAGE]}"
        if len(self.text) < _SHORT_PAGE and _PARKED.search(f"{head} {' '.join(url for url, _ in self.links[:20])}"):
            return True
        return len(self.text) < _SHORT_PAGE / 3 and bool(_UNFINISHED.search(head.strip()))

    @property
    def is_error(self) -> bool:
        """An error page for something that does not exist, whatever status it came with."""
        return self._is_short_about(_ERROR_PAGE)

    @property
    def is_passing_error(self) -> bool:
        """An error or maintenance page of something that may work again."""
        return self._is_short_about(_PASSING_ERROR)

    def _is_short_about(self, pattern: re.Pattern[str]) -> bool:
        return len(self.text) < _SHORT_PAGE / 2 and bool(pattern.search(f"{self.headings} {self.text[:60]}"))


@lru_cache(maxsize=256)
def parse_page(body: str, url: str) -> Page:
    """Parse HTML, however broken."""
    tree = parse_tree(body)
    structured = tuple(_structured(tree))
    scripts = len(tree.css("script"))
    anchors = [(node.attributes.get("href") or "", node.text(strip=True)) for node in tree.css("a[href]")]
    metas = {
        (node.attributes.get("name") or node.attributes.get("property") or "").lower(): node.attributes.get("content")
        or ""
        for node in tree.css("meta")
    }
    title_node = tree.css_first("head title") or tree.css_first("title")
    title = _one_line(title_node.text()) if title_node else ""
    names = [str(value) for name, value in _values(structured) if name in {"name", "legalName"}]
    headings = [node.text(separator=" ") for node in tree.css("h1, h2")[:6]]
    tree.strip_tags(["script", "style", "noscript", "template", "svg"])
    text = _one_line(tree.body.text(separator=" ")) if tree.body else ""
    shell = tree.css_first(_SHELLS) if len(text) < _LITTLE_BESIDE_A_SHELL else None
    return Page(
        url=url,
        title=title,
        description=_one_line(metas.get("description", "")),
        headings=_one_line(
            " | ".join([title, metas.get("og:site_name", ""), metas.get("og:title", ""), *names, *headings])
        ),
        text=text,
        has_viewport="width" in metas.get("viewport", ""),
        links=tuple((joined, label) for href, label in anchors if (joined := _absolute(url, href))),
        phones=(
            *(unquote(href[4:]) for href, _ in anchors if href.lower().startswith("tel:")),
            *(str(value) for name, value in _values(structured) if name == "telephone"),
        ),
        structured=structured,
        scripts=scripts,
        is_shell=shell is not None and len(_one_line(shell.text(separator=" "))) < _FEW_CHARACTERS,
    )


def is_challenge(body: str | None) -> bool:
    """True for a page that asks whether we are human instead of showing the site."""
    head = body[:20_000].lower() if body else ""
    return any(words in head for words in _CHALLENGES)


def contact_urls(page: Page) -> list[str]:
    """Where the page's own site keeps its contact details: its own links, else the usual paths."""
    own = registered_domain(urlsplit(page.url).hostname or "")
    linked = [
        url
        for url, label in page.links
        if registered_domain(urlsplit(url).hostname or "") == own
        and _CONTACT_WORDS.search(f"{urlsplit(url).path} {label}")
    ]
    return list(dict.fromkeys(linked))[:3] or guessed_contact_urls(page.url)


def guessed_contact_urls(url: str) -> list[str]:
    """The usual addresses of contact pages on the host of a URL."""
    return [urljoin(url, path) for path in _GUESSED_PATHS]


def _structured(tree: LexborHTMLParser) -> Iterator[dict[str, Any]]:
    for node in tree.css('script[type="application/ld+json"]'):
        try:
            value = json.loads(node.text() or "")
        except (ValueError, RecursionError):
            continue
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                yield item


def _values(structured: tuple[dict[str, Any], ...]) -> Iterator[tuple[str, str]]:
    """Every name and text in structured data, down to a depth where sites stop meaning themselves."""
    pending: list[tuple[Any, int]] = [(item, 0) for item in structured]
    while pending:
        item, depth = pending.pop(0)
        if isinstance(item, dict):
            for name, value in item.items():
                if isinstance(value, str):
                    yield name, value
                elif depth < 4:
                    pending.append((value, depth + 1))
        elif isinstance(item, list):
            pending += [(value, depth + 1) for value in item[:50]]


def _absolute(base: str, href: str) -> str | None:
    try:
        url = urljoin(base, href.strip()).partition("#")[0]
        return url if urlsplit(url).scheme in {"http", "https"} and urlsplit(url).hostname else None
    except ValueError:
        return None


def _one_line(text: str) -> str:
    return _SPACES.sub(" ", text).strip()
