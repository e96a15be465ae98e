"""The email addresses that a page gives its readers to reach the business it is about.

What a reader sees comes from `visible_text`, plain forms from `email_disguises`, whose an address is from
`email_ownership`; here it is decided what is an address. Ranking addresses and writing to them belong to `contacts`.
"""

import json
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from selectolax.lexbor import LexborHTMLParser

from leadgen_assets.domain.address_signs import MOST_SIGNS, has_sign, places_by_line
from leadgen_assets.domain.address_signs import Place as Spot
from leadgen_assets.domain.email_disguises import link_targets, spaced, undisguised, without_invisible
from leadgen_assets.domain.email_instructions import instructions
from leadgen_assets.domain.email_ownership import Nearness, Place, Sighting, is_theirs, nearness_of
from leadgen_assets.domain.hosts import has_public_suffix, host_kind, registered_domain
from leadgen_assets.domain.page_tree import parse_tree
from leadgen_assets.domain.visible_text import JOINT, Line, Link, visible_lines

_ASCII = "a-z0-9"
_LOCAL = rf"[{_ASCII}](?:[{_ASCII}._%+'&-]{{0,62}}[{_ASCII}_+-])?"
_HOSTS = "|".join(
    rf"(?:[{script}0-9](?:[{script}0-9-]*[{script}0-9])?\.){{1,8}}(?:xn--[{_ASCII}-]+|[{script}{extra}]{{2,24}})"
    for script, extra in (
        (rf"{_ASCII}\u00df-\u024f", "a-z"), ("\u0400-\u052f", ""), ("\u0370-\u03ff", "a-z"), ("\u0600-\u06ff", ""),
        ("\u0590-\u05ff", ""), ("\u3040-\u30ff\u4e00-\u9fff", "a-z"), ("\uac00-\ud7af", "a-z"),
        ("\u0e00-\u0e7f", "a-z"), ("\u0900-\u097f", ""),
    )
)  # fmt: skip
_LOCAL_BEFORE = re.compile(rf"(?<![@{_ASCII}._%+&-])(?:{_LOCAL})@", re.IGNORECASE)
_HOST_AFTER = re.compile(_HOSTS, re.IGNORECASE)
_LONGEST_LOCAL, _LONGEST_HOST = 64, 253
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
_LONGEST_HEADING = 300
_MOST_LINKS = _MOST_DATA = MOST_SIGNS
_LONGEST_LABEL, _MOST_TARGETS = 300, 20
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
    tree = parse_tree(body)
    own = _own_domain(tree, url)
    name = business or _title(tree)
    sightings = [*_in_lines(visible_lines(tree)), *_in_data(tree, body)]
    found: dict[str, FoundEmail] = {}
    others: set[str] = set()
    for sighting in sightings:
        if sighting.address in found:
            continue
        nearness = nearness_of(sighting.address, own, name)
        if nearness == "other" and len(others) > _MOST_OTHERS:
            continue  # too many to be the business's, whoever they are
        if is_theirs(sighting, nearness):
            found[sighting.address] = FoundEmail(sighting.address, sighting.place, nearness)
            if nearness == "other":
                others.add(sighting.address.rpartition("@")[2])
    near = [email for email in found.values() if email.nearness != "other"]
    return near or (list(found.values()) if len(others) <= _MOST_OTHERS else [])


