"""What the simulated language model writes: a plausible answer in the shape of any JSON schema.

It reads the facts in a prompt as loosely as a model does and knows nothing of the product's own rules for drafts.
"""

import json
import random
import re
from collections.abc import Mapping
from typing import Any

_NAME_KEYS = ("business_name", "business", "name", "company")
_TRADE_KEYS = ("business_type", "category", "trade", "type", "industry")
_TOWN_KEYS = ("city", "town", "location")
_PRESENCE_KEYS = ("web_presence", "current_web_presence", "web_presence_status")
_DEFAULT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "subject": {"type": "string"},
        "intro": {"type": "string"},
        "paragraphs": {"type": "array", "items": {"type": "string"}, "minItems": 3},
        "benefits": {"type": "array", "items": {"type": "string"}, "minItems": 3},
        "call_to_action": {"type": "string"},
    },
}
_LINE = re.compile(r"^\W*([A-Za-z][A-Za-z _]{1,30}?)\W*[:=]\s*(.+?)\s*$", re.MULTILINE)
_SUBJECT_LIMIT = 60

# Worded as a well-instructed model would: nothing here claims more than any prompt about a local business says.
_SUBJECTS = (
    "An idea for {name}",
    "{name} on the web",
    "A thought about {name} online",
    "{name}: a small suggestion",
    "Helping people find {name}",
)
_INTROS = (
    "Many people look online first{in_town}. A website could be the place where they find {name}, with what you offer, "
    "when you are open and how to get in touch. It would say so in your own words, and you could change it yourself.",
    "A clear website can answer the first questions of people{in_town} at any hour: what there is, where it is and how "
    "to reach you. The next pages show how that could look for {name}, step by step and without jargon.",
)
_BETTER_INTROS = (
    "Your website works, and a few things about it could be better. The next pages show what they are, how your site "
    "could look on a telephone and in search results, and what it would take to get there, step by step and without "
    "jargon.",
)
_PARAGRAPHS = (
    (
        "{name} stands in the public listings{of_town}, and so we write to you. {presence}",
        "Public listings show {name}{as_trade}{in_town}. {presence}",
        "We write to you about {name}{as_trade}{in_town}. {presence}",
    ),
    (
        "A simple website could show what you offer, when you are open and how to reach you, all in one place. People "
        "who search on a phone could decide in a moment, without having to call.",
        "With a website, people who search nearby could see what you offer, look at a few pictures and find the way to "
        "you. You could change the text yourself whenever something is new, and it would read well on any phone.",
        "A small, well-made website could answer what people ask first: what there is, when to come and how to get in "
        "touch. It could also take requests, so that less time goes into answering the phone.",
    ),
    (
        "If that sounds useful, I would be glad to talk it through with you in a free first consultation, "
        "whenever it suits you.",
        "Would you like to hear, in a free first consultation, what this could look like for you? There is no "
        "obligation at all.",
        "May I show you what I have in mind in a free first consultation? A short reply to this message is enough.",
    ),
)
_BETTER_PARAGRAPHS = (
    "All of this can be mended without beginning anew. Your texts and pictures could stay, and people on a phone could "
    "read them without zooming.",
    "Small changes could go a long way here: people who search nearby could see in the results what you offer, and the "
    "pages could read well on any phone.",
)
_BENEFITS = (
    "New customers could find {name} when they search nearby",
    "Opening hours, directions and contact details can stand together",
    "Questions that people now call about could be answered in writing",
    "Pages that read well on phones can help people decide",
    "Photos and news can be changed by you at any time",
    "Requests could reach you at any hour, even when you are busy",
)
_CALLS = ("Visit our website", "Read more on our website", "See who we are on our website", "Look at our website")
_CLAIMS = (
    "Businesses like yours gain {percent} % more customers within weeks.",
    "Studies show that {percent} % of people never visit a place without a website.",
)


def write_answer(prompt: str, schema: Mapping[str, Any] | None, *, seed: str, embellish: bool = False) -> Any:
    """An answer that satisfies a JSON schema.

    Args:
        prompt: the whole prompt; the business is found in it as JSON or as `key: value` lines.
        schema: what the answer must look like; None for the usual fields of an email.
        seed: the same seed and prompt give the same answer.
        embellish: put in a percentage that nothing in the prompt supports.
    """
    rng = random.Random(seed)
    writer = _Writer(_facts(prompt), rng, embellish=embellish)
    return writer.value("answer", schema or _DEFAULT_SCHEMA)


