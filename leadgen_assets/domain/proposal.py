"""The four-page proposal as HTML: why, an illustrative example, packages and prices, contact.

Pure, like the letter it goes with. Turning it into a PDF is done in `pdf`; its look is in `templates/proposal.css`.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import segno
from markupsafe import Markup

from leadgen_assets.domain.drafting import Operator, is_openstreetmap
from leadgen_assets.domain.facts import facts_of, plain_text, shortened
from leadgen_assets.domain.services import Services
from leadgen_assets.domain.templating import is_right_to_left, render

PAGES = 4
STYLESHEET = "proposal.css"
_MAX_INTRO_CHARACTERS = 620
_MAX_EVIDENCE = 4
_MAX_EVIDENCE_CHARACTERS = 150
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"


def proposal_html(
    lead: Mapping[str, Any],
    score: Mapping[str, Any] | None,
    draft: Mapping[str, Any],
    evidence: Iterable[tuple[str, str]],
    operator: Operator,
    services: Services,
    day: date,
) -> str:
    """The proposal that goes with one draft.

    Args:
        lead: a row of `leads`.
        score: its row of `qualification_scores`.
        draft: its row of `email_drafts`.
        evidence: pairs of title and text of what was found; the first four are shown.
        operator: who offers.
        services: what is offered.
        day: the day of the draft.
    """
    facts = facts_of(lead, score)
    name = _isolated(facts.name)
    found = [(title, shortened(plain_text(text), _MAX_EVIDENCE_CHARACTERS)) for title, text in evidence]
    return render(
        "proposal.html.j2",
        name=name,
        city=facts.city,
        trade=facts.trade,
        intro=shortened(draft["intro"], _MAX_INTRO_CHARACTERS).replace(facts.name, name),
        evidence=found[:_MAX_EVIDENCE] or [("", facts.finding.sentence(name))],
        call_to_action=draft["call_to_action"],
        operator=operator,
        website=re.sub(r"^https?://(?:www\.)?|/$", "", operator.website),
        qr_code=_qr_code(operator.website),
        services=services,
        credit="Business listing: © OpenStreetMap contributors." if is_openstreetmap(lead.get("licence")) else "",
        day=f"{day.day} {day:%B %Y}",
    )


def proposal_filename(name: str | None) -> str:
    """`{BusinessName}_Proposal.pdf` in ASCII; a name with no Latin letters becomes `Business_Proposal.pdf`."""
    plain = unicodedata.normalize("NFKD", (name or "").replace("ß", "ss").replace("ø", "o").replace("Ø", "O"))
    words = re.findall(r"[A-Za-z0-9]+", re.sub(r"['’`´]", "", plain.encode("ascii", "ignore").decode()))
    return f"{'_'.join(words)[:60].rstrip('_') or 'Business'}_Proposal.pdf"


def _isolated(name: str) -> str:
    return f"{_FIRST_STRONG_ISOLATE}{name}{_POP_ISOLATE}" if is_right_to_left(name) else name


def _qr_code(address: str) -> Markup:
    drawn = segno.make(address, error="m", micro=False).svg_inline(border=0, dark="#1f4d45", omitsize=True)
    return Markup(drawn)  # noqa: S704 drawn by us, from an address that is encoded as dots
