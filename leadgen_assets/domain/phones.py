"""Telephone numbers in one form, E.164. Whether somebody answers them is not asked here."""

import re
from functools import lru_cache

import phonenumbers

_SEVERAL = re.compile(r"[;,/|]|\bor\b|\btai\b")


@lru_cache(maxsize=100_000)
def normalised_phone(raw: str | None, country: str | None) -> str | None:
    """The first number in `raw` in E.164, or None where there is none that could exist.

    Args:
        raw: as a source wrote it; several may be separated by `;`, `,` or `/`.
        country: ISO 3166 alpha-2, needed only where the number has no country code of its own.
    """
    if not raw:
        return None
    # "+358 9 625/466" is one number: the whole is tried first
    for part in (raw, *_SEVERAL.split(raw)):
        text = part.strip()
        text = f"+{text[2:]}" if country is None and text.startswith("00") else text
        try:
            number = phonenumbers.parse(text, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None


def shown_phone(number: str) -> str:
    """A number in E.164 as people read it: `+358 40 1234567`."""
    return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def country_of_phone(number: str) -> str | None:
    """ISO 3166 alpha-2 code of the country of a number in E.164, or None where its code has several or none."""
    return phonenumbers.region_code_for_number(phonenumbers.parse(number))


def chat_link(number: str) -> str | None:
    """The click-to-chat link of a number in E.164 that may be a mobile one; a line fixed to a place has none.

    Whether somebody uses the messenger there is not known.
    """
    kind = phonenumbers.number_type(phonenumbers.parse(number))
    mobile = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
    return f"https://wa.me/{number.removeprefix('+')}" if kind in mobile else None
