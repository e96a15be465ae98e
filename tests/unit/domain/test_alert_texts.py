"""What alerts say: the specification's texts, safe in markup, honest about what is not known."""

from datetime import UTC, datetime

import pytest

from leadgen_assets.domain.alert_texts import lead_alert, plain_alert

LEAD = {
    "business_name": "Fish & <Chips>",
    "city": "Helsinki",
    "category": "restaurant",
    "phone": "+358 9 0000",
    "qualification_score": 85,
    "url_clicked": "https://studio.test/?a=1&b=2",
    "sender": "owner@fish.test",
    "occurred_at": datetime(2026, 3, 2, 8, 0, tzinfo=UTC),
}


def test_an_open_alert_has_the_specified_lines() -> None:
    assert lead_alert("opened", LEAD, "Europe/Helsinki", "plain").splitlines() == [
        "👁 Email Opened!",
        "Business: Fish & <Chips>",
        "Location: Helsinki",
        "Category: restaurant",
        "Time: 2026-03-02 10:00",
        "Lead Score: 85/100",
    ]


def test_a_click_alert_has_the_specified_lines_and_safe_markup() -> None:
    assert lead_alert("clicked", LEAD, "Europe/Helsinki", "html").splitlines() == [
        "<b>🔥 HOT LEAD - Link Clicked!</b>",
        "Business: Fish &amp; &lt;Chips&gt;",
        "Phone: +358 9 0000",
        "Clicked: https://studio.test/?a=1&amp;b=2",
        "Time: 2026-03-02 10:00",
        "→ Follow up NOW recommended",
    ]


def test_a_reply_alert_has_the_specified_lines() -> None:
    assert lead_alert("replied", LEAD, "UTC", "plain").splitlines() == [
        "🚨 REPLY RECEIVED!",
        "Business: Fish & <Chips>",
        "Their Email: owner@fish.test",
        "Time: 2026-03-02 08:00",
        "→ Check your inbox immediately",
    ]


@pytest.mark.parametrize("kind", ["opened", "clicked", "replied", "unsubscribed", "bounced", "complained"])
def test_what_is_missing_is_said_to_be_not_known(kind: str) -> None:
    text = lead_alert(kind, {"business_name": "Fish\nBusiness: Forged"}, "UTC", "html")
    assert "not known" in text
    assert text.count("\nBusiness:") == 1


def test_long_names_and_texts_fit_a_message() -> None:
    assert len(lead_alert("opened", {"business_name": "x" * 9000}, "UTC", "html")) < 1000
    assert len(plain_alert("é" * 9000, "plain")) == 3000
    assert plain_alert("a < b & c", "html") == "a &lt; b &amp; c"
