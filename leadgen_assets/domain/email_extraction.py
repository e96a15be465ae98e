"""The email addresses that a page gives its readers to reach the business it is about.

What a reader sees comes from `visible_text`, plain forms from `email_disguises`, whose an address is from
`email_ownership`; here it is decided what is an address. Ranking addresses and writing to them belong to `contacts`.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from selectolax.lexbor import LexborHTMLParser

from leadgen_assets.domain.email_disguises import (
    instructions,
    link_targets,
    may_hold_address,
    spaced,
    undisguised,
    without_invisible,
)
from leadgen_assets.domain.email_ownership import Nearness, Place, Sighting, is_theirs, nearness_of
from leadgen_assets.domain.hosts import has_public_suffix, host_kind, registered_domain
from leadgen_assets.domain.visible_text import JOINT, Line, visible_lines

_ASCII = "a-z0-9"
_LOCAL = rf"[{_ASCII}](?:[{_ASCII}._%+'&-]{{0,62}}[{_ASCII}_+-])?"
_HOSTS = "|".join(
    rf"(?:[{script}0-9](?:[{script}0-9-]*[{script}0-9])?\.)+(?:xn--[{_ASCII}-]+|[{script}{extra}]{{2,24}})"
    for script, extra in (
        (rf"{_ASCII}\u00df-\u024f", "a-z"), ("\u0400-\u052f", ""), ("\u0370-\u03ff", "a-z"), ("\u0600-\u06ff", ""),
        ("\u0590-\u05ff", ""), ("\u3040-\u30ff\u4e00-\u9fff", "a-z"), ("\uac00-\ud7af", "a-z"),
        ("\u0e00-\u0e7f", "a-z"), ("\u0900-\u097f", ""),
    )
)  # fmt: skip
_ADDRESS = re.compile(rf"(?<![@{_ASCII}._%+&-])(?:{_LOCAL})@(?:{_HOSTS})", re.IGNORECASE)
_LATIN_BEFORE = re.compile(r"[\u00c0-\u024f]$")
_OTHER_PROTOCOL = re.compile(r"(?:\w+://\S*|\b(?:sip|xmpp|skype|jabber|git|ssh|matrix)\s*:\s*)$", re.IGNORECASE)
_BEFORE_LOCAL = re.compile(r"^(?:\+?\d{7,}(?=[a-z]{3})|(?:s-posti|e-?mail)\.(?=[a-z]{2}))", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_FILE = re.compile(
    r"\.(?:png|jpe?g|gif|webp|avif|svg|bmp|tiff?|ico|css|scss|js|mjs|json|map|min|woff2?|ttf|eot|pdf|zip|mp[34]|webm)$",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[.!?]\s+(?=[^\W\d_a-z])|[。！？]")
_FOREIGN_KEYS = frozenset({
    "creator", "author", "review", "reviews", "comment", "comments", "provider", "maker", "sponsor", "funder",
    "supplier", "parentorganization", "copyrightholder", "sourceorganization", "isbasedon",
})  # fmt: skip
_MARKED_AS_EMAIL = (
    '[itemprop~="email"], [property~="email"], [property="schema:email"], [property="og:email"],'
    ' [property$="contact_data:email"]'
)
_SHORT_LINE = 60
_BEFORE = 160
_MOST_OTHERS = 2


@dataclass(frozen=True, slots=True)
class FoundEmail:
    """An address on a page.

    Attributes:
        address: in lower case, the domain in its Unicode form.
        place: in a link, in the text, or in structured data.
        nearness: under the site's own domain (or one that carries the business's name), at a provider where anybody
            gets an address, or under another domain.
    """

    address: str
    place: Place
    nearness: Nearness


def extract_emails(body: str, url: str = "", business: str = "") -> list[FoundEmail]:
    """The addresses of the business on one page, each once, in reading order; structured data last.

    Args:
        body: HTML, however broken.
        url: where the page was found; tells which domain is the site's own.
        business: the name of the business; a domain that carries it counts as its own.

    Returns:
        Nothing that only scripts, style sheets, comments or form fields hold, that is hidden, a sample or a robot's, or
        that the page ascribes to somebody else. An address under another domain is given only where the page has none
        under its own or at a mail provider.
    """
    tree = LexborHTMLParser(body)
    own = _own_domain(tree, url)
    name = business or _title(tree)
    sightings = [*_in_lines(visible_lines(tree), own), *_in_data(tree)]
    found: dict[str, FoundEmail] = {}
    for sighting in sightings:
        nearness = nearness_of(sighting.address, own, name)
        if sighting.address not in found and is_theirs(sighting, nearness):
            found[sighting.address] = FoundEmail(sighting.address, sighting.place, nearness)
    near = [email for email in found.values() if email.nearness != "other"]
    domains = {email.address.rpartition("@")[2] for email in found.values()}
    if near:
        return near
    return list(found.values()) if len(domains) <= _MOST_OTHERS else []


def plain_address(text: str) -> str | None:
    """The address in lower case with its domain in Unicode, if it is well-formed; else None."""
    try:
        checked = validate_email(text.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return checked.normalized.lower()


def _in_lines(lines: Sequence[Line], own: str) -> Iterator[Sighting]:
    plain = [without_invisible(line.text) for line in lines]
    told = instructions(text.replace(JOINT, "") for text in plain)
    for number, line in enumerate(lines):
        around = _around(lines, plain, number)
        for link in line.links:
            before = plain[number][: link.position].replace(JOINT, " ")
            targets = [link.target] if link.is_label else link_targets(link.target)
            label = _label_after(plain[number][link.position :])
            for target in targets:
                for _, address in _addresses(undisguised(without_invisible(target), told)):
                    yield Sighting(
                        address,
                        "text" if link.is_label else "link",
                        _last_sentence(f"{before} {label}"),
                        around,
                        line.by_visitors,
                    )
        yield from _in_text(plain[number], told, own, around, line.by_visitors)


def _in_text(
    text: str, told: Sequence[tuple[str, str]], own: str, around: str, by_visitors: bool
) -> Iterator[Sighting]:
    if not may_hold_address(text.replace(JOINT, ""), told) and not may_hold_address(text, told):
        return
    seen: list[str] = []
    for variant in dict.fromkeys((_with_edges(text), text.replace(JOINT, ""))):
        plain = undisguised(variant, told)
        hits = _addresses(plain)
        hits += [(start, address) for start, raw in spaced(plain) for _, address in _addresses(raw)]
        end = 0
        for start, address in sorted(hits):
            if not any(address in known or known in address for known in seen if known != address):
                yield Sighting(address, "text", _last_sentence(plain[end:start]), around, by_visitors)
                seen.append(address)
            end = start + len(address)


def _addresses(text: str) -> list[tuple[int, str]]:
    """The addresses in plain text with their positions."""
    found = []
    for match in _ADDRESS.finditer(text):
        before = text[: match.start()]
        if _OTHER_PROTOCOL.search(before[-200:]) or _LATIN_BEFORE.search(before[-1:]):
            continue
        local, _, host = match[0].rpartition("@")
        local = _BEFORE_LOCAL.sub("", local)
        known_host = _known_host(host)
        address = plain_address(f"{local}@{known_host}") if known_host else None
        if address and not _FILE.search(match[0]):
            found.append((match.start(), address))
    return found


def _known_host(host: str) -> str | None:
    """The host without words that touch it (`shop.fiPuhelin`, `shop.fi.Tervetuloa`), or None under no known suffix."""
    labels = host.split(".")
    while len(labels) > 1:
        if labels[-1][:1].isupper() and labels[-1][1:].islower() and len(labels) > 2 and labels[-2].islower():
            labels.pop()
            continue
        for text in (labels[-1], _CAMEL.split(labels[-1])[0]):
            candidate = ".".join([*labels[:-1], text])
            if has_public_suffix(candidate):
                return candidate
        labels.pop()
    return None


def _with_edges(text: str) -> str:
    """The text with a space at the edges of elements, except where an address goes on across them."""
    pieces = text.split(JOINT)
    whole = pieces[0]
    for piece in pieces[1:]:
        left = re.split(r"\s", whole)[-1]
        goes_on = (
            not whole
            or not piece
            or whole[-1:].isspace()
            or piece[:1].isspace()
            or re.match(r"[@.\-_+][^\s]|@$|[@.\-_]$|[(\[{]", piece)
            or left.endswith(("@", ")", "]", "}"))
            or ("@" in left and left.endswith((".", "-")))
        )
        whole += piece if goes_on else f" {piece}"
    return whole


def _around(lines: Sequence[Line], plain: Sequence[str], number: int) -> str:
    """The heading over a line, and the short line before it if that has no address of its own."""
    before = plain[number - 1].replace(JOINT, " ") if number else ""
    near = before if len(before) <= _SHORT_LINE and "@" not in before and not lines[number - 1].links else ""
    return f"{lines[number].heading}\n{near}"


def _label_after(text: str) -> str:
    """The words of a link, unless they are an address themselves."""
    words = text.replace(JOINT, " ")[:_SHORT_LINE]
    return "" if "@" in words else words


def _last_sentence(text: str) -> str:
    return _SENTENCE.split(text[-_BEFORE:].replace(JOINT, " "))[-1]


def _own_domain(tree: LexborHTMLParser, url: str) -> str:
    """The domain that the site's owner registered; "" where others have pages under it too."""
    canonical = tree.css_first('link[rel="canonical"]')
    for text in (url, (canonical.attributes.get("href") or "") if canonical else ""):
        try:
            host = urlsplit(text).hostname or ""
        except ValueError:
            continue
        if host:
            return "" if host_kind(host) else registered_domain(_readable(host))
    return ""