class _Writer:
    def __init__(self, facts: Mapping[str, str], rng: random.Random, *, embellish: bool) -> None:
        trade = _first(facts, _TRADE_KEYS, "").replace("_", " ").lower()
        town = _first(facts, _TOWN_KEYS, "")
        self._words = {
            "name": _first(facts, _NAME_KEYS, "your business"),
            "as_trade": f", {'an' if trade[:1] in 'aeiou' else 'a'} {trade}," if trade else "",
            "in_town": f" in {town}" if town else "",
            "of_town": f" of {town}" if town else "",
        }
        presence = _first(facts, _PRESENCE_KEYS, "")
        self._words["presence"] = presence.rstrip(".") + "."
        self._has_site = ": it works" in presence
        self._rng = rng
        self._embellish = embellish

    def value(self, name: str, schema: Mapping[str, Any], position: int = 0) -> Any:
        """A value for one property, by its schema first and its name second."""
        if schema.get("enum"):
            return self._rng.choice(list(schema["enum"]))
        kind = schema.get("type", "string")
        kind = next((k for k in kind if k != "null"), "string") if isinstance(kind, list) else kind
        if kind == "object":
            properties: Mapping[str, Any] = schema.get("properties") or {}
            return {key: self.value(key, inner) for key, inner in properties.items()}
        if kind == "array":
            return self._items(name, schema)
        if kind in {"integer", "number"}:
            return schema.get("minimum", 0)
        if kind == "boolean":
            return False
        return self._text(name, position)[: schema.get("maxLength")]

    def _items(self, name: str, schema: Mapping[str, Any]) -> list[Any]:
        inner: Mapping[str, Any] = schema.get("items") or {"type": "string"}
        if name.startswith("benefit") and inner.get("type", "string") == "string" and not inner.get("enum"):
            count = schema.get("minItems") or 3
            return [self._fill(text) for text in self._rng.sample(_BENEFITS, min(count, len(_BENEFITS)))]
        count = schema.get("minItems") or min(3, schema.get("maxItems", 3))
        return [self.value(name, inner, position) for position in range(count)]

    def _text(self, name: str, position: int) -> str:
        if "subject" in name:
            return self._subject()
        if "intro" in name or "headline" in name:
            return self._fill(self._rng.choice(_BETTER_INTROS if self._has_site else _INTROS))
        if "benefit" in name:
            return self._fill(_BENEFITS[position % len(_BENEFITS)])
        if "call" in name or "cta" in name or "action" in name:
            return self._rng.choice(_CALLS)
        if "html" in name or "body" in name or name == "text":
            paragraphs = [self._paragraph(n) for n in range(len(_PARAGRAPHS))]
            return "".join(f"<p>{text}</p>" for text in paragraphs) if "html" in name else "\n\n".join(paragraphs)
        return self._paragraph(position)

    def _paragraph(self, position: int) -> str:
        position %= len(_PARAGRAPHS)
        better = self._has_site and position == 1
        text = self._fill(self._rng.choice(_BETTER_PARAGRAPHS if better else _PARAGRAPHS[position]))
        if self._embellish and position == 1:
            text += " " + self._rng.choice(_CLAIMS).format(percent=self._rng.randrange(23, 89))
        return text

    def _subject(self) -> str:
        name = self._words["name"]
        fitting = [subject for subject in map(self._fill, _SUBJECTS) if len(subject) <= _SUBJECT_LIMIT]
        return self._rng.choice(fitting) if fitting else name[:_SUBJECT_LIMIT].rstrip()

    def _fill(self, text: str) -> str:
        return text.format(**self._words).replace(",.", ".").removesuffix(" .")


def _facts(prompt: str) -> dict[str, str]:
    """Names and values that stand in a prompt: in its JSON first, in its lines second; the first mention wins."""
    facts: dict[str, str] = {}
    for value in _json_in(prompt):
        _collect(value, facts)
    for key, value in _LINE.findall(prompt):
        facts.setdefault(key.strip().lower().replace(" ", "_"), value.strip().strip("\"',"))
    return facts


def _json_in(prompt: str) -> list[Any]:
    """Every JSON object that stands in a prompt, in order."""
    decoder, found, at = json.JSONDecoder(), [], prompt.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(prompt, at)
        except ValueError:
            end = at + 1
        else:
            found.append(value)
        at = prompt.find("{", end)
    return found


def _collect(value: Any, facts: dict[str, str]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, str) and inner.strip():
                facts.setdefault(key.lower(), inner.strip())
        for inner in value.values():
            _collect(inner, facts)
    elif isinstance(value, list):
        for inner in value:
            _collect(inner, facts)


def _first(facts: Mapping[str, str], keys: tuple[str, ...], default: str) -> str:
    return next((facts[key] for key in keys if facts.get(key)), default)
