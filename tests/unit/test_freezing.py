"""Tracking can be switched off; unsubscribing cannot."""

from dataclasses import replace
from datetime import date
from email import message_from_bytes, policy
from typing import Any
from uuid import UUID

import pytest

from leadgen_assets.domain.drafting import Operator, draft_email
from leadgen_assets.domain.follow_ups import Thread, follow_up_draft
from leadgen_assets.domain.markers import OFFER, PIXEL, PROPOSAL_SLOT, UNSUBSCRIBE
from leadgen_assets.settings import Settings
from leadgen_assets.stages.freezing import freeze
from tests.conftest import MONDAY
from tests.unit.domain.letters_data import NO_SITE, OPERATOR, lead_row

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


def first_letter(operator: Operator) -> dict[str, Any]:
    return draft_email(lead_row(), {"presence": NO_SITE}, {"email": "info@shop.test"}, None, operator)


def follow_up(operator: Operator) -> dict[str, Any]:
    thread = Thread("Shop", "info@shop.test", "A question", date(2026, 3, 2), 2, is_last=False)
    return follow_up_draft(str(UUID(int=1)), thread, operator) | {"country": "FI"}


@pytest.mark.parametrize("written", [first_letter, follow_up])
def test_the_privacy_notice_is_linked_straight_from_both_parts_where_there_is_one(written: Any) -> None:
    notice = "https://studio.test/privacy?a=1&b=2"
    settings = Settings.model_construct(company_website="https://studio.test/", track_clicks=True)
    with_it = freeze(written(replace(OPERATOR, privacy_url=notice)), None, settings, MONDAY).final.content
    message = message_from_bytes(with_it, policy=policy.default)
    assert notice in message.get_body(("plain",)).get_content().splitlines()
    assert 'href="https://studio.test/privacy?a=1&amp;b=2"' in message.get_body(("html",)).get_content()
    without = freeze(written(OPERATOR), None, settings, MONDAY).final.content
    assert b"privacy" not in without
    assert b"how to object" not in without
