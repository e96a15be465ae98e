"""The four pages of a proposal as HTML: why, an illustrative example, packages and prices, contact.

Pure, like the letter it goes with. Turning it into a PDF is done in `pdf`; its look is in `templates/proposal.css`.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any

import segno
from markupsafe import Markup

from leadgen_assets.domain.addresses import with_city
from leadgen_assets.domain.drafting import Operator, is_openstreetmap
from leadgen_assets.domain.facts import facts_of, plain_text, shortened
from leadgen_assets.domain.services import Services
from leadgen_assets.domain.templating import is_right_to_left, render

_PARTS = ("why", "example", "packages", "contact")
PAGES = len(_PARTS)
STYLESHEET = "proposal.css"
_MAX_INTRO_CHARACTERS = 540
_MAX_EVIDENCE_CHARACTERS = 330  # of all of it together
_SELECTORS = {"\ufe0e", "\ufe0f"}
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"


def proposal_pages(
    lead: Mapping[str, Any],
    score: Mapping[str, Any] | None,
    draft: Mapping[str, Any],
    evidence: Iterable[tuple[str, str]],
    operator: Operator,
    services: Services,
    day: date,
) -> list[str]:
    """The four pages of the proposal that goes with one draft, an HTML document each.

    Only the first speaks of the business itself; the others are the same for a whole trade or for everybody, which
    makes printing many proposals cheap.

    Args:
        lead: a row of `leads`.
        score: its row of `qualification_scores`.
        draft: its row of `email_drafts`.
        evidence: pairs of title and text of what was found; the first ones are shown, as many as fit.
        operator: who offers.
        services: what is offered.
        day: the day of the draft.
    """
    facts = facts_of(lead, score)
    name = printed_name(facts.name)
    website = re.sub(r"^https?://(?:www\.)?|/$", "", operator.website)
    heading = "A better website for" if facts.finding.own_site else "A website for"
    why = _page(
        1,
        operator,
        title=f"{heading} {facts.name}",
        heading=heading,
        footer=f"Prepared for {with_city(name, facts.city)}",
        name=name,
        city=facts.city,
        intro=shortened(draft["intro"], _MAX_INTRO_CHARACTERS).replace(facts.name, name),
        evidence=_fitting(evidence) or [("", facts.finding.sentence())],
        benefits=[benefit.replace(facts.name, name) for benefit in draft["benefits"]],
        day=f"{day.day} {day:%B %Y}",
    )
    credit = "Business listing: © OpenStreetMap contributors." if is_openstreetmap(lead.get("licence")) else ""
    return [
        why,
        _page(2, operator, footer=website, trade=facts.trade),
        _page(3, operator, footer=website, services=services),
        _page(
            4,
            operator,
            footer=website,
            services=services,
            website=website,
            qr_code=_qr_code(operator.website),
            credit=credit,
        ),
    ]


def proposal_filename(name: str | None) -> str:
    """`{BusinessName}_Proposal.pdf` in ASCII; a name with no Latin letters becomes `Business_Proposal.pdf`."""
    plain = unicodedata.normalize("NFKD", (name or "").replace("ß", "ss").replace("ø", "o").replace("Ø", "O"))
    words = re.findall(r"[A-Za-z0-9]+", re.sub(r"['’`´]", "", plain.encode("ascii", "ignore").decode()))
    latin = "_".join(words)[:60].rstrip("_")
    return f"{latin if re.search('[A-Za-z]', latin) else 'Business'}_Proposal.pdf"


def _page(number: int, operator: Operator, *, footer: str, title: str = "Proposal", **values: Any) -> str:
    template = f"proposal_{_PARTS[number - 1]}.html.j2"
    return render(template, number=number, operator=operator, title=title, footer=footer, **values)


def printed_name(name: str) -> str:
    """The name for paper: without pictures, for which there is no font; kept to itself if written from the right."""
    letters = (sign for sign in name if unicodedata.category(sign) not in {"So", "Sk", "Cf"} and sign not in _SELECTORS)
    text = " ".join("".join(letters).split()) or name
    return f"{_FIRST_STRONG_ISOLATE}{text}{_POP_ISOLATE}" if is_right_to_left(text) else text


def _fitting(evidence: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    fitting: list[tuple[str, str]] = []
    room = _MAX_EVIDENCE_CHARACTERS
    for title, text in evidence:
        shown = shortened(plain_text(text), _MAX_EVIDENCE_CHARACTERS // 2)
        room -= len(shown) + len(title)
        if room < 0:
            break
        fitting.append((title, shown))
    return fitting


@cache
def _qr_code(address: str) -> Markup:
    drawn = segno.make(address, error="m", micro=False).svg_inline(border=0, dark="#1f4d45", omitsize=True)
    return Markup(drawn)  # noqa: S704 drawn by us, from an address that is encoded as dots
