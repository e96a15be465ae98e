"""Whether pages carry a business's name, telephone number, street address or city.

Comparing texts only; what follows from it for a candidate site is decided in `sites`.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import phonenumbers
from rapidfuzz.fuzz import partial_ratio

from leadgen_assets.domain.candidates import slug_words, without_legal_forms
from leadgen_assets.domain.pages import Page

_WORD = re.compile(r"\w+")
_ACCENTS = re.compile("[\u0300-\u036f]+")
_APOSTROPHES = re.compile("['’‘`´]")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s\-()./\u00a0\u2011\u2013]{1,3}(?=\d)")
_PHONE_LIKE = re.compile(r"\+?\d{7,15}")
_STREET_LIKE = re.compile(
    r"\b[^\W\d]{4,}\s+\d{1,4}\b|\b\d{1,5}\s+[^\W\d]+\s+(st|street|ave|avenue|rd|road|blvd)\b", re.IGNORECASE
)
_FUZZY = 92.0
_FEWEST_DIGITS = 6
_FEWEST_LETTERS = 40
_OTHER_DIGITS = re.compile(r"[^\D0-9]")
# Words that many businesses of a trade share, so that one of them says nothing about whose page it is.
_TRADE_WORDS = frozenset({
    "ravintola", "restaurant", "kahvila", "cafe", "bar", "baari", "pub", "hotel", "hotelli", "hostel", "parturi",
    "kampaamo", "salon", "salonki", "studio", "shop", "store", "kauppa", "market", "pizzeria", "pizza", "kebab",
    "grill", "sushi", "leipomo", "bakery", "apteekki", "pharmacy", "center", "centre", "keskus", "beauty", "hair",
    "hius", "fitness", "gym", "kioski", "kiosk", "house", "group", "service", "palvelu", "clinic", "klinikka",
    "dental", "hammas", "auto", "food", "ruoka", "coffee", "kitchen", "home",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class BusinessIdentity:
    """What of a lead can be looked for on a page: words in one spelling, the national number without its zero."""

    words: tuple[str, ...]
    label: str
    phone: str
    street: str
    city: str

    @property
    def is_comparable(self) -> bool:
        """True where something besides the name is known."""
        return bool(self.phone or self.street or self.city)


@dataclass(frozen=True, slots=True)
class Likeness:
    """What pages carry of a business.

    Attributes:
        name: its whole name.
        part_of_name: the longest telling word of its name, in a place where a name would stand or in the host.
        phone: its number.
        street: its street with the house number.
        city: its city.
        contact_data: a telephone number or a street address, of whomever.
    """

    name: bool
    part_of_name: bool
    phone: bool
    street: bool
    city: bool
    contact_data: bool


def identity_of(lead: Mapping[str, Any]) -> BusinessIdentity:
    """What can be looked for, from a row of `leads`."""
    words = tuple(without_legal_forms(_words(lead.get("name") or "")))
    street = " ".join(_words((lead.get("address") or "").partition(",")[0]))
    return BusinessIdentity(
        words=words,
        label="".join(without_legal_forms(slug_words(lead.get("name") or ""))),
        phone=_national_number(lead.get("phone") or ""),
        street=street if any(sign.isdigit() for sign in street) else "",
        city=" ".join(_words(lead.get("city") or "")),
    )


def likeness(business: BusinessIdentity, host: str, pages: Iterable[Page]) -> Likeness:
    """What the pages found under one candidate host carry of a business."""
    return _likeness(business, host, tuple(pages))


@lru_cache(maxsize=256)
def _likeness(business: BusinessIdentity, host: str, pages: tuple[Page, ...]) -> Likeness:
    texts = [_page_text(page) for page in pages]
    headings = [_headings(page) for page in pages]
    digits = " ".join(_digits(page) for page in pages)
    return Likeness(
        name=_carries_name(business, texts, headings),
        part_of_name=_carries_part(business, headings, "".join(slug_words(host))),
        phone=len(business.phone) >= _FEWEST_DIGITS and business.phone in digits,
        street=bool(business.street) and any(f" {business.street} " in text for text in texts),
        city=bool(business.city) and any(f" {business.city} " in text for text in texts),
        contact_data=bool(_PHONE_LIKE.search(digits)) or any(_names_a_street(page) for page in pages),
    )


def telling_word(business: BusinessIdentity) -> str | None:
    """The longest word of the name that tells it from others of its trade and city, if it has one."""
    telling = [
        word for word in business.words if len(word) >= 4 and word not in _TRADE_WORDS and word not in business.city
    ]
    return max(telling, key=len, default=None)


def host_carries_name(business: BusinessIdentity, host: str) -> bool:
    """True for a host name that holds the whole name, or the word that tells it from others."""
    joined, word = "".join(slug_words(host)), telling_word(business)
    return (len(business.label) >= 4 and business.label in joined) or bool(word and word in joined)


def in_other_script(business: BusinessIdentity, text: str) -> bool:
    """True for a text that is mostly in letters of another script than the name, where the name cannot be found."""
    name, page = (Counter(map(_script, filter(str.isalpha, part))) for part in ("".join(business.words), text[:2000]))
    if not name or page.total() < _FEWEST_LETTERS:
        return False
    return page[name.most_common(1)[0][0]] < page.total() / 2


@lru_cache(maxsize=8192)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "?").partition(" ")[0]


def _carries_name(business: BusinessIdentity, texts: Sequence[str], headings: Sequence[str]) -> bool:
    phrase = " ".join(business.words)
    if len(phrase) < 2:
        return False
    if any(f" {phrase} " in text for text in (*texts, *headings)):
        return True
    joined = "".join(business.words)
    if len(joined) < 5:
        return False
    return any(
        joined in heading.replace(" ", "") or partial_ratio(phrase, heading, score_cutoff=_FUZZY) > 0
        for heading in headings
    )


def _carries_part(business: BusinessIdentity, headings: Sequence[str], host_label: str) -> bool:
    if len(business.label) >= 4 and business.label in host_label:
        return True
    word = telling_word(business)
    return word is not None and any(f" {word} " in heading for heading in headings)


@lru_cache(maxsize=256)
def _page_text(page: Page) -> str:
    return f" {' '.join(_words(f'{page.text} {page.headings}'))} "


@lru_cache(maxsize=256)
def _headings(page: Page) -> str:
    return f" {' '.join(_words(page.headings))} "


@lru_cache(maxsize=256)
def _names_a_street(page: Page) -> bool:
    return bool(_STREET_LIKE.search(page.text))


@lru_cache(maxsize=256)
def _digits(page: Page) -> str:
    text = f"{page.text} {' '.join(page.phones)}"
    if not text.isascii():  # digits of other scripts and of full width
        text = _OTHER_DIGITS.sub(lambda found: str(unicodedata.decimal(found[0])), text)
    return _BETWEEN_DIGITS.sub("", text)


def _words(text: str) -> list[str]:
    """Words of any script in one case and width, without accents and apostrophes."""
    decomposed = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text.replace("&", " and ")).casefold())
    plain = decomposed if decomposed.isascii() else _ACCENTS.sub("", decomposed)
    return _WORD.findall(plain.replace("_", " "))


def _national_number(phone: str) -> str:
    try:
        return phonenumbers.national_significant_number(phonenumbers.parse(phone)).lstrip("0")
    except phonenumbers.NumberParseException:
        return ""
