"""From a draft and its proposal to a frozen message: links signed, bytes built, the row for the ledger filled in.

Which drafts get this far is decided in `outreach`; what a message looks like in `domain/message`.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from leadgen_assets.domain.identity import outreach_id_of
from leadgen_assets.domain.markers import OFFER, PIXEL, PROPOSAL_SLOT, UNSUBSCRIBE
from leadgen_assets.domain.message import (
    Attachment,
    FinalMessage,
    MessageDraft,
    MessageError,
    Sender,
    build_message,
)
from leadgen_assets.settings import Settings
from leadgen_assets.storage.outreach import NewMessage
from tracking_service.hashes import domain_of
from tracking_service.links import Link

FIRST_STEP = 1
_LINKED = "The proposal for you (PDF)"
_ATTACHED = (
    "A proposal for you is attached as a PDF of four pages: "
    "what we found, an example, what we offer and how to reach us."
)
_FONT = "font:400 16px/26px -apple-system,Helvetica,Arial,sans-serif"
_PIXEL_IMAGE = re.compile(rf"<img[^>]*{re.escape(PIXEL)}[^>]*>\n?")


@dataclass(frozen=True, slots=True)
class Frozen:
    """A message as it will be sent, and the ledger's row about it; `linked_pdf` is what it links to, if it does."""

    final: FinalMessage
    row: NewMessage
    linked_pdf: bytes | None = None


def freeze(
    draft: dict[str, Any],
    proposal: dict[str, Any] | None,
    settings: Settings,
    at: datetime,
    *,
    step: int = FIRST_STEP,
    thread: Sequence[str] = (),
) -> Frozen:
    """Build one message to one lead.

    Args:
        draft: a row of asset `email_drafts`.
        proposal: its row of asset `proposals`, if any; attached or linked where it was rendered.
        settings: who writes, where links lead, and the key they are signed with.
        at: when it is queued.
        step: its number in the sequence to this lead.
        thread: the Message-IDs of the messages before it, oldest first.

    Raises:
        MessageError: if the draft must not be sent as it is.
    """
    lead_id = UUID(draft["lead_id"])
    outreach_id = outreach_id_of(lead_id, step)
    signer = settings.link_signer
    opened = Link("open", outreach_id)
    links = {
        OFFER: _click_url(settings, outreach_id, settings.company_website),
        UNSUBSCRIBE: signer.url(settings.app_url, Link("unsubscribe", outreach_id)),
        PIXEL: signer.url(settings.app_url, opened),
    }
    rendered = _rendered(proposal)
    linked = rendered if settings.proposal_delivery == "link" else None
    text, page = draft["text"], draft["html"]
    if linked:
        target = signer.url(settings.app_url, Link("proposal", outreach_id))
        url = _click_url(settings, outreach_id, target)
        text, page = _with_proposal(text, page, f"{_LINKED}:\n{url}", f'<a href="{html.escape(url)}">{_LINKED}</a>')
    elif rendered:
        text, page = _with_proposal(text, page, _ATTACHED, _ATTACHED)
    page = page.replace(PROPOSAL_SLOT, "")
    if not settings.track_opens:
        page = _PIXEL_IMAGE.sub("", page)
    attachments = [*([rendered] if rendered and not linked else []), *(_brochure(settings) if not thread else [])]
    message = MessageDraft(outreach_id, step, draft["to_email"], draft["subject"], text, page, attachments, thread)
    sender = Sender(settings.from_name, settings.from_email, settings.reply_to_email)
    final = build_message(message, sender, links.__getitem__)
    row = NewMessage(
        id=outreach_id,
        lead_id=lead_id,
        step=step,
        to_email=draft["to_email"],
        to_domain=domain_of(draft["to_email"]),
        country=draft["country"],
        timezone=draft.get("timezone"),
        sender_domain=domain_of(settings.from_email),
        subject=draft["subject"],
        body_html=final.html,
        tracking_token=signer.token(opened),
        ai_generated=draft["written_by"] == "model",
        attachment_names=[attachment.filename for attachment in attachments],
        message_id=final.message_id,
        message_sha256=final.sha256,
        queued_at=at,
        expires_at=at + timedelta(days=settings.message_max_age_days),
    )
    return Frozen(final, row, linked.content if linked else None)


def _click_url(settings: Settings, outreach_id: UUID, target: str) -> str:
    """The address of a link: through the tracking service, or straight to its target."""
    if not settings.track_clicks:
        return target
    return settings.link_signer.url(settings.app_url, Link("click", outreach_id, target))


def _rendered(proposal: dict[str, Any] | None) -> Attachment | None:
    if proposal is None or proposal["state"] != "rendered" or not proposal["pdf"]:
        return None
    return Attachment(proposal["filename"], proposal["pdf"])


def _with_proposal(text: str, page: str, words: str, markup: str) -> tuple[str, str]:
    """Both parts with what is said of the proposal, after the link to our website, whoever wrote the rest."""
    if PROPOSAL_SLOT not in page or OFFER not in text:
        raise MessageError("The draft has no place for its proposal; derive it again.")
    paragraph = f'<p style="margin:0 0 18px;{_FONT};color:#22262b">{markup}</p>'
    return text.replace(OFFER, f"{OFFER}\n\n{words}", 1), page.replace(PROPOSAL_SLOT, paragraph, 1)


def _brochure(settings: Settings) -> list[Attachment]:
    path = settings.brochure_file
    return [Attachment(path.name, path.read_bytes())] if path else []
