"""Messages as strangers' mail programs and servers write them, for tests of the reply mailbox."""

from email import message_from_bytes
from email.message import Message
from textwrap import dedent
from uuid import UUID

from leadgen_assets.domain.replies import KnownMessage

OUTREACH = UUID("0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f0")
LEAD = UUID("11111111-2222-4333-8444-555555555555")
TOKEN = OUTREACH.hex
REPLY_TO = f"replies+{TOKEN}@studio.test"
MESSAGE_ID = f"<{OUTREACH}.1@studio.test>"
RELAY_ID = "<202603020901.12345678@smtp-relay.mailin.test>"
SUBJECT = "A website for Leipomo Äyräpää"
TO_EMAIL = "info@bakery.test"
OURS = KnownMessage(OUTREACH, LEAD, TO_EMAIL, SUBJECT)
OWN_ADDRESSES = {"you@studio.test", "replies@studio.test"}


def mail(text: str, **replaced: str) -> bytes:
    """A message from an indented text; `{token}`, `{reply_to}` and the like are filled in."""
    values = {
        "token": TOKEN,
        "reply_to": REPLY_TO,
        "message_id": MESSAGE_ID,
        "relay_id": RELAY_ID,
        "to_email": TO_EMAIL,
    }
    text = dedent(text).lstrip("\n")
    for name, value in [*replaced.items(), *values.items()]:
        text = text.replace("{" + name + "}", value)
    return text.replace("\n", "\r\n").encode()


def parsed(content: bytes) -> Message:
    """The message as the product parses it."""
    return message_from_bytes(content)


class OneSentMessage:
    """Look-ups as if one message had been sent, through a relay that gave it another Message-ID."""

    def by_outreach_id(self, outreach_id: UUID) -> KnownMessage | None:
        return OURS if outreach_id == OUTREACH else None

    def by_message_id(self, message_id: str) -> KnownMessage | None:
        return OURS if f"<{message_id}>" in {MESSAGE_ID, RELAY_ID} else None

    def by_link_token(self, token: str) -> KnownMessage | None:
        return OURS if token == "L" * 60 else None

    def to_address(self, address: str) -> list[KnownMessage]:
        return [OURS] if address == TO_EMAIL else []


REPLY = """
    From: Aino Leipuri <info@bakery.test>
    To: {reply_to}
    Subject: Re: A website
    In-Reply-To: {message_id}
    Message-ID: <r1@bakery.test>
    Content-Type: text/plain; charset=utf-8

    Kyllä kiitos, soittakaa huomenna!

    ma 2. maaliskuuta 2026 klo 9.01 Your Name (you@studio.test) kirjoitti:
    > Hei, huomasin että teillä ei ole verkkosivuja.
    > Unsubscribe: https://links.test/unsubscribe/x
    """

DSN = """
    From: MAILER-DAEMON@mx.bakery.test (Mail Delivery System)
    To: {reply_to}
    Subject: Undelivered Mail Returned to Sender
    Auto-Submitted: auto-replied
    Return-Path: <>
    MIME-Version: 1.0
    Content-Type: multipart/report; report-type=delivery-status; boundary="B"

    --B
    Content-Type: text/plain; charset=us-ascii

    I'm sorry to have to inform you that your message could not be delivered.

    --B
    Content-Type: message/delivery-status

    Reporting-MTA: dns; mx.bakery.test
    Arrival-Date: Mon, 2 Mar 2026 09:01:00 +0000

    Final-Recipient: rfc822; info@bakery.test
    Original-Recipient: rfc822;info@bakery.test
    Action: {action}
    Status: {status}
    Diagnostic-Code: smtp; {diagnostic}

    --B
    Content-Type: text/rfc822-headers

    Message-ID: {message_id}
    Subject: A website

    --B--
    """

ARF = """
    From: Feedback Loop <fbl@mailbox.test>
    To: abuse@studio.test
    Subject: complaint about message
    MIME-Version: 1.0
    Content-Type: multipart/report; report-type=feedback-report; boundary="B"

    --B
    Content-Type: text/plain

    This is an email abuse report.

    --B
    Content-Type: message/feedback-report

    Feedback-Type: abuse
    User-Agent: SomeGenerator/1.0
    Version: 1
    Original-Rcpt-To: <info@bakery.test>

    --B
    Content-Type: message/rfc822

    From: you@studio.test
    To: info@bakery.test
    Message-ID: {relay_id}
    Subject: A website

    Hello
    --B--
    """
