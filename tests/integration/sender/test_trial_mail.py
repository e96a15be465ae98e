"""`leadgen send-test`: one letter to the operator over a real mail server, and not a trace of it in the ledger."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from leadgen_assets.cli.main import app
from leadgen_assets.rehearsal.servers.mail_exchanger import OPERATOR
from leadgen_assets.settings import Settings
from leadgen_assets.storage.ledger import Connection
from leadgen_assets.storage.schemas import frame_of
from tests.conftest import MONDAY
from tests.integration.mail_server import MailServer
from tests.integration.outreach import pointed_at, queue_mail, with_lines
from tests.ledger_rows import value
from tests.unit.domain.letters_data import NO_SITE, lead_row
from tracking_service.clock import FileClock
from tracking_service.links import Link

ME = "anna@agency.test"


@pytest.fixture
def sending(settings: Settings, mail_server: MailServer) -> Settings:
    return pointed_at(mail_server)


def send_test(*arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["send-test", *arguments, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def refusal(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["send-test", *arguments])
    assert (done.exit_code, done.stdout) == (2, ""), done.output
    [sentence] = done.stderr.strip().splitlines()
    assert sentence.startswith("✗ ")
    assert sentence.endswith(".")
    return sentence


def drafted(settings: Settings, lead: dict[str, Any]) -> None:
    """A lead's letter in the warehouse, as the stages leave it."""
    day, lead_id = MONDAY.date(), lead["lead_id"]
    rows = {
        "leads": {**lead, "first_seen_on": day},
        "qualification_scores": {"lead_id": lead_id, "presence": NO_SITE},
        "contacts": {"lead_id": lead_id, "route": "email", "email": "hello@sunflour.test", "email_origin": "site"},
        "email_drafts": {"lead_id": lead_id, "to_email": "hello@sunflour.test"},
        "web_presence": {
            "lead_id": lead_id, "check": "own_site", "state": "absent", "detail": "None was found.", "captured_at": MONDAY,
        },
    }  # fmt: skip
    for asset, row in rows.items():
        file = settings.warehouse_folder / asset / f"{day}.parquet"
        file.parent.mkdir(parents=True)
        frame_of(asset, [row]).write_parquet(file)


def test_the_latest_letter_goes_to_the_operator_and_to_nobody_s_account(
    sending: Settings, ledger: Connection, clock: FileClock, mail_server: MailServer
) -> None:
    queue_mail(ledger, sending, 1)
    tables = ("leads", "email_outreach", "campaigns", "email_events", "quota_usage", "transmissions")
    before = [value(ledger, f"SELECT count(*) FROM {table}") for table in tables]
    drafted(sending, lead_row())
    with_lines(PRIVACY_URL="https://agency.test/privacy")
    told = send_test(ME)
    assert told["reply"] == "250 2.0.0 OK: queued as <20260302@relay.test>"
    assert (told["business"], told["drafted_on"]) == ("Bakery Sunflour", "2026-03-02")

    [accepted] = mail_server.accepted
    message = accepted.message
    assert (accepted.recipient, message["To"]) == (ME, ME)
    assert message["Subject"] == "[TEST] A website for Bakery Sunflour?"
    assert message["Date"].datetime == MONDAY
    assert re.fullmatch(r"replies\+[0-9a-f]{32}@agency.test", accepted.envelope_sender)
    text = message.get_body(("plain",)).get_content()
    assert "We found your address on your own website." in text
    assert "https://agency.test/privacy" in text  # a setting made after the draft
    [pdf] = message.iter_attachments()
    assert pdf.get_filename() == "Bakery_Sunflour_Proposal.pdf"
    assert pdf.get_content().startswith(b"%PDF")

    page = message.get_body(("html",)).get_content()
    signed = re.findall(r"/(?:track/open|track/click|unsubscribe)/([\w-]+)", page + text)
    links = {link for link in map(sending.link_signer.read, signed) if link}
    assert {link.kind for link in links} == {"open", "click", "unsubscribe"}
    [outreach_id] = {link.outreach_id for link in links}
    assert value(ledger, "SELECT count(*) FROM email_outreach WHERE id = %s", outreach_id) == 0
    assert Link("click", outreach_id, sending.company_website) in links
    assert [value(ledger, f"SELECT count(*) FROM {table}") for table in tables] == before


