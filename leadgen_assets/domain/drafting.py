"""One lead's letter: what is known, what the model wrote of it, what we send, in text and HTML.

Pure: the same rows give the same draft. Signed links, the recipient's headers and the attachment are added when the
message is frozen in the outreach queue; `domain/markers.py` holds their places.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import css_inline

from leadgen_assets.domain import markers
from leadgen_assets.domain.answers import UnusableAnswerError, checked_letter, parse_answer
from leadgen_assets.domain.claims import sentences
from leadgen_assets.domain.facts import LeadFacts, facts_of
from leadgen_assets.domain.letters import Letter, own_letter
from leadgen_assets.domain.prompts import PROMPT_VERSION
from leadgen_assets.domain.templating import render

RULES_VERSION = f"drafting-2.prompt-{PROMPT_VERSION}"

_NO_ANSWER = {
    "refused": "The model refused to answer.",
    "unavailable": "The model was not available.",
    "over_budget": "The day's tokens were used up.",
    "not_configured": "No model was asked.",
}


@dataclass(frozen=True, slots=True)
class Operator:
    """Who writes: shown in the signature and the footer.

    Attributes:
        name: the person's.
        company: the company's.
        email: the address that the letter comes from, so that paper and mail name the same.
        phone: empty where none is given.
        website: where the company is found.
        postal_address: one line; the law wants it in every letter.
        consultation: what the letter offers, such as "free first consultation".
        privacy_url: of the operator's privacy notice, which every letter then links to; empty where there is none.
    """

    name: str
    company: str
    email: str
    phone: str
    website: str
    postal_address: str
    consultation: str = "first consultation"
    privacy_url: str = ""


def draft_email(
    lead: Mapping[str, Any],
    score: Mapping[str, Any] | None,
    contact: Mapping[str, Any],
    completion: Mapping[str, Any] | None,
    operator: Operator,
) -> dict[str, Any]:
    """A row of `email_drafts`.

    Args:
        lead: a row of `leads`.
        score: its row of `qualification_scores`.
        contact: its row of `contacts`, with an email address.
        completion: its row of `draft_completions`; None where the model was never asked.
        operator: who writes.
    """
    facts = facts_of(lead, score)
    letter, by_model, problems = _letter(facts, completion, operator)
    if not operator.postal_address:
        problems.append("The footer has no postal address; set POSTAL_ADDRESS.")
    values = {
        "letter": letter,
        "name": facts.name,
        "operator": operator,
        "source": source_sentence(contact.get("email_origin"), lead.get("licence")),
        "offer": markers.OFFER,
        "unsubscribe": markers.UNSUBSCRIBE,
        "pixel": markers.PIXEL,
    }
    return {
        "lead_id": lead["lead_id"],
        "to_email": contact["email"],
        "country": lead.get("country"),
        "subject": letter.subject,
        "text": render("email.txt.j2", **values),
        "html": _inliner().inline(render("email.html.j2", **values)),
        "intro": letter.intro,
        "benefits": list(letter.benefits),
        "call_to_action": letter.call_to_action,
        "facts_json": _facts_json(facts, letter, by_model, contact),
        "problems": problems,
        "written_by": "model" if by_model else "template",
        "rules_version": RULES_VERSION,
    }


def source_sentence(email_origin: str | None, licence: str | None) -> str:
    """Where the recipient's address was found, as the footer says it.

    Args:
        email_origin: of a row of `contacts`.
        licence: of the place record; OpenStreetMap's asks to be credited.
    """
    if email_origin == "site":
        return "We found your address on your own website."
    if email_origin == "social":
        return "We found your address on your public page."
    if email_origin == "guessed":
        return "We wrote to the usual address of your own website's domain."
    credit = " in OpenStreetMap (© OpenStreetMap contributors)" if is_openstreetmap(licence) else ""
    return f"We found your address in the public listing of your business{credit}."


def is_openstreetmap(licence: str | None) -> bool:
    """True for a place record under OpenStreetMap's licence."""
    return "odbl" in (licence or "").casefold()


def _letter(
    facts: LeadFacts, completion: Mapping[str, Any] | None, operator: Operator
) -> tuple[Letter, frozenset[str], list[str]]:
    own = own_letter(facts, operator.consultation)
    outcome = (completion or {}).get("outcome") or "not_configured"
    if completion is None or outcome != "answered" or not completion.get("answer"):
        return own, frozenset(), [_NO_ANSWER.get(outcome, _NO_ANSWER["unavailable"])]
    try:
        written = parse_answer(completion["answer"])
    except UnusableAnswerError as error:
        return own, frozenset(), [f"Our own text is used: {error}."]
    return checked_letter(written, own, facts)


def _facts_json(facts: LeadFacts, letter: Letter, by_model: frozenset[str], contact: Mapping[str, Any]) -> str:
    behind = [
        {"part": name, "text": text, "by": "model" if name in by_model else "template", "facts": _behind(text, facts)}
        for name, part in letter.parts().items()
        for text in sentences(part)
    ]
    known = {
        **facts.as_data(),
        "finding": facts.finding.kind,
        "evidence": facts.finding.evidence,
        "email_origin": contact.get("email_origin"),
    }
    return json.dumps({"facts": known, "sentences": behind}, ensure_ascii=False)


def _behind(text: str, facts: LeadFacts) -> list[str]:
    """Which facts a sentence rests on; an empty list is general advice or the operator's own offer."""
    lowered = text.casefold()
    signs = {
        "business_name": facts.name,
        "city": facts.city,
        "trade": facts.trade.noun if facts.trade.is_listed else None,
        "rating": f"{facts.rating:g}" if facts.rating is not None else None,
        "review_count": str(facts.review_count) if facts.review_count is not None else None,
    }
    found = [fact for fact, sign in signs.items() if sign and sign.casefold() in lowered]
    spoken = ("found", "tried", "looked", "listed", "could not tell", "no website", "web address", "address")
    return [*found, "web_presence"] if any(word in lowered for word in spoken) else found


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(load_remote_stylesheets=False)
