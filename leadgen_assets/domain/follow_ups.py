"""The short messages after a first one that nobody answered: what they say, and nothing that is not so.

Pure. Who gets one is decided by the ledger (`storage/follow_ups`); they are frozen and queued like first messages. The
subject stays as it was, without "Re:", because nobody replied.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from leadgen_assets.domain import markers
from leadgen_assets.domain.drafting import Operator
from leadgen_assets.domain.templating import render


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation that has only our side so far.

    Attributes:
        name: the business's.
        to_email: where the first message went.
        subject: of the first message.
        first_sent_on: the operator's day on which the first message was accepted.
        step: the number of the message to write; the first message was 1.
        is_last: whether no other will follow it.
    """

    name: str
    to_email: str
    subject: str
    first_sent_on: date
    step: int
    is_last: bool


def follow_up_draft(lead_id: str, thread: Thread, operator: Operator) -> dict[str, Any]:
    """A draft with the columns of asset `email_drafts` that freezing reads."""
    values = {
        "name": thread.name,
        "subject": thread.subject,
        "paragraphs": _paragraphs(thread),
        "operator": operator,
        "offer": markers.OFFER,
        "unsubscribe": markers.UNSUBSCRIBE,
        "pixel": markers.PIXEL,
    }
    return {
        "lead_id": lead_id,
        "to_email": thread.to_email,
        "subject": thread.subject,
        "text": render("follow_up.txt.j2", **values),
        "html": render("follow_up.html.j2", **values),
        "written_by": "template",
    }


def _paragraphs(thread: Thread) -> list[str]:
    written = f"{thread.first_sent_on:%A}, {thread.first_sent_on.day} {thread.first_sent_on:%B}"
    if thread.is_last:
        return [
            f"On {written} I wrote to you about what a website could do for {thread.name}. I have had no answer, and "
            "that is fine: this is my last message about it.",
            "Should it become of interest later, an answer to this message reaches me.",
        ]
    return [
        f"On {written} I wrote to you about what a website could do for {thread.name}. In case that message did not "
        "reach the person who decides about such things: whom may I ask?",
        "If it is of no interest, one word is enough, and I will not write again.",
    ]
