"""The town's mail server, spoken to with the standard library's SMTP client."""

import smtplib
import ssl
import time
from collections.abc import Iterator

import pytest
import trustme

from leadgen_assets.rehearsal.servers.mail_exchanger import MailExchanger
from tests.conftest import MONDAY
from tests.integration.rehearsal.town import business, outreach_mail

BAKER, GHOST, FULL = business("baker"), business("ghost", mailbox="unknown_user"), business("full", mailbox="full")
MAIL = outreach_mail(BAKER.email, "http://127.0.0.1:1", "t1")


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def exchanger(clock, ca) -> Iterator[MailExchanger]:
    server = MailExchanger([BAKER, GHOST, FULL], clock, ca)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def session(exchanger, ca) -> Iterator[smtplib.SMTP]:
    session = connect(exchanger, ca)
    yield session
    session.close()


def connect(exchanger: MailExchanger, ca: trustme.CA, timeout: float = 5) -> smtplib.SMTP:
    settings = exchanger.settings()
    trusting = ssl.create_default_context()
    ca.configure_trust(trusting)
    session = smtplib.SMTP(settings["SMTP_HOST"], int(settings["SMTP_PORT"]), "client.test", timeout=timeout)
    session.starttls(context=trusting)
    session.login(settings["SMTP_USER"], settings["SMTP_PASSWORD"])
    return session


def submit(session: smtplib.SMTP, recipient: str, content: bytes = MAIL) -> tuple[int, bytes]:
    session.mail("replies+t1@studio.test")
    answer = session.rcpt(recipient)
    answer = session.data(content) if answer[0] == 250 else answer
    session.rset()
    return answer


def test_a_message_is_kept_as_it_was_sent_with_envelope_virtual_time_and_reply(exchanger, session):
    code, words = submit(session, "Baker@baker.test")
    assert (code, words) == (250, b"2.0.0 OK: queued as <202603020800.1@smtp-relay.town.test>")
    [mail] = exchanger.requests
    assert (mail.at, mail.recipient, mail.message_id) == (MONDAY, "Baker@baker.test", "<t1.1@studio.test>")
    assert mail.envelope_from == "replies+t1@studio.test"
    assert mail.content == MAIL
    assert mail.reply.encode().endswith(words)


def test_each_mailbox_answers_as_it_is(exchanger, session):
    assert submit(session, GHOST.email)[0] == 550
    assert submit(session, "nobody@nowhere.test")[1].startswith(b"5.1.1")
    assert submit(session, FULL.email) == (452, b"4.2.2 <full@full.test>: Mailbox full")
    assert [refusal.reply[:9] for refusal in exchanger.refusals] == ["550 5.1.1", "550 5.1.1", "452 4.2.2"]
    assert exchanger.requests == []


def test_the_operator_gets_reports_and_visitors_hear_of_everything_else(exchanger, session):
    arrived = []
    exchanger.on_arrival = lambda *arguments: arrived.append(arguments)
    submit(session, exchanger.settings()["ADMIN_EMAIL"])
    submit(session, BAKER.email)
    assert [mail.recipient for mail in exchanger.operator_inbox] == [exchanger.operator]
    assert arrived == [(BAKER.email, MAIL, "replies+t1@studio.test")]


def test_a_repeated_message_id_is_found(exchanger, session):
    submit(session, BAKER.email)
    assert exchanger.duplicates() == {}
    submit(session, BAKER.email)
    assert exchanger.duplicates() == {"<t1.1@studio.test>": 2}


def test_nothing_goes_without_encryption_and_the_right_password(exchanger):
    settings = exchanger.settings()
    with smtplib.SMTP("127.0.0.1", int(settings["SMTP_PORT"]), "client.test", timeout=5) as session:
        session.ehlo()
        assert session.mail("a@studio.test")[0] == 530
        session.starttls(context=ssl._create_unverified_context())
        session.ehlo()
        assert session.mail("a@studio.test")[0] == 530
        with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            session.login(settings["SMTP_USER"], "wrong")
        assert refused.value.smtp_code == 535


def test_a_stranger_s_trust_store_refuses_the_certificate(exchanger):
    with (
        smtplib.SMTP("127.0.0.1", int(exchanger.settings()["SMTP_PORT"]), "client.test", timeout=5) as session,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        session.starttls(context=ssl.create_default_context())


@pytest.mark.parametrize("line", ["450 4.7.1 Greylisted, try again later", "554 5.7.1 Message rejected as spam"])
@pytest.mark.parametrize("step", ["rcpt", "data"])
def test_planned_refusals_are_given_once_and_counted(exchanger, session, step, line):
    plan = [line]
    exchanger.fault_for = lambda at, _: plan.pop() if at == step and plan else None
    assert submit(session, BAKER.email) == (int(line[:3]), line[4:].encode())
    assert exchanger.requests == []
    assert submit(session, BAKER.email)[0] == 250
    assert exchanger.faults_injected == {line: 1}


@pytest.mark.parametrize("fault", ["hang", "reset"])
def test_a_message_can_be_taken_without_the_sender_hearing_so_and_stop_still_works(exchanger, ca, fault):
    exchanger.fault_for = lambda step, _: fault if step == "data" else None
    session = connect(exchanger, ca, timeout=0.5)
    with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected, OSError)):
        submit(session, BAKER.email)
    assert len(exchanger.requests) == 1
    began = time.monotonic()
    exchanger.stop()
    exchanger.stop()
    assert time.monotonic() - began < 3
    session.close()


def test_a_stopped_server_hangs_up_on_whoever_is_connected(exchanger, session):
    exchanger.stop()
    with pytest.raises(smtplib.SMTPServerDisconnected):
        session.noop()


def test_a_restarted_server_answers_on_the_same_port(exchanger, ca):
    port = exchanger.settings()["SMTP_PORT"]
    exchanger.stop()
    exchanger.start()
    assert exchanger.settings()["SMTP_PORT"] == port
    with connect(exchanger, ca) as session:
        assert submit(session, BAKER.email)[0] == 250
