"""What was found about a business's web presence, as a kind with truthful wording for each.

The evidence and its sentence come from `presence`; here it is only decided how a letter speaks of it. Nothing stronger
is said than a look from outside can know: an address "led nowhere when we tried it".
"""

import re
from dataclasses import dataclass
from typing import Literal

FindingKind = Literal[
    "no_site", "dead_domain", "page_error", "parked", "foreign", "social_only", "weak_site", "unclear"
]

_SENTENCES: dict[FindingKind, str] = {
    "no_site": "We looked for a website of yours in public listings and under likely addresses, and found none.",
    "dead_domain": "The web address that public listings show for you led nowhere when we tried it.",
    "page_error": "The web address that public listings show for you did not show a page when we tried it.",
    "parked": "The web address that public listings show for you led to a placeholder page when we tried it.",
    "foreign": "The web address that public listings show for you seems to lead to a different organisation.",
    "social_only": "We found a page of yours on {page}, but no website of your own.",
    "weak_site": "We looked at your website from outside: it works, and it lacks {lacking}.",
    "unclear": "From outside it is not clear to us how well you can be found on the web.",
}
_SUBJECTS: dict[FindingKind, str] = {
    "no_site": "A website for {name}?",
    "social_only": "A website for {name}?",
    "dead_domain": "The listed web address of {name}",
    "page_error": "The listed web address of {name}",
    "parked": "The listed web address of {name}",
    "foreign": "The listed web address of {name}",
    "weak_site": "The website of {name}",
    "unclear": "An idea for {name}",
}
_LACKING = {
    "no https": "a secure connection (https)",
    "no mobile layout": "a layout for telephones",
    "no title": "a page title",
    "no description": "a description for search engines",
}
_NO_SITE_OF_ITS_OWN: frozenset[FindingKind] = frozenset({"no_site", "social_only"})
_NO_WORKING_SITE: frozenset[FindingKind] = frozenset({"dead_domain", "page_error", "parked", "foreign"})
_WORKS = re.compile(r"Its own website \S+ works, with (?P<lacking>.+)\.")
_PAGE = re.compile(r"No website of its own; it has a page on (?P<page>\S+), .+\.")
_SOME_PAGE = "a social network or in a directory"
_OWN_SITE = "Its own website "
_LISTED = re.compile(r"The listed address \S+ (?P<clause>.+)\.")
_CLAUSES: tuple[tuple[str, FindingKind], ...] = (
    ("does not exist", "dead_domain"),
    ("has no web address", "dead_domain"),
    ("leads to a social network", "social_only"),
    ("shows a parking or placeholder page", "parked"),
    ("shows the site of somebody else", "foreign"),
    ("answers with the error", "page_error"),
    ("does not answer", "page_error"),
)
_BEGINNINGS: tuple[tuple[str, FindingKind], ...] = (
    ("No website found", "no_site"),
    ("No website of its own; it has a page on", "social_only"),
)
_HOST = re.compile(r"\S+\.\w\S*")


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found: a kind that decides our wording, and qualification's own sentence as the evidence.

    Attributes:
        kind: what our wording rests on; `unclear` for everything not known here.
        evidence: the sentence for people in `qualification_scores.presence`.
        lacking: of a weak site, what was not there.
    """

    kind: FindingKind
    evidence: str
    lacking: tuple[str, ...] = ()

    @property
    def no_site(self) -> bool:
        """The evidence supports saying that no website was found."""
        return self.kind in _NO_SITE_OF_ITS_OWN

    @property
    def no_working_site(self) -> bool:
        """The evidence supports saying that there is no working website under the listed address."""
        return self.no_site or self.kind in _NO_WORKING_SITE

    @property
    def some_site(self) -> bool:
        """There is, or was, a web address to speak of."""
        return self.kind in _NO_WORKING_SITE or self.kind == "weak_site"

    @property
    def plain_evidence(self) -> str:
        """The evidence without host names, whose words claim nothing."""
        return _HOST.sub("", self.evidence)

    @property
    def own_site(self) -> bool:
        """A working website of its own was seen, so nothing may be said as if there were none."""
        return self.evidence.startswith(_OWN_SITE)

    @property
    def page(self) -> str | None:
        """The host on which it has a page instead of a website, such as facebook.com."""
        found = _PAGE.fullmatch(self.evidence)
        return found["page"] if found else None

    def sentence(self) -> str:
        """Our own sentence about it, to the business itself; it claims no more than was observed."""
        return _SENTENCES[self.kind].format(page=self.page or _SOME_PAGE, lacking=_joined(self.lacking))

    def subject(self, name: str) -> str:
        """Our own subject line."""
        return _SUBJECTS[self.kind].format(name=name)


def finding_of(presence: str | None) -> Finding:
    """The finding behind qualification's one sentence; any other sentence is `unclear`."""
    evidence = (presence or "").strip()
    if works := _WORKS.fullmatch(evidence):
        parts = re.split(r", | and ", works["lacking"])
        lacking = tuple(_LACKING[part] for part in parts if part in _LACKING)
        return Finding("weak_site", evidence, lacking) if lacking else Finding("unclear", evidence)
    listed = _LISTED.fullmatch(evidence)
    text, signs = (listed["clause"], _CLAUSES) if listed else (evidence, _BEGINNINGS)
    return Finding(next((kind for sign, kind in signs if text.startswith(sign)), "unclear"), evidence)


def _joined(parts: tuple[str, ...]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
