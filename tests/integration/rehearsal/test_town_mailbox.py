"""The town's reply mailbox, read with an IMAP client."""

import imaplib
import ssl
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
import trustme
from imap_tools import MailBox, MailBoxUnencrypted

from leadgen_assets.rehearsal.servers.mailbox import Mailbox
from tests.conftest import MONDAY

LETTER = b"From: baker@baker.test\r\nTo: replies+t1@studio.test\r\nSubject: Re: %d\r\nMessage-ID: <%d@t>\r\n\r\nHi\r\n"


@pytest.fixture
def mailbox(clock) -> Iterator[Mailbox]:
    server = Mailbox(clock)
    server.start()
    yield server
    server.stop()


def opened(mailbox: Mailbox) -> MailBoxUnencrypted:
    settings = mailbox.settings()
    box = MailBoxUnencrypted(settings["IMAP_HOST"], int(settings["IMAP_PORT"]), timeout=5)
    return box.login(settings["IMAP_USER"], settings["IMAP_PASSWORD"], settings["IMAP_FOLDER"])


def test_delivered_messages_are_found_with_virtual_internal_dates(mailbox, clock):
    mailbox.deliver(LETTER % (1, 1))
    clock.advance_to(MONDAY + timedelta(hours=3))
    mailbox.deliver(LETTER % (2, 2))
    with opened(mailbox) as box:
        messages = list(box.fetch(mark_seen=False))
        dates = box.client.uid("FETCH", "1:*", "(INTERNALDATE)")[1]
    assert [message.subject for message in messages] == ["Re: 1", "Re: 2"]
    assert int(messages[1].uid) == int(messages[0].uid) + 1
    assert [b"02-Mar-2026 08:00:00 +0000" in dates[0], b"02-Mar-2026 11:00:00 +0000" in dates[1]] == [True, True]
    assert messages[0].obj.as_bytes().replace(b"\r\n", b"\n") == (LETTER % (1, 1)).replace(b"\r\n", b"\n")
    assert [delivery.at for delivery in mailbox.requests] == [MONDAY, MONDAY + timedelta(hours=3)]


def test_a_client_that_is_connected_sees_what_arrives_later(mailbox):
    with opened(mailbox) as box:
        assert list(box.fetch()) == []
        mailbox.deliver(LETTER % (1, 1))
        box.client.noop()
        assert [message.subject for message in box.fetch(mark_seen=False)] == ["Re: 1"]


def test_a_wrong_password_is_refused(mailbox):
    settings = mailbox.settings()
    with pytest.raises(Exception, match=r"AUTHENTICATIONFAILED|Invalid"):
        MailBoxUnencrypted("127.0.0.1", int(settings["IMAP_PORT"]), timeout=5).login(settings["IMAP_USER"], "wrong")


def test_with_an_authority_the_mailbox_speaks_tls(clock):
    ca = trustme.CA()
    mailbox = Mailbox(clock, ca)
    mailbox.start()
    try:
        settings = mailbox.settings()
        assert settings["IMAP_SECURITY"] == "tls"
        trusting = ssl.create_default_context()
        ca.configure_trust(trusting)
        mailbox.deliver(LETTER % (1, 1))
        box = MailBox(settings["IMAP_HOST"], int(settings["IMAP_PORT"]), timeout=5, ssl_context=trusting)
        with box.login(settings["IMAP_USER"], settings["IMAP_PASSWORD"]):
            assert [message.subject for message in box.fetch()] == ["Re: 1"]
        with pytest.raises(ssl.SSLCertVerificationError):
            MailBox("127.0.0.1", int(settings["IMAP_PORT"]), timeout=5, ssl_context=ssl.create_default_context())
    finally:
        mailbox.stop()


def test_addresses_with_a_tag_belong_to_the_mailbox(mailbox):
    assert mailbox.accepts("Replies+abc@Studio.test")
    assert mailbox.accepts(mailbox.address)
    assert not mailbox.accepts("replies@elsewhere.test")
    assert not mailbox.accepts("reply@studio.test")


def test_stopping_is_quick_with_a_client_connected_and_a_restart_keeps_port_and_messages(mailbox):
    mailbox.deliver(LETTER % (1, 1))
    box = opened(mailbox)
    port = mailbox.settings()["IMAP_PORT"]
    began = time.monotonic()
    mailbox.stop()
    mailbox.stop()
    assert time.monotonic() - began < 3
    with pytest.raises(imaplib.IMAP4.abort):
        box.client.noop()
    mailbox.start()
    assert mailbox.settings()["IMAP_PORT"] == port
    with opened(mailbox) as again:
        assert [message.subject for message in again.fetch()] == ["Re: 1"]
