"""From a draft and its proposal to a frozen message: links signed, bytes built, the row for the ledger filled in.

Which drafts get this far is decided in `outreach`; what a message looks like in `domain/message`.
"""

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
        text, page = _with_proposal(text, page, _click_url(settings, outreach_id, target))
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


def _with_proposal(text: str, page: str, url: str) -> tuple[str, str]:
    """Both parts with a link to the proposal, after the one to the offer."""
    if PROPOSAL_SLOT not in page or OFFER not in text:
        raise MessageError("The draft has no place for a link to the proposal; derive it again.")
    font = "font:400 16px/26px -apple-system,Helvetica,Arial,sans-serif"
    link = f'<p style="margin:0 0 18px;{font}"><a href="{url}">The proposal for you (PDF)</a></p>'
    return text.replace(OFFER, f"{OFFER}\n\nThe proposal for you (PDF):\n{url}", 1), page.replace(
        PROPOSAL_SLOT, link, 1
    )


def _brochure(settings: Settings) -> list[Attachment]:
    path = settings.brochure_file
    return [Attachment(path.name, path.read_bytes())] if path else []
