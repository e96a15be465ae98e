"""The check of every sentence a model writes: does it say more than we know?

Forbidden wordings are a table in `claim_rules`; here is what depends on the facts. A rule that strikes a harmless
sentence costs only our own wording in its place; one that misses a false claim costs the truth, so doubtful wording is
struck. How the letter is put together belongs to `drafting`.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from leadgen_assets.domain.claim_rules import (
    ABSENCE,
    AS_IF_NONE,
    BRAND,
    EXISTING_SITE,
    FAULT,
    RATING,
    RULES,
    WORKING,
)
from leadgen_assets.domain.facts import LeadFacts
from leadgen_assets.domain.listed_trades import nouns
from leadgen_assets.domain.vocabulary import ENGLISH_GLUE, known_words

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SENTENCE = re.compile(r"(?<=[.?!…])\s+")
_CAPITAL_ALLOWED_AFTER = re.compile(r"(?<=[.?!:…])[\"'”’)]*\s+")
_OWN_NAME = "Ourname"
_LONGEST_WORD = 28
_MIN_WORDS_FOR_LANGUAGE = 8
_MIN_GLUE_SHARE = 0.22


def sentences(text: str) -> list[str]:
    """The sentences of a text, in order."""
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]


def problems_of(text: str, facts: LeadFacts) -> list[str]:
    """What the facts do not support, or a letter may not say, in one text; empty where it may stand.

    Each problem is half a sentence that follows the name of the text, such as "states a quantity".
    """
    if any(unicodedata.category(sign)[0] == "C" for sign in text):
        return ["contains invisible or control characters"]
    plain = unicodedata.normalize("NFKC", text)
    stripped = _without_own_names(plain, facts)
    found = [problem for problem, pattern in RULES if pattern.search(stripped)]
    found += _numbers(stripped, facts)
    found += _absence(plain, facts)
    found += _faults_and_brands(stripped, facts)
    found += _trades(stripped, facts)
    found += _other_names(stripped, facts)
    found += _language(stripped)
    return found


def _without_own_names(text: str, facts: LeadFacts) -> str:
    # The recipient's own name may hold any word ("Best Deal 24"): it stands there as a name, not as a claim.
    for name in sorted(filter(None, (facts.name, facts.city, facts.finding.page)), key=len, reverse=True):
        exact = re.escape(unicodedata.normalize("NFKC", name))
        text = re.sub(rf"(?<!\w){exact}(?!\w)", _OWN_NAME, text, flags=re.IGNORECASE)
    return text


def _numbers(text: str, facts: LeadFacts) -> Iterator[str]:
    allowed: set[str] = set()
    if facts.rating is not None:
        allowed = {f"{facts.rating:g}", f"{facts.rating:.1f}", f"{facts.review_count}", f"{facts.review_count:,}"}
    elif RATING.search(text):
        yield "speaks of a rating or of reviews, and none is known"
    unknown = [number for number in _NUMBER.findall(text) if number not in allowed]
    if unknown:
        yield f"states a number that is not in the facts: {unknown[0]}"
    elif any(unicodedata.category(sign) in {"No", "Nl"} for sign in text):
        yield "states a number that is not in the facts"


def _absence(text: str, facts: LeadFacts) -> Iterator[str]:
    finding = facts.finding
    for sentence in sentences(text):
        excused = finding.no_site or (finding.no_working_site and WORKING.search(sentence))
        if ABSENCE.search(sentence) and not excused:
            yield "says that there is no website, which the evidence does not say"
        if EXISTING_SITE.search(sentence) and not finding.some_site:
            yield "speaks of an existing website, which the evidence does not show"
        if finding.own_site and AS_IF_NONE.search(sentence):
            yield "goes on as if there were no website, and there is one"


def _faults_and_brands(text: str, facts: LeadFacts) -> Iterator[str]:
    own_words = facts.finding.sentence()
    spoken = f"{facts.finding.plain_evidence} {own_words}".casefold()
    for word in dict.fromkeys(word.casefold() for word in FAULT.findall(text)):
        if word not in spoken:
            yield f"calls something {word}, which the evidence does not say"
    for word in dict.fromkeys(BRAND.findall(text)):
        if word.casefold() not in facts.finding.evidence.casefold():
            yield f"names something that is not in the facts: {word}"


def _trades(text: str, facts: LeadFacts) -> Iterator[str]:
    own = facts.trade.noun if facts.trade.is_listed else ""
    for noun in dict.fromkeys(found["noun"].casefold() for found in _called().finditer(text)):
        if noun != own:
            yield f"calls the business a {noun}, which its listing does not say"


@cache
def _called() -> re.Pattern[str]:
    """The business is, or is listed as, some trade; what a trade could do in general is nobody's description."""
    longest_first = sorted(nouns(), key=len, reverse=True)
    return re.compile(
        rf"(?:\b(?:as|is|are|being)|{_OWN_NAME},|^)\s+an? (?P<noun>{'|'.join(map(re.escape, longest_first))})\b",
        re.IGNORECASE,
    )


def _other_names(text: str, facts: LeadFacts) -> Iterator[str]:
    own = _WORD.findall(f"{facts.name} {facts.city or ''} {facts.finding.evidence}")
    allowed = known_words() | {word.casefold() for word in own} | {"i", _OWN_NAME.casefold()}
    for sentence in _CAPITAL_ALLOWED_AFTER.split(text):
        for word in _WORD.findall(sentence)[1:]:
            bare = re.split(r"['’]", word)[0]
            parts = {part.casefold() for part in bare.split("-")}
            if word[0].isupper() and not parts <= allowed:
                yield f"names something that is not in the facts: {word}"
                return


def _language(text: str) -> Iterator[str]:
    words = _WORD.findall(text)
    if any("LATIN" not in unicodedata.name(sign, "") for word in words for sign in word if sign.isalpha()):
        yield "is not written in English letters"
    if any(len(word) > _LONGEST_WORD for word in words):
        yield "contains something that is not a word"
    if any(word.isupper() and len(word) > 3 for word in words):
        yield "shouts in capitals"
    glue = sum(word.casefold() in ENGLISH_GLUE for word in words)
    if len(words) >= _MIN_WORDS_FOR_LANGUAGE and glue < _MIN_GLUE_SHARE * len(words):
        yield "does not read as English"
