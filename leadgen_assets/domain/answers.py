"""From the model's answer to a letter: parsing, checking every part, and our own text where a part does not stand."""

import json
from typing import Any

from leadgen_assets.domain.claim_rules import OUR_WEBSITE
from leadgen_assets.domain.claims import problems_of
from leadgen_assets.domain.facts import LeadFacts, shortened
from leadgen_assets.domain.letters import SUBJECT_LIMIT, Letter

MAX_LETTER_WORDS = 200
_MAX_WORDS = {"paragraph": 70, "benefit": 20, "call to action": 8, "intro": 80}
_MIN_WORDS = {"paragraph": 8, "benefit": 3, "call to action": 2, "intro": 10}
_KEYS = ("subject", "paragraphs", "benefits", "call_to_action", "intro")


class UnusableAnswerError(Exception):
    """The answer as a whole cannot be read as a letter; says why."""


def parse_answer(answer: str) -> Letter:
    """The letter in a model's answer.

    Raises:
        UnusableAnswerError: if it is not JSON or does not have the parts of a letter.
    """
    try:
        found = json.loads(_unfenced(answer))
    except (ValueError, RecursionError):
        raise UnusableAnswerError("the answer is not JSON") from None
    if not isinstance(found, dict) or any(key not in found for key in _KEYS):
        raise UnusableAnswerError("the answer lacks parts of a letter")
    texts = [found[key] for key in ("subject", "call_to_action", "intro")]
    lists = [found["paragraphs"], found["benefits"]]
    if not all(isinstance(text, str) for text in texts) or not all(_is_three_texts(value) for value in lists):
        raise UnusableAnswerError("the answer does not have three paragraphs and three benefits of plain text")
    return Letter(
        subject=_tidy(found["subject"]),
        paragraphs=tuple(map(_tidy, found["paragraphs"])),
        benefits=tuple(_tidy(text).rstrip(".") for text in found["benefits"]),
        call_to_action=_tidy(found["call_to_action"]).rstrip("."),
        intro=_tidy(found["intro"]),
    )


def checked_letter(written: Letter, own: Letter, facts: LeadFacts) -> tuple[Letter, frozenset[str], list[str]]:
    """The letter of which every part may be sent.

    Returns:
        the letter; the names of the parts that are the model's; every problem found, as one sentence each.
    """
    model, fallback = written.parts(), own.parts()
    problems: dict[str, list[str]] = {name: _part_problems(name, text, facts) for name, text in model.items()}
    texts = list(model.values())
    for name, text in model.items():
        if texts.count(text) > 1:
            problems[name].append("repeats another part")
    kept = {name for name in model if not problems[name]}
    while _words_sent(_mixed(model, fallback, kept)) > MAX_LETTER_WORDS:
        longest = max(sorted(kept - {"intro", "subject"}), key=lambda name: len(model[name].split()), default=None)
        if longest is None:
            break
        problems[longest].append(f"makes the letter longer than {MAX_LETTER_WORDS} words")
        kept.remove(longest)
    found = [f"The {name} {problem}." for name, listed in problems.items() for problem in listed]
    return Letter.from_parts(_mixed(model, fallback, kept)), frozenset(kept), found


def _mixed(model: dict[str, str], fallback: dict[str, str], kept: set[str]) -> dict[str, str]:
    return {name: model[name] if name in kept else fallback[name] for name in fallback}


def _words_sent(parts: dict[str, str]) -> int:
    return sum(len(text.split()) for name, text in parts.items() if name not in {"subject", "intro"})


def _part_problems(name: str, text: str, facts: LeadFacts) -> list[str]:
    found = problems_of(text, facts)
    kind = name.rstrip("0123456789 ")
    words = len(text.split())
    if words > _MAX_WORDS.get(kind, MAX_LETTER_WORDS):
        found.append("is too long")
    if words < _MIN_WORDS.get(kind, 1):
        found.append("is too short")
    if kind == "subject" and len(text) > SUBJECT_LIMIT:
        found.append(f"has more than {SUBJECT_LIMIT} characters")
    if kind == "call to action" and not OUR_WEBSITE.search(text):
        found.append("does not say that it leads to our website")
    if name in {"subject", "paragraph 1"} and not _names_the_business(text, facts):
        found.append("does not name the business")
    return found


def _names_the_business(text: str, facts: LeadFacts) -> bool:
    return shortened(facts.name, 40).rstrip("…").casefold() in text.casefold()


def _is_three_texts(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(isinstance(text, str) and text.strip() for text in value)


def _unfenced(answer: str) -> str:
    text = answer.strip()
    if text.startswith("```"):
        text = text.removeprefix("```json").removeprefix("```").removesuffix("```")
    return text


def _tidy(text: str) -> str:
    return " ".join(text.split())
