"""The parts of a letter, and our own text for each: what stands where the model's text is missing or struck.

Every text here obeys the rules that the model's must obey; a test holds it to them.
"""

from dataclasses import dataclass, fields

from leadgen_assets.domain.facts import LeadFacts, shortened

SUBJECT_LIMIT = 60


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter without greeting, signature and footer; three paragraphs and three benefits."""

    subject: str
    paragraphs: tuple[str, ...]
    benefits: tuple[str, ...]
    call_to_action: str
    intro: str

    def parts(self) -> dict[str, str]:
        """Every text by the name that people read: `subject`, `paragraph 1`, `benefit 3`, ..."""
        found: dict[str, str] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, str):
                found[field.name.replace("_", " ")] = value
            else:
                singular = field.name.removesuffix("s")
                found |= {f"{singular} {number}": text for number, text in enumerate(value, start=1)}
        return found

    @classmethod
    def from_parts(cls, parts: dict[str, str]) -> "Letter":
        """The letter whose `parts()` these are."""
        return cls(
            subject=parts["subject"],
            paragraphs=tuple(parts[f"paragraph {number}"] for number in (1, 2, 3)),
            benefits=tuple(parts[f"benefit {number}"] for number in (1, 2, 3)),
            call_to_action=parts["call to action"],
            intro=parts["intro"],
        )


def own_letter(facts: LeadFacts, consultation: str) -> Letter:
    """Our own letter about what was found, with the words of the trade.

    Args:
        facts: what is known about the business.
        consultation: what the operator offers, such as "free first consultation".
    """
    name, trade = facts.name, facts.trade
    place = f" in {facts.city}" if facts.city else ""
    found = facts.finding.sentence(name)
    site = "a small website of its own" if facts.finding.no_site else "a clear, current website"
    return Letter(
        subject=_subject(facts),
        paragraphs=(
            f"{name} is listed as {trade.a_noun}{place}, and that is why we write to you. {found}",
            f"For {trade.a_noun}, {site} could show {trade.offer}. "
            "It would be made for telephones first, and you could change its texts and photos yourself.",
            f"If you are curious, we would be glad to show you a first idea in a {consultation}. "
            "A short reply to this email is enough.",
        ),
        benefits=trade.benefits,
        call_to_action="See what we could build",
        intro=f"{found} For {trade.a_noun}{place}, a small digital platform could show {trade.offer}. "
        "The next pages show how that could look, what it involves, and how to begin.",
    )


def _subject(facts: LeadFacts) -> str:
    room = SUBJECT_LIMIT - len(facts.finding.subject(""))
    return facts.finding.subject(shortened(facts.name, room))
