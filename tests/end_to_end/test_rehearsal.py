"""`leadgen rehearse` as an operator starts it: its verdict, its figures and the three things people look at."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import openpyxl
import pypdf
import pytest

from tests.rehearsals import Rehearsals, Rehearsed

# fmt: off
FIGURES = [
    "places", "leads", "qualified", "disqualified", "unknown", "undiscoverable", "with_email", "call_sheet", "drafted", "queued", "sent",
    "delivered", "bounced", "failed", "unknown_sends", "opened_person", "opened_machine", "clicked_person", "clicked_machine", "replied",
    "auto_replied", "unsubscribed", "alerts_telegram", "alerts_whatsapp", "duplicate_sends", "lost_events", "false_qualified",
    "false_disqualified", "misattributed_replies", "machine_as_person", "person_as_machine", "faults_injected",
]
MISTAKES = ["duplicate_sends", "lost_events", "false_qualified", "misattributed_replies", "machine_as_person", "unknown_sends"]
# fmt: on

pytestmark = [pytest.mark.xdist_group("rehearsal of the town"), pytest.mark.timeout(600)]


@pytest.fixture
def town(rehearsals: Rehearsals) -> Rehearsed:
    return rehearsals.town()


def test_it_ends_well(town: Rehearsed):
    assert town.failed == []
    assert town.code == 0, town.errors
    assert {check["state"] for check in town.result["checks"]} <= {"passed", "skipped"}


def test_it_prints_one_object_with_every_figure(town: Rehearsed):
    result = town.result
    assert [name for name in FIGURES if not isinstance(result.get(name), int)] == []
    assert result["spent_usd"] == 0
    assert result["wall_seconds"] > 0
    assert all(set(check) == {"name", "state", "detail"} and check["detail"] for check in result["checks"])
    assert len(town.output.splitlines()) == 1
    assert town.errors == ""


def test_nothing_was_done_wrongly_and_something_was_done(town: Rehearsed):
    result = town.result
    assert {name: result[name] for name in MISTAKES} == dict.fromkeys(MISTAKES, 0)
    assert result["leads"] == 30
    assert result["places"] > result["leads"]
    assert result["qualified"] + result["disqualified"] + result["unknown"] == 30
    assert result["with_email"] + result["call_sheet"] <= result["qualified"]
    assert result["sent"] >= 8
    assert result["opened_person"] > 0
    assert result["opened_machine"] > 0
    assert result["clicked_person"] > 0
    assert result["alerts_telegram"] > 0
    assert result["alerts_whatsapp"] > 0
    assert result["delivered"] <= result["sent"] <= result["queued"] <= result["drafted"] <= result["with_email"]


def test_no_process_is_left(town: Rehearsed):
    assert town.left == []


def test_the_workbook_has_three_sheets_with_a_native_chart(town: Rehearsed):
    book = openpyxl.load_workbook(town.result["report_path"])
    assert len(book.sheetnames) == 3
    assert sum(len(sheet._charts) for sheet in book.worksheets) >= 1
    assert Path(town.result["report_path"]).name == "LeadGen_Report_2026-03-03.xlsx"


def test_the_email_can_be_read_answered_and_unsubscribed_from(town: Rehearsed):
    mail = parsed(Path(town.result["email_path"]))
    text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Unsubscribe"].startswith("<http")
    assert "/unsubscribe/" in mail["List-Unsubscribe"]
    assert mail["Reply-To"].addresses[0].username.startswith("replies+")
    assert len(mail["Reply-To"].addresses[0].username) == len("replies+") + 32
    for part in (text, html):
        assert "1 Example Street, 00100 Exampleville" in part.get_content()
        assert "/track/click/" in part.get_content()
        assert "/unsubscribe/" in part.get_content()
    assert "/track/open/" in html.get_content()


def test_every_message_that_went_out_is_a_frozen_file(town: Rehearsed):
    assert len(mails(town)) == town.result["queued"]
    tokens = {parsed(path)["Reply-To"] for path in mails(town)}
    assert len(tokens) == town.result["queued"]


def test_the_proposal_has_four_pages(town: Rehearsed):
    if town.check("proposals_rendered")["state"] == "skipped":
        pytest.skip(town.check("proposals_rendered")["detail"])
    pages = pypdf.PdfReader(town.result["proposal_path"]).pages
    assert len(pages) == 4
    assert all(page.extract_text().strip() for page in pages)


def mails(rehearsed: Rehearsed) -> list[Path]:
    return sorted((rehearsed.folder / "messages").glob("*.eml"))


def parsed(path: Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), policy=policy.default)
