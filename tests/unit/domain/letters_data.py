"""Invented rows and answers for the tests of letters and proposals."""

import json
from typing import Any

from leadgen_assets.domain.drafting import Operator, draft_email
from leadgen_assets.domain.facts import LeadFacts, facts_of

NAME = "Bakery Sunflour"
NO_SITE = "No website found: none of 5 likely addresses leads to a site of its own."
SOCIAL = "No website of its own; it has a page on facebook.com, a social network."
DEAD = "The listed address sunflour.test does not exist."
BROKEN = "The listed address sunflour.test answers with the error 500."
PARKED = "The listed address sunflour.test shows a parking or placeholder page."
FOREIGN = "The listed address sunflour.test shows the site of somebody else."
WEAK = "Its own website sunflour.test works, with no https, no mobile layout and no title."
OPERATOR = Operator(
    name="Mia Example",
    company="Studio Northlight",
    email="replies@northlight.test",
    phone="+358 9 0000 0000",
    website="https://northlight.test",
    postal_address="1 Example Street, 00100 Helsinki",
    consultation="free first consultation",
)
GOOD: dict[str, Any] = {
    "subject": "A website for Bakery Sunflour",
    "paragraphs": [
        "Public listings name Bakery Sunflour, a bakery in Helsinki, and we looked for a website. We found none.",
        "For a bakery, a small page of its own could show the opening hours and the bread of the day, "
        "so that people nearby can plan their way.",
        "Would you like to talk about it in a free first consultation? A short reply is enough.",
    ],
    "benefits": [
        "People nearby can check the opening hours before they leave home",
        "Orders for cakes could arrive in writing, also in the evening",
        "New neighbours can find the bakery when they search for bread",
    ],
    "call_to_action": "Visit our website",
    "intro": "Bakery Sunflour is a bakery in Helsinki, and we found no website of its own. "
    "A small website could show its bread, its hours and a way to order.",
}


def lead_row(**changes: Any) -> dict[str, Any]:
    row = {
        "lead_id": "6f6a5b0e-0000-5d1b-9c59-2f6f1d3a7e10",
        "name": NAME,
        "category": "shop=bakery",
        "industry": "bakery",
        "city": "Helsinki",
        "country": "FI",
        "rating": None,
        "review_count": None,
        "licence": "ODbL 1.0, © OpenStreetMap contributors",
    }
    return row | changes


def facts(presence: str = NO_SITE, **changes: Any) -> LeadFacts:
    return facts_of(lead_row(**changes), {"presence": presence})


def draft(answer: Any = None, *, outcome: str = "answered", presence: str = NO_SITE, **changes: Any) -> dict[str, Any]:
    """The draft for an answer, given as text or as a value that is written as JSON."""
    text = answer if isinstance(answer, str) or answer is None else json.dumps(answer)
    completion = {"outcome": outcome if text is not None or outcome != "answered" else "unavailable", "answer": text}
    contact = {"email": "hello@sunflour.test", "email_origin": "record", "route": "email"}
    return draft_email(lead_row(**changes), {"presence": presence}, contact, completion, OPERATOR)


def answer_with(**changes: Any) -> dict[str, Any]:
    """The good answer with some keys replaced; `paragraph_2="..."` replaces one of the three."""
    answer = json.loads(json.dumps(GOOD))
    for key, value in changes.items():
        word, _, number = key.rpartition("_")
        if number.isdigit():
            answer[f"{word}s"][int(number) - 1] = value
        else:
            answer[key] = value
    return answer