def _readable(host: str) -> str:
    try:
        return host.encode("ascii").decode("idna") if "xn--" in host else host
    except UnicodeError:
        return host


def _title(tree: LexborHTMLParser) -> str:
    node = tree.css_first("h1") or tree.css_first("title")
    return node.text(strip=True) if node else ""


def _in_data(tree: LexborHTMLParser) -> Iterator[Sighting]:
    """Addresses of JSON-LD, microdata and meta elements that name a business's address."""
    for node in tree.css('script[type="application/ld+json"]'):
        for value in _json_emails(node.text() or ""):
            yield from _data_sightings(value)
    for node in tree.css(_MARKED_AS_EMAIL):
        attributes = node.attributes
        for value in (attributes.get("content") or "", attributes.get("href") or ""):
            yield from _data_sightings(value)


def _data_sightings(value: str) -> Iterator[Sighting]:
    for target in link_targets(value) or [value]:
        for _, address in _addresses(undisguised(without_invisible(target))):
            yield Sighting(address, "data")


def _json_emails(text: str) -> Iterator[str]:
    try:
        pending: list[Any] = [json.loads(text)]
    except (ValueError, RecursionError):
        yield from re.findall(r'"email"\s*:\s*"([^"]{3,254})"', text)
        return
    while pending:
        item = pending.pop(0)
        if isinstance(item, list):
            pending += item[:200]
        elif isinstance(item, dict):
            for key, value in item.items():
                if key.lower() == "email":
                    yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str))
                elif key.lower() not in _FOREIGN_KEYS:
                    pending.append(value)
