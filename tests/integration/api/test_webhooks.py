"""The mail provider's webhooks: who may call, every spelling, batches, repetition, and what follows in the ledger."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from leadgen_assets.mailbox import is_news_waiting, poll_mailbox
from leadgen_assets.sender.outcomes import provider_message_id
from leadgen_assets.settings import Settings
from leadgen_assets.storage.ledger import ledger_connection
from leadgen_assets.storage.suppressions import Recipient, Suppressions
from tests.conftest import MONDAY
from tests.integration.api.conftest import WEBHOOK_TOKEN, Api
from tests.integration.tracking import SECRET
from tests.ledger_rows import a_lead, a_sent_message, value

pytestmark = pytest.mark.xdist_group("api")

BEARER = {"Authorization": f"Bearer {WEBHOOK_TOKEN}"}


@pytest.fixture
def told(api: Api):
    def tell(*events: dict[str, Any], path: str = "/webhooks/brevo") -> dict[str, Any]:
        answer = api.stranger.post(path, json=list(events) if len(events) > 1 else events[0], headers=BEARER)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return tell


def sent(api: Api, name: str, *, status: str = "sent") -> tuple[UUID, UUID, str]:
    """A message to a lead of its own; returns lead, message and address."""
    address = f"{name}@hooks.test"
    lead = a_lead(api.ledger, f"hook {name}", email=address)
    return lead, a_sent_message(api.ledger, lead, to_email=address, status=status), address


def event(message: UUID, kind: str, address: str, *, minutes: int = 5, **more: Any) -> dict[str, Any]:
    at = MONDAY - timedelta(minutes=60 - minutes)
    return {
        "event": kind,
        "email": address,
        "id": 1,
        "message-id": "<202603020800.1@smtp-relay.mailin.fr>",
        "X-Mailin-custom": f"outreach:{message}",
        "ts_epoch": int(at.timestamp() * 1000),
        "date": "2026-03-02 09:00:00",
    } | more


def status_of(api: Api, message: UUID) -> object:
    return value(api.ledger, "SELECT status FROM email_outreach WHERE id = %s", message)


def lead_status(api: Api, lead: UUID) -> object:
    return value(api.ledger, "SELECT status FROM leads WHERE id = %s", lead)


def suppressed(api: Api, address: str) -> str | None:
    return Suppressions(SECRET).reason(api.ledger, Recipient(address))


def test_only_the_token_opens_them(api: Api) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic ???"}, {"X-API-Key": "x"}):
        for path in ("/webhooks/brevo", "/webhooks/brevo/inbound", "/webhooks/other"):
            assert api.stranger.post(path, json={}, headers=headers).status_code == 401
    in_the_address = httpx.URL(f"{api.service.url}/api/v1/webhooks/brevo").copy_with(
        username="u", password=WEBHOOK_TOKEN
    )
    assert httpx.post(in_the_address, json={"event": "list_addition"}).json() == {
        "stored": 0, "unmatched": 0, "ignored": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("spellings", "stored_as", "message_status", "lead_is", "suppression"),
    [
        (("request", "sent", "requests"), "accepted", "sent", "email_sent", None),
        (("delivered", "Delivered"), "delivered", "delivered", "email_sent", None),
        (("hard_bounce", "hardBounce", "hardBounces"), "bounce", "bounced", "bounced", "address: hard bounce"),
        (("invalid_email", "invalid"), "bounce", "bounced", "bounced", "address: hard bounce"),
        (("soft_bounce", "softBounces"), "soft_bounce", "bounced", "email_sent", None),
        (("blocked",), "blocked", "bounced", "email_sent", None),
        (("deferred", "error"), "deferred", "sent", "email_sent", None),
        (("spam",), "complaint", "sent", "unsubscribed", "address: complaint"),
        (("unsubscribed", "unsubscribe"), "unsubscribe", "delivered", "unsubscribed", "address: unsubscribed"),
        (("opened", "unique_opened", "click", "clicks"), None, "delivered", "email_sent", None),
        (("proxy_open", "unique_proxy_open", "loadedByProxy"), "open", "delivered", "email_sent", None),
    ],
)
def test_every_event_and_what_follows(
    api: Api, told, spellings, stored_as, message_status, lead_is, suppression
) -> None:
    for number, spelling in enumerate(spellings):
        lead, message, address = sent(api, f"one-{number}-{spelling}")
        api.ledger.execute("UPDATE leads SET email_sent_at = %s WHERE id = %s", (MONDAY, lead))
        assert told(event(message, spelling, address))["stored"] == 1
        (row,) = api.ledger.execute("SELECT * FROM email_events WHERE outreach_id = %s", (message,)).fetchall()
        assert row["event_type"] == (stored_as or ("click" if "click" in spelling else "open"))
        assert row["occurred_at"] == MONDAY - timedelta(minutes=55)
        assert row["verdict"] != "person" or stored_as in {"complaint", "unsubscribe"}
        assert (status_of(api, message), lead_status(api, lead)) == (message_status, lead_is), spelling
        assert suppressed(api, address) == suppression


def test_told_again_is_stored_once_in_any_order(api: Api, told) -> None:
    lead, message, address = sent(api, "again")
    events = [event(message, kind, address, minutes=n) for n, kind in enumerate(("delivered", "opened", "hard_bounce"))]
    assert told(*events)["stored"] == 3
    assert told(*reversed(events))["stored"] == 0
    assert told(events[0] | {"event": "Delivered", "id": 77})["stored"] == 0
    assert told(event(message, "opened", address, minutes=9))["stored"] == 1
    assert (status_of(api, message), lead_status(api, lead)) == ("bounced", "bounced")


@pytest.mark.parametrize(
    ("before", "kind"), [("unknown", "delivered"), ("transmitting", "request"), ("unknown", "hard_bounce")]
)
def test_an_uncertain_hand_over_is_settled(api: Api, told, before: str, kind: str) -> None:
    lead, message, address = sent(api, f"settled-{before}-{kind}", status=before)
    told(event(message, kind, address))
    assert status_of(api, message) == {"delivered": "delivered", "request": "sent", "hard_bounce": "bounced"}[kind]
    assert value(api.ledger, "SELECT sent_at = transmitting_at FROM email_outreach WHERE id = %s", message)
    assert value(api.ledger, "SELECT email_sent_at FROM leads WHERE id = %s", lead) == MONDAY


@pytest.mark.parametrize("brackets", ["{}", "<{}>"])
def test_messages_are_found_by_their_names_too(api: Api, told, brackets: str) -> None:
    """By our Message-ID, and by the relay's id from its answer to the message; each without the other and the header."""
    _, message, address = sent(api, f"named {brackets}")
    ours = {"message-id": brackets.format(f"{message}.1@studio.test"), "X-Mailin-custom": None}
    assert told(event(message, "delivered", address, **ours))["stored"] == 1
    relays = provider_message_id(f"2.0.0 OK: queued as <{message.int % 10**11}@smtp-relay.sendinblue.com>")
    api.ledger.execute("UPDATE email_outreach SET provider_message_id = %s WHERE id = %s", (relays, message))
    theirs = ours | {"message-id": brackets.format(relays)}
    assert told(event(message, "opened", address, **theirs))["stored"] == 1


