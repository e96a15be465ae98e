"""What the town's people, vacation responders and mail servers write is understood, whichever trace they leave."""

import random
from email.message import EmailMessage, Message
from email.policy import SMTP

import pytest

from leadgen_assets.domain.replies import Reading, classify
from leadgen_assets.rehearsal import answers
from leadgen_assets.rehearsal.received_mail import ReceivedMail, read_mail
from tests.conftest import MONDAY
from tests.mails import MESSAGE_ID, OWN_ADDRESSES, REPLY_TO, SUBJECT, TO_EMAIL, OneSentMessage, parsed

SEEDS = range(12)


@pytest.fixture
def received() -> ReceivedMail:
    message = EmailMessage(policy=SMTP)
    message["From"] = "Your Name <you@studio.test>"
    message["To"] = TO_EMAIL
    message["Reply-To"] = REPLY_TO
    message["Subject"] = SUBJECT
    message["Message-ID"] = MESSAGE_ID
    message["List-Unsubscribe"] = f"<https://links.test/unsubscribe/x>, <mailto:{REPLY_TO}?subject=unsubscribe>"
    message.set_content("Hello,\n\nyou have no website.\n\nUnsubscribe: https://links.test/unsubscribe/x\n")
    return read_mail(TO_EMAIL, message.as_bytes(), REPLY_TO)


def reading_of(message: Message) -> Reading:
    return classify(parsed(message.as_bytes(policy=SMTP)), OneSentMessage(), OWN_ADDRESSES)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_reply_from_an_alias_is_a_persons_reply(received: ReceivedMail, seed: int) -> None:
    message = answers.reply(received, "owner@alias.test", "Owner", MONDAY, "<r@x.test>", random.Random(seed))
    reading = reading_of(message)
    assert (reading.event_type, reading.verdict) == ("reply", "person")
    assert reading.message is not None
    assert "no website" not in reading.words


@pytest.mark.parametrize("seed", SEEDS)
def test_a_vacation_responder_is_a_machine(received: ReceivedMail, seed: int) -> None:
    message = answers.automatic_reply(received, TO_EMAIL, "Owner", MONDAY, "<a@x.test>", random.Random(seed))
    assert (reading_of(message).event_type, reading_of(message).verdict) == ("auto_reply", "machine")


def test_an_unsubscribe_mail_is_one(received: ReceivedMail) -> None:
    assert received.unsubscribe_mailto is not None
    message = answers.unsubscribe_mail(received.unsubscribe_mailto, TO_EMAIL, "Owner", MONDAY, "<u@x.test>")
    assert (reading_of(message).event_type, reading_of(message).verdict) == ("unsubscribe", "person")


def test_a_delivery_report_is_a_hard_bounce(received: ReceivedMail) -> None:
    reading = reading_of(answers.delivery_report(received, MONDAY, "<b@x.test>", "550 5.1.1 User unknown"))
    assert (reading.event_type, reading.matched_by) == ("bounce", "token")
    assert reading.concerns == (TO_EMAIL,)