@lru_cache(maxsize=4096)
def plain_address(text: str) -> str | None:
    """The address in lower case with its domain in Unicode, if it is well-formed; else None."""
    try:
        checked = validate_email(text.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return checked.normalized.lower()


def _in_lines(lines: Sequence[Line]) -> Iterator[Sighting]:
    text = without_invisible("\n".join(line.text for line in lines))
    plain = text.split("\n")
    told = instructions(text.replace(JOINT, ""))
    places = places_by_line(text, told)
    links = _mail_links(lines, told)
    for number in sorted(places.keys() | links.keys()):
        line, around = lines[number], _around(lines, plain, number)
        for link, addresses in links.get(number, ()):
            before = plain[number][max(0, link.position - _BEFORE) : link.position].replace(JOINT, " ")
            said = _last_sentence(f"{before} {_label_after(plain[number][link.position :][:_BEFORE])}")
            for address in addresses:
                yield Sighting(address, "text" if link.is_label else "link", said, around, line.by_visitors)
        for place in places.get(number, ()):
            for said, address in _in_place(place, told):
                yield Sighting(address, "text", said, around, line.by_visitors)


def _mail_links(lines: Sequence[Line], told: Sequence[tuple[str, str]]) -> dict[int, list[tuple[Link, list[str]]]]:
    """The links and labels that carry addresses, by the number of their line; the first `_MOST_LINKS` of a page."""
    found: dict[int, list[tuple[Link, list[str]]]] = {}
    looked_at = 0
    for number, line in enumerate(lines):
        for link in line.links:
            targets = [link.target[:_LONGEST_LABEL]] if link.is_label else link_targets(link.target)
            shown = [without_invisible(target) for target in targets[:_MOST_TARGETS]]
            shown = [target for target in shown if not link.is_label or has_sign(target, told)]
            if not shown:
                continue
            looked_at += 1
            if looked_at > _MOST_LINKS:
                return found
            addresses = [address for target in shown for _, address in _addresses(undisguised(target, told))]
            found.setdefault(number, []).append((link, addresses))
    return found


def _in_place(place: Spot, told: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The addresses that stand in a part of a line, each with what is said before it."""
    seen: list[str] = []
    for variant in dict.fromkeys((_with_edges(place.text), place.text.replace(JOINT, ""))):
        plain = undisguised(variant, told)
        hits = _addresses(plain)
        hits += [(start, address) for start, raw in spaced(plain) for _, address in _addresses(raw)]
        end, before = 0, place.before
        for start, address in sorted(hits):
            if not any(address in known or known in address for known in seen if known != address):
                yield _last_sentence(before + plain[end:start]), address
                seen.append(address)
            end, before = start + len(address), ""


def _addresses(text: str) -> list[tuple[int, str]]:
    """The addresses in plain text with their positions."""
    found: list[tuple[int, str]] = []
    end, sign = 0, text.find("@")
    while sign >= 0:
        begin = max(end, text.rfind("@", 0, sign) + 1, sign - _LONGEST_LOCAL)
        local_part = _LOCAL_BEFORE.search(text, begin, sign + 1)
        host_part = _HOST_AFTER.match(text, sign + 1, sign + 1 + _LONGEST_HOST) if local_part else None
        if local_part and host_part:
            end = host_part.end()
            address = _address(text[: local_part.start()][-_BEFORE:], local_part[0][:-1], host_part[0])
            if address:
                found.append((local_part.start(), address))
        sign = text.find("@", max(end, sign + 1))
    return found


def _address(before: str, local: str, host: str) -> str | None:
    """The address that a local part and a host make, unless what stands before or in them makes it something else."""
    is_after_colon = "://" in before or before[-4:].rstrip().endswith(":")
    if (is_after_colon and _OTHER_PROTOCOL.search(before)) or _LATIN_BEFORE.search(before[-1:]) or _FILE.search(host):
        return None
    known_host = _known_host(host)
    return plain_address(f"{_BEFORE_LOCAL.sub('', local)}@{known_host}") if known_host else None


def _known_host(host: str) -> str | None:
    """The host without words that touch it (`shop.fiPuhelin`, `shop.fi.Tervetuloa`), or None under no known suffix."""
    labels = host.split(".")
    while len(labels) > 1:
        if labels[-1][:1].isupper() and labels[-1][1:].islower() and len(labels) > 2 and labels[-2].islower():
            labels.pop()
            continue
        for text in dict.fromkeys((labels[-1], _CAMEL.split(labels[-1])[0])):
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
        left = re.split(r"\s", whole[-_BEFORE:])[-1]
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
    before = plain[number - 1] if number else ""
    is_near = len(before) <= _SHORT_LINE and "@" not in before and not lines[number - 1].links
    near = before.replace(JOINT, " ") if is_near else ""
    return f"{lines[number].heading[:_LONGEST_HEADING]}\n{near}"


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
    return node.text(strip=True)[:_LONGEST_HEADING] if node else ""


def _in_data(tree: LexborHTMLParser, body: str) -> Iterator[Sighting]:
    """Addresses of JSON-LD, microdata and meta elements that name a business's address."""
    for node in tree.css('script[type="application/ld+json"]'):
        for value in islice(_json_emails(node.text() or ""), _MOST_DATA):
            yield from _data_sightings(value)
    for node in tree.css(_MARKED_AS_EMAIL)[:_MOST_DATA] if "email" in body else ():
        attributes = node.attributes
        for value in (attributes.get("content") or "", attributes.get("href") or ""):
            yield from _data_sightings(value)


def _data_sightings(value: str) -> Iterator[Sighting]:
    for target in link_targets(value)[:_MOST_TARGETS] or [value[:_LONGEST_LABEL]]:
        for _, address in _addresses(undisguised(without_invisible(target))):
            yield Sighting(address, "data")


def _json_emails(text: str) -> Iterator[str]:
    try:
        pending: deque[Any] = deque([json.loads(text)])
    except (ValueError, RecursionError):
        yield from re.findall(r'"email"\s*:\s*"([^"]{3,254})"', text)
        return
    while pending:
        item = pending.popleft()
        if isinstance(item, list):
            pending += item[:200]
        elif isinstance(item, dict):
            for key, value in item.items():
                if key.lower() == "email":
                    yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str))
                elif key.lower() not in _FOREIGN_KEYS:
                    pending.append(value)
