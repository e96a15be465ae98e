"""Tracking can be switched off; unsubscribing cannot."""

from email import message_from_bytes, policy
from uuid import UUID

import pytest

from leadgen_assets.domain.markers import OFFER, PIXEL, PROPOSAL_SLOT, UNSUBSCRIBE
from leadgen_assets.settings import Settings
from leadgen_assets.stages.freezing import freeze
from tests.conftest import MONDAY

DRAFT = {
    "lead_id": str(UUID(int=1)),
    "to_email": "info@shop.test",
    "country": "FI",
    "subject": "A question",
    "text": f"{OFFER}\n{UNSUBSCRIBE}\n",
    "html": f'<p><a href="{OFFER}">offer</a>{PROPOSAL_SLOT} <a href="{UNSUBSCRIBE}">no</a></p>\n<img src="{PIXEL}" alt="">\n',
    "written_by": "template",
}


@pytest.mark.parametrize("opens", [True, False])
@pytest.mark.parametrize("clicks", [True, False])
def test_pixel_and_link_rewriting_are_settings(opens: bool, clicks: bool) -> None:
    settings = Settings.model_construct(
        track_opens=opens, track_clicks=clicks, company_website="https://studio.test/", postal_address="1 Street"
    )
    final = freeze(DRAFT, None, settings, MONDAY).final
    page = message_from_bytes(final.content, policy=policy.default).get_body(("html",)).get_content()
    assert ("<img" in page, "/track/open/" in page) == (opens, opens)
    assert ("/track/click/" in page, 'href="https://studio.test/"' in page) == (clicks, not clicks)
    assert b"/unsubscribe/" in final.content


@pytest.mark.parametrize("state", ["rendered", "not_rendered"])
@pytest.mark.parametrize("written_by", ["model", "template"])
def test_a_message_says_that_a_proposal_is_attached_where_one_is(state: str, written_by: str) -> None:
    settings = Settings.model_construct(company_website="https://studio.test/", postal_address="1 Street")
    proposal = {"state": state, "pdf": b"%PDF", "filename": "Shop_Proposal.pdf"}
    content = freeze(DRAFT | {"written_by": written_by}, proposal, settings, MONDAY).final.content
    message = message_from_bytes(content, policy=policy.default)
    attached = [part.get_filename() for part in message.iter_attachments()]
    assert attached == (["Shop_Proposal.pdf"] if state == "rendered" else [])
    for kind in ("plain", "html"):
        text = message.get_body((kind,)).get_content()
        assert ("A proposal for you is attached as a PDF of four pages" in text) is bool(attached)
        assert PROPOSAL_SLOT not in text
