"""Phone numbers of the town: of ranges kept free for fiction where a country has one, valid in form everywhere.

Nobody is ever called in a rehearsal; `docs/town.md` says which ranges are reserved and which are only plausible.
"""

from collections.abc import Callable, Iterator

import phonenumbers

_NORTH_AMERICA = {
    "US": (415, 510, 650, 408, 707, 925, 831, 209, 916, 530, 559, 213, 310, 503, 206, 212, 312, 512, 602, 702),
    "CA": (416, 604, 514, 403, 613, 780, 204, 902),
}  # fmt: skip
# Reserved for fiction by the country's regulator, except Finland's, which keeps none.
_PATTERNS = {
    "GB": ("+44207946{:04d}", 1000),
    "AU": ("+6125550{:04d}", 10_000),
    "DE": ("+493023125{:03d}", 1000),
    "FR": ("+33199{:06d}", 10_000),
    "SE": ("+468465004{:02d}", 100),
    "FI": ("+35895000{:04d}", 10_000),
}


class PhoneBook:
    """Deals out numbers, each once, in the same order for the same questions."""

    def __init__(self) -> None:
        self._numbers: dict[str, Iterator[str]] = {}

    def next_number(self, country: str) -> str | None:
        """The next free number of a country (ISO 3166 alpha-2), written internationally; None where none is left."""
        numbers = self._numbers.setdefault(country, _numbers_of(country))
        for number in numbers:
            parsed = phonenumbers.parse(number)
            if phonenumbers.is_valid_number(parsed):
                return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        return None


def national_form(number: str) -> str:
    """An international number as people of its country write it."""
    return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.NATIONAL)


def _numbers_of(country: str) -> Iterator[str]:
    if country in _NORTH_AMERICA:
        return (f"+1{area}55501{last:02d}" for last in range(100) for area in _NORTH_AMERICA[country])
    if country in _PATTERNS:
        pattern, size = _PATTERNS[country]
        return _scattered(pattern.format, size)
    example = phonenumbers.example_number(country)
    if example is None:
        return iter(())
    digits = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    return _scattered(lambda last: f"{digits[:-4]}{last:04d}", 10_000)


def _scattered(number: Callable[[int], str], size: int) -> Iterator[str]:
    # a step without common divisor with the size visits each number once and keeps neighbours apart
    return (number(turn * 37 % size) for turn in range(size))
