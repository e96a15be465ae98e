"""Which place records are one business. Two businesses taken for one would send a wrong email, so doubt means two.

A pure function of the records, in any order. How records become leads belongs to `leads`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from math import cos, floor, radians

from rapidfuzz.fuzz import ratio, token_sort_ratio

from leadgen_assets.domain.addresses import Address, metres_between, same_address

NEAR_METRES = 150.0
_SAME_SOURCE_METRES = 30.0  # one source seldom lists a business twice: two kiosks of a chain are the likelier reading
# Figures of token_sort_ratio, set on labelled pairs of many countries (see tests/unit/domain/test_matching.py).
_EQUAL_NAME = 95.0  # enough at one place, whatever phones and sites say
_ALIKE_NAME = 88.0  # enough at one place if the phones do not differ, or with one phone if the places may be one
_SAME_WORD = 85.0
_CROWDED = 60  # records with one phone or site: a switchboard or a chain, compared only by first letters of the name
# A name that has one of these and another that lacks it are two businesses under one roof, even with one switchboard.
_PARTS = """
    atm pharmacy apotheke pharmacie farmacia apteekki parts service fuel gas optical photo laboratory lab department
    clinic parking terminal kiosk hostel hotel school museum spa gym bar restaurant ravintola cafe kahvila
"""
_PARTS_OF_A_HOUSE = frozenset(_PARTS.split())


@dataclass(frozen=True, slots=True)
class Identity:
    """What of a place record tells whose it is.

    Attributes:
        key: the place key.
        words: the words of its name (`names.name_words`).
        phone: E.164 or None.
        host: its own site's host, or None; never that of a network or marketplace.
        address: comparable.
        position: latitude and longitude in degrees, or None.
    """

    key: str
    words: tuple[str, ...]
    phone: str | None
    host: str | None
    address: Address
    position: tuple[float, float] | None

    @property
    def source(self) -> str:
        """The source that gave the record."""
        return self.key.partition(":")[0]


def strength(a: Identity, b: Identity) -> float | None:
    """How sure it is that two records are one business: a figure up to 100, None where they are two."""
    if a.key == b.key:
        return 100.0
    if not a.words or not b.words or _numbered_apart(a, b):
        return None
    here = _same_place(a, b)
    if here is False:
        return None
    likeness = token_sort_ratio(" ".join(a.words), " ".join(b.words))
    only_a, only_b = _words_of_its_own(a, b), _words_of_its_own(b, a)
    if (only_a | only_b) & _PARTS_OF_A_HOUSE:
        return None
    if here is True and likeness >= _EQUAL_NAME:
        return 80 + likeness / 10
    if only_a and only_b:
        return None
    same_phone = a.phone is not None and a.phone == b.phone
    other_phone = a.phone is not None and b.phone is not None and not same_phone
    if same_phone and (here is True or likeness >= _ALIKE_NAME):
        return 90 + likeness / 10
    same_site = a.host is not None and a.host == b.host
    if here is True and not other_phone and (same_site or likeness >= _ALIKE_NAME):
        return 70 + likeness / 10
    return None


def one_business(identities: Iterable[Identity], settled: Collection[str] = ()) -> list[list[str]]:
    """Place keys grouped into businesses: each group sorted, groups sorted by their first key.

    `settled` are keys that were judged among themselves before; only pairs with another key are compared.

    Groups are joined along the surest pairs first, and never where two of their members are certainly at different
    places: so a chain's branches do not merge through a record without an address.
    """
    records = {identity.key: identity for identity in sorted(identities, key=lambda identity: identity.key)}
    groups: dict[str, list[str]] = {key: [key] for key in records}
    for _, first, second in matching_pairs(records.values(), settled):
        one, other = groups[first], groups[second]
        if one is not other and not any(_same_place(records[a], records[b]) is False for a in one for b in other):
            one.extend(other)
            for key in other:
                groups[key] = one
    return sorted({id(group): sorted(group) for group in groups.values()}.values())


def matching_pairs(identities: Iterable[Identity], settled: Collection[str] = ()) -> list[tuple[float, str, str]]:
    """Every matching pair with a key that is not settled, as (minus strength, key, key), the surest first."""
    found: dict[tuple[str, str], float] = {}
    for first, second in _candidates(list(identities)):
        pair = (first.key, second.key) if first.key < second.key else (second.key, first.key)
        if pair not in found and not (first.key in settled and second.key in settled):
            found[pair] = strength(first, second) or 0.0
    return sorted((-sure, *pair) for pair, sure in found.items() if sure)


def _same_place(a: Identity, b: Identity) -> bool | None:
    """True for one place, False for two, None where it is not known."""
    house = same_address(a.address, b.address)
    if a.position is not None and b.position is not None:
        metres = metres_between(a.position, b.position)
        if metres > 2 * NEAR_METRES:
            return False
        if house is None and metres <= (NEAR_METRES if a.source != b.source else _SAME_SOURCE_METRES):
            return True
    return house


def _words_of_its_own(a: Identity, b: Identity) -> set[str]:
    """The words of the first name that no word of the second is a spelling of."""
    return {word for word in a.words if all(ratio(word, other) < _SAME_WORD for other in b.words)}


def _numbered_apart(a: Identity, b: Identity) -> bool:
    """Both names carry numbers, and other ones: `School 7` and `School 9`."""
    first, second = ({word for word in one.words if word.isdigit()} for one in (a, b))
    return bool(first and second and first != second)


def _candidates(records: list[Identity]) -> Iterator[tuple[Identity, Identity]]:
    blocks: dict[tuple[object, ...], list[Identity]] = defaultdict(list)
    for record in records:
        for block in _blocks(record):
            blocks[block].append(record)
    for block, members in blocks.items():
        if block[0] in {"phone", "host"} and len(members) > _CROWDED:
            parts: dict[str, list[Identity]] = defaultdict(list)
            for member in members:
                parts[member.words[0][:3] if member.words else ""].append(member)
            for part in parts.values():
                yield from combinations(part, 2)
        else:
            yield from combinations(members, 2)


def _blocks(record: Identity) -> Iterator[tuple[object, ...]]:
    """Where a record is compared with others: same phone, same site, same start of a word of the name nearby."""
    if record.phone is not None:
        yield ("phone", record.phone)
    if record.host is not None:
        yield ("host", record.host)
    starts = {word[:3] for word in record.words}
    if record.address.numbers and record.address.street:
        for number in record.address.numbers:
            for start in starts:
                yield ("house", number, record.address.street[:3], start)
    if record.position is not None:
        # A cell is about twice the distance of interest wide, so that the pair shares one of the four cells around it.
        step = 2 * NEAR_METRES / 111_195.0
        row = record.position[0] / step
        for north in {floor(row - 0.5), floor(row + 0.5)}:
            width = step / max(0.1, cos(radians(north * step)))
            column = record.position[1] / width
            for east in {floor(column - 0.5), floor(column + 0.5)}:
                for start in starts:
                    yield ("cell", north, east, start)
