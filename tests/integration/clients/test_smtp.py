"""Against a real mail server: each answer, and each way in which a connection breaks, is told apart."""

import ssl
from pathlib import Path

import pytest

from leadgen_assets.clients.errors import ClientError
from leadgen_assets.clients.smtp import SmtpSession
from leadgen_assets.settings import Settings
from tests.integration.mail_server import PASSWORD, USER, MailServer

FROM, TO = "replies+1@agency.test", "info@shop.test"
CONTENT = b"Subject: Hello\r\n\r\n.a dot\r\n..two dots\r\nlast\r\n"


def session_to(server: MailServer, **more: object) -> SmtpSession:
    options = {"user": USER, "password": PASSWORD, "ca_file": server.ca_file, "timeout_seconds": 0.5}
    return SmtpSession("127.0.0.1", server.port, **(options | more))


def test_an_accepted_message_arrives_byte_for_byte_and_the_servers_reply_is_kept(mail_server: MailServer) -> None:
    with session_to(mail_server) as session:
        found = session.transmit(FROM, TO, CONTENT)
    assert (found.state, found.phase, found.code) == ("accepted", "final", 250)
    assert found.reply == "2.0.0 OK: queued as <20260302@relay.test>"
    [mail] = mail_server.accepted
    assert (mail.envelope_sender, mail.recipient, mail.content) == (FROM, TO, CONTENT)


def test_one_connection_and_one_login_carry_a_batch_even_after_a_refusal(mail_server: MailServer) -> None:
    mail_server.replies["rcpt"]["no@shop.test"] = "550 5.1.1 No such user"
    with session_to(mail_server) as session:
        states = [session.transmit(FROM, to, CONTENT).state for to in ("a@shop.test", "no@shop.test", "b@shop.test")]
    assert states == ["accepted", "refused", "accepted"]
    assert (mail_server.connections, mail_server.logins) == (1, 1)


@pytest.mark.parametrize(
    ("phase", "reply", "state", "code"),
    [
        ("mail", "452 4.3.1 Try later", "deferred", 452),
        ("rcpt", "450 4.2.0 Greylisted", "deferred", 450),
        ("rcpt", "550 5.1.1 No such user", "refused", 550),
        ("data", "451 4.7.1 Not now", "deferred", 451),
        ("data", "554 5.5.1 No", "refused", 554),
        ("final", "451 4.3.0 Local error", "deferred", 451),
        ("final", "552 5.3.4 Too big", "refused", 552),
        ("final", "250 \N{SNOWMAN}?!", "accepted", 250),
        ("final", "354 once more", "unknown", 354),
    ],
)
def test_every_reply_is_a_value(mail_server: MailServer, phase: str, reply: str, state: str, code: int) -> None:
    mail_server.replies[phase]["*" if phase == "mail" else TO] = reply.encode("ascii", "replace").decode()
    with session_to(mail_server) as session:
        found = session.transmit(FROM, TO, CONTENT)
    assert (found.state, found.phase, found.code) == (state, phase, code)


@pytest.mark.parametrize(
    ("where", "state", "phase"), [("rcpt", "lost", "rcpt"), ("body", "lost", "body"), ("final", "unknown", "final")]
)
def test_a_broken_connection_is_unknown_only_after_the_final_dot(
    mail_server: MailServer,
    where: str,
    state: str,
    phase: str,
) -> None:
    mail_server.drops[TO] = where
    with session_to(mail_server, timeout_seconds=10) as session:
        found = session.transmit(FROM, TO, CONTENT + (b"y" * 70 + b"\r\n") * 100_000)
        assert not session.is_open
    assert (found.state, found.phase, found.code) == (state, phase, None)


def test_silence_after_the_final_dot_is_unknown(mail_server: MailServer) -> None:
    mail_server.hang_seconds = 1.0
    with session_to(mail_server, timeout_seconds=0.3) as session:
        found = session.transmit(FROM, TO, CONTENT)
    assert (found.state, found.phase) == ("unknown", "final")
    assert "timed out" in found.reply


def test_a_421_ends_the_connection(mail_server: MailServer) -> None:
    mail_server.replies["rcpt"][TO] = "421 4.3.2 Shutting down"
    with session_to(mail_server) as session:
        assert session.transmit(FROM, TO, CONTENT).state == "deferred"
        assert not session.is_open
        session.open()
        assert session.transmit(FROM, "other@shop.test", CONTENT).state == "accepted"


@pytest.mark.parametrize(
    ("options", "sentence", "retryable"),
    [
        ({"password": "wrong"}, "refused the login", False),
        ({"ca_file": None}, "could not be secured", False),
        ({"security": "tls"}, "could not be secured", False),
        ({"security": "none"}, "lacks what the settings ask for|refused the login|answered 530", False),
    ],
)
def test_what_must_be_mended_is_one_sentence(
    mail_server: MailServer,
    options: dict,
    sentence: str,
    retryable: bool,
) -> None:
    with pytest.raises(ClientError, match=sentence) as caught:
        session_to(mail_server, **options).open()
    assert caught.value.retryable is retryable
    assert PASSWORD not in str(caught.value)


def test_a_server_that_is_away_may_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="cannot be reached") as caught:
        SmtpSession("127.0.0.1", 9, timeout_seconds=0.3).open()
    assert caught.value.retryable


def test_without_a_mail_server_one_sentence_names_the_settings(settings: Settings) -> None:
    with pytest.raises(ClientError, match="SMTP_HOST"):
        SmtpSession.of(settings)


def test_the_certificate_must_match_the_name(mail_server: MailServer) -> None:
    with pytest.raises(ClientError, match="could not be secured") as caught:
        SmtpSession("localhost", mail_server.port, ca_file=mail_server.ca_file, timeout_seconds=0.5).open()
    assert not isinstance(caught.value, ssl.SSLError)


def test_tls_from_the_first_byte_with_a_verified_certificate(tmp_path: Path) -> None:
    server = MailServer()
    server.start(tmp_path, implicit=True)
    try:
        with session_to(server, security="tls", timeout_seconds=5) as session:
            assert session.transmit(FROM, TO, CONTENT).state == "accepted"
        with pytest.raises(ClientError, match="could not be secured"):
            session_to(server, security="tls", ca_file=None, timeout_seconds=5).open()
    finally:
        server.stop()
    assert [mail.content for mail in server.accepted] == [CONTENT]
