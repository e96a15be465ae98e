"""Where in a page's text an address may stand, plain or disguised: cheap to find, bounded in number and in length.

Reading what stands there belongs to `email_disguises` and `email_extraction`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leadgen_assets.domain.email_disguises import AT_WORDS, CLOSE, DOT, OPEN
from leadgen_assets.domain.visible_text import JOINT

MOST_SIGNS = 250  # on one page; what has more is no business's page
_SHORT_LINE = 300  # looked at as a whole
_BEFORE, _AFTER, _LONGEST = 120, 160, 400
_GAP = rf"[\s{JOINT}]"
_WORDS = {word: re.compile(rf"{word}(?![^\W_])") for word in (*AT_WORDS, f"a{JOINT}t")}
# after the word for the sign: a bracket or a dash closes it, or a name with a dot follows
_FOLLOWED = re.compile(
    rf"{_GAP}{{0,4}}(?:{CLOSE}|[-_=~*/|])"
    rf"|{_GAP}{{1,4}}[a-z0-9-][a-z0-9{JOINT}-]{{0,80}}"
    rf"(?:{JOINT}?\.{JOINT}?[a-z0-9-]|{_GAP}{{1,4}}{DOT}{_GAP}|{_GAP}{{0,4}}(?:{OPEN}|[-_=~]){_GAP}{{0,4}}(?:{DOT}|\.))"
)
_LETTER = re.compile(rf"{OPEN}{JOINT}?a{JOINT}?{CLOSE}")


@dataclass(frozen=True, slots=True)
class Place:
    """A part of a line in which an address may stand, and what stands before it in the line."""

    text: str
    before: str


def has_sign(text: str, told: Sequence[tuple[str, str]] = ()) -> bool:
    """False for a text without any sign of an address, plain or disguised; most have none."""
    return next(_signs(text, told), None) is not None


def places_by_line(text: str, told: Sequence[tuple[str, str]] = ()) -> dict[int, list[Place]]:
    """The places of a text by the number of their line, for the first `MOST_SIGNS` signs.

    Args:
        text: lines, after `without_invisible`.
        told: what `instructions` found on the page.
    """
    signs = sorted(set(_signs(text, told)))[:MOST_SIGNS]
    found: dict[int, list[Place]] = {}
    number = counted = done = 0
    while done < len(signs):
        first = text.rfind("\n", 0, signs[done]) + 1
        end = text.find("\n", signs[done])
        last = end if end >= 0 else len(text)
        number, counted = number + text.count("\n", counted, first), first
        here = done
        while done < len(signs) and signs[done] < last:
            done += 1
        found[number] = list(_places(text, first, last, signs[here:done]))
    return found


def _places(text: str, first: int, last: int, signs: Sequence[int]) -> Iterator[Place]:
    if last - first <= _SHORT_LINE:
        yield Place(text[first:last], "")
        return
    start, end = max(first, signs[0] - _BEFORE), min(last, signs[0] + _AFTER)
    previous = signs[0]
    for sign in signs[1:]:
        if sign - _BEFORE >= end:
            yield _place(text, first, start, end)
            start = sign - _BEFORE
        elif sign + _AFTER - start > _LONGEST:
            gap = text.rfind(" ", previous + 1, sign - 1)
            cut = gap if gap >= 0 else (sign + previous + 1) // 2
            yield _place(text, first, start, min(end, cut))
            start = max(cut, sign - _BEFORE)
        end, previous = min(last, sign + _AFTER), sign
    yield _place(text, first, start, end)


def _place(text: str, first: int, start: int, end: int) -> Place:
    before = text[max(first, start - _BEFORE) : start]
    return Place(text[start:end], before.rpartition("@")[2])


def _signs(text: str, told: Sequence[tuple[str, str]]) -> Iterator[int]:
    """Where a sign, a word for it that something follows, or what a reader is told to replace stands."""
    yield from _at(re.finditer("@", text))
    lower = text.lower()
    if len(lower) != len(text):  # a dotted capital i becomes two letters
        lower = text.replace("\u0130", "I").lower()
    for word, pattern in _WORDS.items():
        if word in lower:
            yield from _at(
                match
                for match in pattern.finditer(lower)
                if not lower[match.start() - 1 : match.start()].isalnum() and _FOLLOWED.match(lower, match.end())
            )
    if "a" in lower:
        yield from _at(_LETTER.finditer(lower))
    for token, replacement in told:
        if replacement:
            sign = rf"(?<=[a-z0-9_+]){_GAP}{{0,4}}{re.escape(token)}{_GAP}{{0,4}}(?=[^\W_])"
            yield from _at(re.finditer(sign, text, re.IGNORECASE))


def _at(matches: Iterator[re.Match[str]]) -> Iterator[int]:
    for number, match in enumerate(matches):
        if number >= MOST_SIGNS:
            return
        yield match.start()
