"""Tracking can be switched off; unsubscribing cannot."""

from email import message_from_bytes, policy
from uuid import UUID

import pytest

from leadgen_assets.domain.markers import OFFER, PIXEL, UNSUBSCRIBE
from leadgen_assets.settings import Settings
from leadgen_assets.stages.freezing import freeze
from tests.conftest import MONDAY

DRAFT = {
    "lead_id": str(UUID(int=1)),
    "to_email": "info@shop.test",
    "country": "FI",
    "subject": "A question",
    "text": f"{OFFER}\n{UNSUBSCRIBE}\n",
    "html": f'<p><a href="{OFFER}">offer</a> <a href="{UNSUBSCRIBE}">no</a></p>\n<img src="{PIXEL}" alt="">\n',
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
