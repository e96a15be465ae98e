"""What messages of the reply mailbox are, and which of ours they answer: realistic ones, one by one."""

import time

import pytest

from leadgen_assets.domain.mail_text import own_text
from leadgen_assets.domain.replies import Reading, classify, plain_subject
from tests.mails import ARF, DSN, LEAD, OWN_ADDRESSES, REPLY, REPLY_TO, SUBJECT, OneSentMessage, mail, parsed


def reading_of(text: str, **replaced: str) -> Reading:
    return classify(parsed(mail(text, **replaced)), OneSentMessage(), OWN_ADDRESSES)


SIMPLE = """
    From: {sender}
    To: {to}
    Subject: {subject}
    Message-ID: <m1@somewhere.test>
    {headers}
    Content-Type: text/plain; charset=utf-8

    {body}
    """

LATE_REFERENCE = "In-Reply-To: <other@x.test>\nReferences: <a@x.test>\n {message_id} <b@x.test>"
QUOTED_LINK = "> see https://links.test/track/click/" + "L" * 60
OUTLOOK = "X-Auto-Response-Suppress: All\nAuto-Submitted: auto-generated"
TO_US = "From: a@b.test\nTo: {reply_to}\n"


def simple(
    body: str = "Interesting, please call me.",
    sender: str = "info@bakery.test",
    to: str = "{reply_to}",
    subject: str = "Re: hello",
    headers: str = "X-Mailer: Any",
) -> Reading:
    return reading_of(SIMPLE, sender=sender, to=to, subject=subject, headers=headers, body=body)


@pytest.mark.parametrize(
    ("how", "reading"),
    [
        ("token", simple()),
        ("token", simple(sender="Aino <aino.private@gmail.test>", subject="your mail")),
        ("token", simple(to='"Studio" <other@x.test>', headers="Cc: Replies <{reply_to}>")),
        ("token", simple(to="undisclosed-recipients:;", headers="Delivered-To: {reply_to}")),
        ("token", simple(to=REPLY_TO.upper())),
        ("in_reply_to", simple(to="replies@studio.test", headers="In-Reply-To: {message_id}")),
        (
            "in_reply_to",
            simple(to="replies@studio.test", sender="nephew@elsewhere.test", headers="In-Reply-To: {relay_id}"),
        ),
        ("references", simple(to="replies@studio.test", headers=LATE_REFERENCE)),
        ("link", simple(to="replies@studio.test", sender="nephew@elsewhere.test", body=QUOTED_LINK)),
        ("sender_and_subject", simple(to="replies@studio.test", subject=f"VS: Re: {SUBJECT}")),
    ],
)
def test_a_reply_is_matched_by_the_strongest_key_it_still_carries(how: str, reading: Reading) -> None:
    assert (reading.classification, reading.matched_by) == ("reply", how)
    assert reading.message is not None
    assert reading.message.lead_id == LEAD
    assert (reading.event_type, reading.verdict) == ("reply", "person")


def test_a_token_wins_over_an_id_of_another_message() -> None:
    assert simple(headers="In-Reply-To: <unknown@x.test>").matched_by == "token"


def test_a_forward_as_attachment_is_matched_by_what_it_encloses() -> None:
    reading = reading_of("""
        From: nephew@elsewhere.test
        To: replies@studio.test
        Subject: Fwd: my uncle got this
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary="B"

        --B
        Content-Type: text/plain

        I look after his computer, what would it cost?
        --B
        Content-Type: message/rfc822

        From: you@studio.test
        Message-ID: {message_id}
        Subject: A website

        Hello
        --B--
        """)
    assert (reading.classification, reading.matched_by) == ("reply", "enclosed")
    assert reading.words == "I look after his computer, what would it cost?"


@pytest.mark.parametrize(
    ("subject", "sender", "to"),
    [
        ("Re: another subject", "info@bakery.test", "replies@studio.test"),
        (f"Re: {SUBJECT}", "someone@else.test", "replies@studio.test"),
        ("Re: hello", "someone@else.test", "replies+00000000000000000000000000000000@studio.test"),
        ("Re: hello", "replies@studio.test", "{reply_to}"),
        ("Re: hello", "You <you+tag@studio.test>", "{reply_to}"),
        ("Re: hello", "", "{reply_to}"),
    ],
)
def test_what_answers_none_of_our_messages_is_unrelated(subject: str, sender: str, to: str) -> None:
    reading = simple(subject=subject, sender=sender, to=to)
    assert reading.classification == "unrelated"
    assert reading.event_type is None


