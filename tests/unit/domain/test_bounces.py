"""What delivery reports of several mail servers say, also where they do not follow the standard."""

import pytest

from leadgen_assets.domain.bounces import BounceKind, bounce_kind, complaint_recipients, read_delivery_report
from tests.mails import ARF, DSN, REPLY, mail, parsed


@pytest.mark.parametrize(
    ("status", "diagnostic", "kind"),
    [
        ("5.1.1", "550 5.1.1 <x@b.test>: Recipient address rejected: User unknown in virtual mailbox table", "hard"),
        ("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", "hard"),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied. [AM7EUR03FT011.eop-EUR03]", "hard"),
        ("5.4.4", "Host or domain name not found. Name service error for name=bakery.test type=AAAA", "hard"),
        ("5.5.0", "550 5.5.0 Requested action not taken: mailbox unavailable", "hard"),
        ("5.2.1", "550 5.2.1 The email account that you tried to reach is disabled.", "hard"),
        ("5.0.0", "550 No such user here", "hard"),
        ("5.2.2", "552 5.2.2 The email account that you tried to reach is over quota", "soft"),
        ("5.0.0", "552 mailbox is full", "soft"),
        ("4.4.7", "Message expired: connect to mx.bakery.test: Connection timed out", "soft"),
        ("4.2.2", "452 4.2.2 Mailbox full", "soft"),
        ("5.3.4", "552 5.3.4 Message size exceeds fixed limit", "soft"),
        ("5.7.1", "550 5.7.1 Service unavailable; Client host blocked using a blocklist", "policy"),
        ("5.7.26", "550 5.7.26 This mail has been blocked because the sender is unauthenticated", "policy"),
        ("5.7.515", "550 5.7.515 Access denied, sending domain does not meet the required level", "policy"),
        ("5.0.0", "554 Message rejected as spam", "policy"),
        (None, "550 User unknown", "hard"),
        (None, "421 Try again later", "soft"),
        (None, "", "hard"),
    ],
)
def test_failures_are_told_apart(status: str | None, diagnostic: str, kind: BounceKind) -> None:
    assert bounce_kind(status, diagnostic) == kind


def test_the_diagnostic_is_believed_where_the_status_says_nothing() -> None:
    report = read_delivery_report(
        parsed(mail(DSN, action="failed", status="5.0.0", diagnostic="552 5.2.2 user is over quota"))
    )
    assert report is not None
    assert (report.status, report.kind, report.recipients) == ("5.2.2", "soft", ("info@bakery.test",))


EXIM = """
    X-Failed-Recipients: info@bakery.test
    Auto-Submitted: auto-replied
    From: Mail Delivery System <Mailer-Daemon@host.test>
    To: {reply_to}
    Subject: Mail delivery failed: returning message to sender
    Content-Type: text/plain

    This message was created automatically by mail delivery software.

    A message that you sent could not be delivered to one or more of its
    recipients. This is a permanent error. The following address(es) failed:

      info@bakery.test
        host mx.bakery.test [192.0.2.7]
        SMTP error from remote mail server after RCPT TO:<info@bakery.test>:
        550 5.1.1 unknown user

    ------ This is a copy of the message, including all the headers. ------

    Message-ID: {message_id}
    """

QMAIL = """
    From: MAILER-DAEMON@host.test
    To: {reply_to}
    Subject: failure notice

    Hi. This is the qmail-send program at host.test.
    I'm afraid I wasn't able to deliver your message to the following addresses.
    This is a permanent error; I've given up. Sorry it didn't work out.

    <info@bakery.test>:
    192.0.2.7 does not like recipient.
    Remote host said: 550 sorry, no mailbox here by that name (#5.1.1)
    Giving up on 192.0.2.7.

    --- Below this line is a copy of the message.

    Message-ID: {message_id}
    """

EXCHANGE = """
    From: postmaster@corp.test
    To: {reply_to}
    Subject: Undeliverable: A website
    MIME-Version: 1.0
    Content-Type: multipart/report; boundary="B"

    --B
    Content-Type: text/plain; charset="us-ascii"

    Delivery has failed to these recipients or groups:

    info@bakery.test
    The email address you entered couldn't be found.

    --B
    Content-Type: message/delivery-status

    Reporting-MTA: dns;server.corp.test

    Final-recipient: RFC822;info@bakery.test
    Action: failed
    Status: 5.1.10
    Diagnostic-code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found

    --B--
    """


@pytest.mark.parametrize("text", [EXIM, QMAIL, EXCHANGE])
def test_reports_that_follow_no_standard_are_read(text: str) -> None:
    report = read_delivery_report(parsed(mail(text)))
    assert report is not None
    assert (report.action, report.kind) == ("failed", "hard")
    assert report.recipients == ("info@bakery.test",)


TWO_RECIPIENTS = """
    From: MAILER-DAEMON@host.test
    Content-Type: multipart/report; report-type=delivery-status; boundary="B"

    --B
    Content-Type: message/delivery-status

    Reporting-MTA: dns; host.test

    Final-Recipient: rfc822; first@bakery.test
    Action: relayed
    Status: 2.0.0

    Final-Recipient: rfc822; second@bakery.test
    Action: failed
    Status: 5.1.1

    --B--
    """


def test_of_several_recipients_the_worst_news_counts() -> None:
    report = read_delivery_report(parsed(mail(TWO_RECIPIENTS)))
    assert report is not None
    assert (report.action, report.recipients) == ("failed", ("second@bakery.test",))


def test_a_person_who_writes_about_a_failed_delivery_is_no_mail_server() -> None:
    text = """
        From: info@bakery.test
        To: {reply_to}
        Subject: Delivery failed

        Your parcel came back: the following address had a permanent error <info@bakery.test>
        """
    assert read_delivery_report(parsed(mail(text))) is None
    assert read_delivery_report(parsed(mail(REPLY))) is None


def test_a_vacation_note_with_an_empty_return_path_is_no_bounce() -> None:
    text = "Return-Path: <>\nFrom: info@bakery.test\nSubject: Re: A website\n\nI am away until Monday."
    assert read_delivery_report(parsed(mail(text))) is None


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure"])
def test_other_feedback_is_no_complaint(kind: str) -> None:
    assert complaint_recipients(parsed(mail(ARF.replace("Feedback-Type: abuse", f"Feedback-Type: {kind}")))) is None
