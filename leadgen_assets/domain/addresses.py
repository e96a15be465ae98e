"""Street addresses: in one line as people read them, and with positions as they are compared: same place, another
place, or not known.
"""

import math
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.fuzz import token_sort_ratio

_WORD = re.compile(r"\w+", re.UNICODE)
_HOUSE = re.compile(r"(?<!\w)\d+(?!\d|st\b|nd\b|rd\b|th\b)[a-z]?(?:\s*[-–/]\s*\d+[a-z]?)?(?!\w)")
_ABBREVIATIONS = {
    "street": "st", "road": "rd", "avenue": "ave", "av": "ave", "boulevard": "blvd", "drive": "dr", "lane": "ln",
    "highway": "hwy",
    "square": "sq", "place": "pl", "court": "ct", "north": "n", "south": "s", "east": "e", "west": "w",
    "strasse": "str", "straße": "str",
    "suite": "ste", "calle": "c", "avenida": "ave", "rua": "r", "rue": "r", "via": "v",
}  # fmt: skip
_METRES_PER_DEGREE = 111_195.0
_SAME_STREET = 80.0


@dataclass(frozen=True, slots=True)
class Address:
    """A street address in comparable form: house numbers apart, words in one spelling."""

    numbers: frozenset[str]
    street: str
    postcode: str
    city: str


@lru_cache(maxsize=100_000)
def comparable_address(street: str | None, housenumber: str | None, postcode: str | None, city: str | None) -> Address:
    """The comparable form; every part may be unknown."""
    text = _plain(f"{street or ''} {housenumber or ''}")
    house = _HOUSE.search(text)  # a unit, a floor or a suite comes after the number of the house
    numbers = frozenset(re.findall(r"\d+", house.group())) if house else frozenset()
    words = _WORD.findall(text if house is None else f"{text[: house.start()]} {text[house.end() :]}")
    names = [_ABBREVIATIONS.get(word, word) for word in words if not word.isdigit()]
    return Address(numbers, " ".join(names), _code(postcode), _plain(city or ""))


def same_address(first: Address, second: Address) -> bool | None:
    """True for one house, False for two different ones, None where too little is known."""
    if first.postcode and second.postcode and first.postcode[:3] != second.postcode[:3]:
        return False
    if not (first.street and second.street):
        return None
    alike = (
        token_sort_ratio(first.street, second.street) >= _SAME_STREET
        or first.street in second.street
        or second.street in first.street
    )
    if not alike:
        return False
    if not (first.numbers and second.numbers):
        return None
    if not first.numbers & second.numbers:
        return False
    one_postcode = first.postcode != "" and first.postcode == second.postcode
    one_city = first.city != "" and first.city == second.city
    return True if one_postcode or one_city else None


def address_line(street: str | None, housenumber: str | None, postcode: str | None, city: str | None) -> str | None:
    """Street, house number, postcode and city in one line, each once; None without a street.

    Some sources write the whole address into the street; then only what it lacks is added.
    """
    parts = [part for part in (" ".join(part.split()) for part in (street or "").split(",")) if part]
    town = " ".join(part for part in (postcode, city) if part)
    while parts and not housenumber and _plain(parts[0]) in {_plain(city or ""), _plain(town)}:
        parts.pop(0)  # it says in which town, not where
    if not parts:
        return None
    line = " ".join(part for part in (", ".join(parts), housenumber) if part)
    begin = _begin_of_city(line, postcode, city) if city else None
    if begin is None:
        return ", ".join(part for part in (line, town) if part)
    if not postcode or _code(postcode) in _joined(line):
        return line
    return f"{line[:begin]}{postcode} {line[begin:]}"


def with_city(text: str, city: str | None) -> str:
    """The text and its city, unless it ends in the city already."""
    if not city or re.search(rf"(?<!\w){re.escape(city)}\W*$", text, re.IGNORECASE):
        return text
    return f"{text}, {city}"


def metres_between(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Distance of two positions (degrees of latitude and longitude) in metres; good to a per mille below 100 km."""
    north = (first[0] - second[0]) * _METRES_PER_DEGREE
    east = (
        ((first[1] - second[1] + 180) % 360 - 180)
        * _METRES_PER_DEGREE
        * math.cos(math.radians((first[0] + second[0]) / 2))
    )
    return math.hypot(north, east)


def _begin_of_city(line: str, postcode: str | None, city: str) -> int | None:
    """Where the city stands in a line as a part of the address; in `Rue de Paris` it is part of a name."""
    name = re.escape(city)
    own_part = re.search(rf"(?:,|\d\s?[a-z]?)\s(?P<city>{name})\s*(?=[,;]|$)", line, re.IGNORECASE)
    if own_part:
        return own_part.start("city")
    code = _code(postcode)
    for found in re.finditer(rf"(?<=\s){name}(?!\w)", line, re.IGNORECASE) if code else ():
        if code in _joined(line[found.end() :]):
            return found.start()
    return None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _code(postcode: str | None) -> str:
    return _joined(postcode or "")[:5]


def _joined(text: str) -> str:
    return "".join(_WORD.findall(_plain(text)))