@pytest.mark.parametrize(
    ("subject", "headers", "body"),
    [
        ("Automatic reply: A website", OUTLOOK, "I am out of the office."),
        ("Re: A website", "Auto-Submitted: auto-replied (vacation)", "I am away until Monday."),
        ("Re: A website", "Precedence: bulk", "Thank you for your message, ticket 4711."),
        ("Re: A website", "X-Autoreply: yes", "Thanks!"),
        ("Re: A website", "Return-Path: <>", "Thanks!"),
        ("Out of Office: A website", "X-Mailer: Any", "Back next week."),
        ("Abwesenheitsnotiz: A website", "X-Mailer: Any", "Ich bin bis zum 9. März nicht erreichbar."),
        ("Automatische Antwort: A website", "X-Mailer: Any", "Ich bin im Urlaub."),
        ("Automaattinen vastaus: A website", "X-Mailer: Any", "Olen lomalla 8.3. asti."),
        ("=?utf-8?q?Poissaoloilmoitus=3A_A_website?=", "X-Mailer: Any", "Olen poissa."),
        ("=?iso-8859-1?Q?R=E9ponse_automatique_=3A_A_website?=", "X-Mailer: Any", "Je suis absent."),
        ("Autosvar: A website", "X-Mailer: Any", "Jag är på semester."),
    ],
)
def test_an_automatic_reply_is_no_reply(subject: str, headers: str, body: str) -> None:
    reading = simple(subject=subject, headers=headers, body=body)
    assert (reading.classification, reading.event_type, reading.verdict) == ("auto_reply", "auto_reply", "machine")
    assert reading.reasons


@pytest.mark.parametrize("headers", ["Auto-Submitted: no", "X-Priority: 1", "Precedence: first-class"])
def test_a_person_is_not_taken_for_a_machine(headers: str) -> None:
    assert simple(headers=headers).classification == "reply"


def test_a_no_reply_sender_is_a_machine() -> None:
    assert simple(sender="no-reply@bakery.test").classification == "auto_reply"


@pytest.mark.parametrize(
    "words",
    [
        "unsubscribe",
        "UNSUBSCRIBE!",
        "Stop.",
        "Please remove me from your list",
        "remove me, thanks",
        "Don’t contact us again",
        "Bitte keine weiteren E-Mails",
        "Poistakaa minut listalta, kiitos",
        "opt-out",
    ],
)
def test_a_reply_that_only_asks_to_stop_is_an_unsubscription(words: str) -> None:
    reading = simple(body=f"{words}\n\n> On Monday you wrote:\n> Hello")
    assert (reading.classification, reading.event_type, reading.verdict) == ("unsubscribe", "unsubscribe", "person")
    assert reading.concerns == ("info@bakery.test",)


@pytest.mark.parametrize(
    "words",
    [
        "Can you stop by tomorrow?",
        "Remove the old logo and send an offer.",
        "We unsubscribe from nothing, call us!",
        "",
    ],
)
def test_a_reply_that_says_more_is_a_reply(words: str) -> None:
    assert simple(body=words).classification == "reply"


@pytest.mark.parametrize(
    ("to", "subject"),
    [
        ("{reply_to}", "unsubscribe"),
        ("unsubscribe+{token}@studio.test", "anything"),
        ("replies+unsubscribe-{token}@studio.test", ""),
        ("unsub@studio.test", "please"),
    ],
)
def test_a_mail_to_the_unsubscribe_address_counts_even_when_a_mail_program_wrote_it(to: str, subject: str) -> None:
    reading = simple(to=to, subject=subject, body="This message was generated by your mail program.")
    assert reading.classification == "unsubscribe"


def test_an_unsubscription_quoted_below_a_reply_is_not_the_persons_wish() -> None:
    reading = reading_of(REPLY)
    assert reading.classification == "reply"
    assert reading.words == "Kyllä kiitos, soittakaa huomenna!"