def test_each_test_is_a_message_of_its_own(sending: Settings, clock: FileClock, mail_server: MailServer) -> None:
    """A mailbox that knows a Message-ID already would not show the second."""
    send_test(ME)
    clock.advance_to(MONDAY.replace(minute=1))
    send_test("Somebody.Else@agency.test")
    assert len({one.message["Message-ID"] for one in mail_server.accepted}) == 2


def test_without_a_draft_the_letter_is_about_an_invented_business(sending: Settings, mail_server: MailServer) -> None:
    done = CliRunner().invoke(app, ["send-test", ME])
    assert done.exit_code == 0, done.output
    assert "took it over: 250 2.0.0 OK" in done.stdout
    assert "there is no draft yet, so it is about an invented business" in done.stdout
    assert "Attached: Invented_Bakery_Proposal.pdf." in done.stdout
    assert mail_server.accepted[0].message["Subject"] == "[TEST] A website for Invented Bakery?"


@pytest.mark.parametrize("address", ["info@shop1.test", "anna@agency.test.shop1.test", "boss@gmail.com"])
def test_it_goes_to_the_operator_alone(sending: Settings, mail_server: MailServer, address: str) -> None:
    with_lines(ADMIN_EMAIL="anna.agency@gmail.com")
    said = refusal(address)
    assert "is not yours: a test goes to FROM_EMAIL, REPLY_TO_EMAIL or ADMIN_EMAIL" in said
    assert said.endswith("or to an address under agency.test.")
    assert mail_server.accepted == []
    assert send_test("Anna.Agency+test@gmail.com")["to"] == "Anna.Agency+test@gmail.com"


def test_what_is_no_address_is_called_so(sending: Settings) -> None:
    assert refusal("agency.test") == "✗ The recipient address is not a valid address."


@pytest.mark.parametrize(
    ("phase", "reply", "said"),
    [
        ("rcpt", "550 5.1.1 No such user", "The test was not taken over: no such address (550 5.1.1 No such user)."),
        ("final", "451 4.7.1 Later", "The test was not taken over: refused for now (451 4.7.1 Later)."),
        ("final", "354 what", "Whether the test arrives is not known: the mail server did not answer after a message"),
    ],
)
def test_what_the_server_says_against_it_is_said(
    sending: Settings, mail_server: MailServer, phase: str, reply: str, said: str
) -> None:
    mail_server.replies[phase][ME] = reply
    assert said in refusal(ME)


def test_a_wrong_password_and_a_broken_services_file_are_said(sending: Settings, tmp_path: Path) -> None:
    (tmp_path / "services.toml").write_text("packages = 3")
    with_lines(SERVICES_FILE=tmp_path / "services.toml")
    assert "The services file lacks" in refusal(ME)
    with_lines(LEADGEN_MODE="rehearsal", SMTP_PASSWORD="wrong")
    assert "refused the login" in refusal(ME)


@pytest.mark.parametrize(
    "lines", [{}, {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": 9, "SMTP_USER": "a", "SMTP_PASSWORD": "b"}]
)
def test_a_rehearsal_without_a_town_says_how_to_get_one(settings: Settings, lines: dict[str, Any]) -> None:
    with_lines(**lines)
    said = refusal("me@somewhere.test")
    assert f"start `leadgen up`, then say `leadgen send-test {OPERATOR} --in town`" in said
    assert "LEADGEN_MODE=live" in said


def test_into_a_folder_it_goes_as_a_file(settings: Settings, tmp_path: Path) -> None:
    with_lines(MAIL_TRANSPORT="folder", MAIL_FOLDER=tmp_path / "out", FROM_EMAIL=ME)
    assert send_test(ME)["reply"].startswith("written to ")
    [file] = (tmp_path / "out").glob("*.eml")
    assert b"\r\nSubject: [TEST] " in file.read_bytes()
