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
    """Our own letter about what was found, with the words of the trade where the listing names one.

    Args:
        facts: what is known about the business.
        consultation: what the operator offers, such as "free first consultation".
    """
    found, trade = facts.finding.sentence(), facts.trade
    listed = f", {trade.a_noun}" if trade.is_listed else ""
    place = f" in {facts.city}" if facts.city else ""
    has_site = facts.finding.own_site
    return Letter(
        subject=_subject(facts),
        paragraphs=(
            f"We build websites, and public listings led us to {facts.name}{listed}{place}. {found}",
            _improvement(facts) if has_site else _first_website(facts),
            f"If you are curious, we would be glad to show you what we have in mind in a {consultation}. "
            "A short reply to this email is enough.",
        ),
        benefits=_benefits(facts),
        call_to_action="Visit our website",
        intro=f"{found} {_improvement(facts) if has_site else _first_website(facts)} "
        "The next pages show how that could look, what it involves, and how to begin.",
    )


def _first_website(facts: LeadFacts) -> str:
    site = "A small website of your own" if facts.finding.no_site else "A clear, current website"
    return (
        f"{site} could show {facts.trade.offer}. "
        "It would be made for telephones first, and you could change its texts and photos yourself."
    )


def _improvement(facts: LeadFacts) -> str:
    if not facts.finding.lacking:
        return "Often a few changes are enough for people to find what they look for, on telephones too."
    several = len(facts.finding.lacking) > 1
    return (
        f"{'These things' if several else 'This'} can be put right without starting again: your texts, photos and "
        "address could stay as they are, and we would show you each change before it goes live."
    )


# What is gained by each thing that a weak website lacks, by a word of `Finding.lacking`.
_GAINS = (
    ("https", "Browsers could show your pages as secure, without a warning"),
    ("telephones", "Your pages could be read on a telephone without zooming"),
    ("title", "The browser's tab and search results could show who you are"),
    ("description", "Search results could say in your words what you offer"),
)
_FURTHER_GAINS = (
    "Hours and contact could be found at the top of every page",
    "Texts and photos could be changed by you at any time",
    "Questions could arrive in writing, also outside opening hours",
)


def _benefits(facts: LeadFacts) -> tuple[str, ...]:
    """Three: the trade's, or for a website that is there what its missing parts would bring."""
    if not facts.finding.own_site:
        return facts.trade.benefits
    lacking = " ".join(facts.finding.lacking)
    gains = [gain for word, gain in _GAINS if word in lacking]
    return (*gains, *_FURTHER_GAINS)[: len(facts.trade.benefits)]


def _subject(facts: LeadFacts) -> str:
    room = SUBJECT_LIMIT - len(facts.finding.subject(""))
    return facts.finding.subject(shortened(facts.name, room))