@pytest.mark.parametrize(
    ("action", "status", "diagnostic", "kind", "event"),
    [
        ("failed", "5.1.1", "550 5.1.1 <info@bakery.test>: Recipient address rejected: User unknown", "hard", "bounce"),
        ("failed", "5.2.2", "552 5.2.2 Mailbox full", "soft", None),
        ("failed", "5.7.1", "550 5.7.1 Message blocked due to spam content", "policy", None),
        ("delayed", "4.4.1", "connect to mx.bakery.test: Connection timed out", "soft", None),
    ],
)
def test_a_delivery_report_is_a_bounce_and_condemns_only_a_bad_address(
    action: str, status: str, diagnostic: str, kind: str, event: str | None
) -> None:
    reading = reading_of(DSN, action=action, status=status, diagnostic=diagnostic)
    assert (reading.classification, reading.matched_by, reading.verdict) == ("bounce", "token", "machine")
    assert reading.report is not None
    assert (reading.report.kind, reading.event_type) == (kind, event)


def test_a_delivery_report_without_our_tag_is_matched_by_the_headers_it_encloses() -> None:
    reading = reading_of(DSN, reply_to="replies@studio.test", action="failed", status="5.1.1", diagnostic="550 no")
    assert (reading.classification, reading.matched_by) == ("bounce", "enclosed")


def test_a_report_of_success_shows_that_the_message_arrived() -> None:
    reading = reading_of(DSN, action="delivered", status="2.0.0", diagnostic="250 ok")
    assert (reading.classification, reading.event_type) == ("auto_reply", "delivered")


def test_a_feedback_report_is_a_complaint_by_the_original_recipient() -> None:
    reading = reading_of(ARF)
    assert (reading.classification, reading.event_type, reading.matched_by) == ("complaint", "complaint", "enclosed")
    assert reading.concerns == ("info@bakery.test",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Subject: =?utf-8?b?broken",
        "From: =?bad?q?x?= <a@b.test>\nTo: {reply_to}\nContent-Type: text/plain; charset=nonsense\n\nhello",
        TO_US + "Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\nno parts at all",
        TO_US + "Content-Type: multipart/report; report-type=feedback-report\n\n",
        TO_US + "Content-Type: message/delivery-status\n\nAction: failed",
        TO_US + "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n!!!!",
        TO_US + "Content-Type: text/plain\n\nnul \x00 here",
    ],
)
def test_broken_messages_are_classified_and_never_raise(text: str) -> None:
    reading = reading_of(text)
    assert reading.classification in {"reply", "unrelated", "bounce"}
    assert "\x00" not in reading.words


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ('<div>Yes!</div><div class="gmail_quote">On Monday you wrote: <blockquote>Hello</blockquote></div>', "Yes!"),
        ("<p>Kiitos, ei.</p><blockquote>Hei</blockquote><style>p {}</style>", "Kiitos, ei."),
    ],
)
def test_quotations_are_left_out_of_html(html: str, words: str) -> None:
    message = parsed(mail(f"From: a@b.test\nContent-Type: text/html; charset=utf-8\n\n{html}"))
    assert own_text(message) == words


@pytest.mark.parametrize(
    "below",
    [
        "On Mon, 2 Mar 2026 at 09:01, Your Name <you@studio.test> wrote:\n> Hello",
        "Am 02.03.26 um 09:01 schrieb Your Name:\n> Hallo",
        "-------- Alkuperäinen viesti --------\nLähettäjä: you@studio.test\nHei",
        "________________________________\nFrom: Your Name\nSent: Monday\nTo: info@bakery.test\nSubject: A\n\nHello",
    ],
)
def test_quotations_are_left_out_of_text(below: str) -> None:
    message = parsed(mail(f"From: a@b.test\nContent-Type: text/plain; charset=utf-8\n\nCall me.\n\n{below}"))
    assert own_text(message) == "Call me."


@pytest.mark.parametrize(
    "text", ["\n" * 20_000, " " * 20_000, "> " * 10_000, "On " * 7_000, "a " * 10_000 + "mail" * 500, "- \n" * 7000]
)
def test_hostile_bodies_are_read_in_bounded_time(text: str) -> None:
    started = time.monotonic()
    own_text(parsed(b"Content-Type: text/plain\r\n\r\n" + text.encode()))
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "subject", ["Re: Hello", "AW: hello", "VS: Re: HELLO", "Fwd:  hello ", "Re[2]: Hello", "hello"]
)
def test_subjects_are_compared_without_prefixes(subject: str) -> None:
    assert plain_subject(subject) == "hello"