def test_strangers_are_suppressed_and_nothing_else(api: Api, told) -> None:
    count = value(api.ledger, "SELECT count(*) FROM email_events")
    unknown = event(UUID(int=9), "spam", "angry@stranger.test")
    assert told(unknown, {"event": "contact_updated"}) == {"stored": 0, "unmatched": 1, "ignored": 1}
    assert suppressed(api, "angry@stranger.test") == "address: complaint"
    assert value(api.ledger, "SELECT count(*) FROM email_events") == count


def test_misshapen_events_do_no_harm(api: Api, told) -> None:
    _, message, address = sent(api, "odd")
    odd = event(message, "soft_bounce", address, reason=f"{address} is full\x00 " + "x" * 5000, ts_epoch="soon")
    assert told(odd, {}, {"event": None}, {"event": ["opened"]}) == {"stored": 1, "unmatched": 0, "ignored": 3}
    reason = value(api.ledger, "SELECT bounce_reason FROM email_outreach WHERE id = %s", message)
    assert str(reason).startswith("soft bounce <address> is full ")
    assert len(str(reason)) <= 300
    for content in (b"", b"[1]", b'"x"', b"{", b"\xff"):
        answer = api.stranger.post(
            "/webhooks/brevo", content=content, headers=BEARER | {"Content-Type": "application/json"}
        )
        assert answer.status_code in {400, 422}, content


def test_replies_by_webhook_are_classified_like_mail(api: Api, told) -> None:
    lead, message, address = sent(api, "answers")
    reply = {
        "Uuid": ["u-1"],
        "MessageId": "<answer-1@hooks.test>",
        "InReplyTo": f"<{message}.1@studio.test>",
        "From": {"Name": "Owner", "Address": address},
        "To": [{"Name": None, "Address": f"replies+{message.hex}@studio.test"}],
        "Subject": "Re: A website for you",
        "RawTextBody": "Yes, please call me.\n\n> Hello",
        "RawHtmlBody": "<p>Yes</p>",
        "Headers": {"Message-ID": "<answer-1@hooks.test>", "Content-Type": "multipart/alternative; boundary=x"},
    }
    away = reply | {"Uuid": ["u-2"], "MessageId": "<away@hooks.test>", "Headers": {"Auto-Submitted": "auto-replied"}}
    strange = {"From": 7, "Headers": ["x"], "Subject": {"a": 1}, "RawTextBody": None, "To": [None, "x@y"]}
    assert told({"items": [reply, away, strange]}, path="/webhooks/brevo/inbound") == {"stored": 3}
    assert told({"items": [reply, away, strange]}, path="/webhooks/brevo/inbound") == {"stored": 0}
    settings = Settings.model_construct(app_secret_key=SECRET)
    ledger = lambda: ledger_connection(api.conninfo)  # noqa: E731
    assert is_news_waiting(ledger, settings, api.clock, since=MONDAY + timedelta(days=1))
    summary = poll_mailbox(ledger, settings, api.clock)
    assert dict(summary.stored) == {"reply": 1, "auto_reply": 1, "unrelated": 1}
    assert poll_mailbox(ledger, settings, api.clock).stored.total() == 0
    assert lead_status(api, lead) == "replied"
    assert (
        value(api.ledger, "SELECT excerpt FROM inbox_messages WHERE classification = 'reply'") == "Yes, please call me."
    )
    assert value(api.ledger, "SELECT count(*) FROM inbound_mail WHERE content IS NOT NULL") == 0
