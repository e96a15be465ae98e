"""`leadgen rehearse` as an operator starts it: its verdict, its figures and the three things people look at."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import openpyxl
import pypdf
import pytest

from tests.rehearsals import SMALL, WITHOUT_ROUTES, Rehearsals, Rehearsed, namespaces_refused

# fmt: off
FIGURES = [
    "places", "leads", "qualified", "disqualified", "unknown", "undiscoverable", "with_email", "call_sheet", "drafted", "queued", "sent",
    "delivered", "bounced", "failed", "unknown_sends", "opened_person", "opened_machine", "clicked_person", "clicked_machine", "replied",
    "auto_replied", "unsubscribed", "alerts_telegram", "alerts_whatsapp", "duplicate_sends", "lost_events", "false_qualified",
    "false_disqualified", "misattributed_replies", "machine_as_person", "person_as_machine", "faults_injected",
]
MISTAKES = ["duplicate_sends", "lost_events", "false_qualified", "misattributed_replies", "machine_as_person", "unknown_sends"]
# fmt: on

# Here too the town is rehearsed at most once: where the other worker is at it, this one waits.
looks_at_the_town = pytest.mark.xdist_group("rehearsal of the town")
compares_towns = pytest.mark.xdist_group("rehearsals to compare")
pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def town(rehearsals: Rehearsals) -> Rehearsed:
    return rehearsals.town()


@pytest.fixture
def small(rehearsals: Rehearsals) -> Rehearsed:
    """A small town for one day, to compare others with."""
    return rehearsals.get("small", *SMALL)


@pytest.fixture
def again(rehearsals: Rehearsals) -> Rehearsed:
    """The same small town once more, and where the machine allows it, without a route to anywhere."""
    return rehearsals.get("again", *SMALL, wrapper=() if namespaces_refused() else WITHOUT_ROUTES)


@pytest.fixture
def other(rehearsals: Rehearsals) -> Rehearsed:
    """Another seed, on a machine where WeasyPrint finds no Pango."""
    return rehearsals.get("other", *SMALL, "--seed", "2", environment=without_pango(rehearsals.folder / "no-pango"))


def without_pango(folder: Path) -> dict[str, str]:
    """An environment in which importing WeasyPrint fails as it does where the libraries are missing."""
    folder.mkdir(exist_ok=True)
    (folder / "weasyprint.py").write_text("raise OSError(\"cannot load library 'libpango-1.0-0'\")\n")
    return {"PYTHONPATH": str(folder)}


@looks_at_the_town
def test_it_ends_well(town: Rehearsed):
    assert town.failed == []
    assert town.code == 0, town.errors
    assert {check["state"] for check in town.result["checks"]} <= {"passed", "skipped"}


@looks_at_the_town
def test_it_prints_one_object_with_every_figure(town: Rehearsed):
    result = town.result
    assert [name for name in FIGURES if not isinstance(result.get(name), int)] == []
    assert result["spent_usd"] == 0
    assert result["wall_seconds"] > 0
    assert all(set(check) == {"name", "state", "detail"} and check["detail"] for check in result["checks"])
    assert len(town.output.splitlines()) == 1
    assert town.errors == ""


@looks_at_the_town
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


@looks_at_the_town
def test_no_process_is_left(town: Rehearsed):
    assert town.left == []


@compares_towns
def test_the_same_seed_gives_the_same_counts(small: Rehearsed, again: Rehearsed):
    assert again.counts == small.counts


@compares_towns
def test_another_seed_gives_other_counts(small: Rehearsed, other: Rehearsed):
    assert other.counts != small.counts


@compares_towns
def test_it_works_where_no_packet_can_leave(again: Rehearsed):
    refused = namespaces_refused()
    if refused:
        pytest.skip(refused)
    assert again.failed == []
    assert again.code == 0, again.errors


@compares_towns
def test_without_pango_the_day_runs_and_the_proposals_are_said_to_be_missing(other: Rehearsed):
    assert other.code == 0, other.failed or other.errors
    assert other.check("proposals_rendered")["state"] == "skipped"
    assert "pango" in other.check("proposals_rendered")["detail"].lower()
    assert other.result["proposal_path"] is None
    assert other.result["sent"] > 0
    assert [path for path in mails(other) if b"application/pdf" in path.read_bytes()] == []


@looks_at_the_town
def test_the_workbook_has_three_sheets_with_a_native_chart(town: Rehearsed):
    book = openpyxl.load_workbook(town.result["report_path"])
    assert len(book.sheetnames) == 3
    assert sum(len(sheet._charts) for sheet in book.worksheets) >= 1
    assert Path(town.result["report_path"]).name == "LeadGen_Report_2026-03-03.xlsx"


@looks_at_the_town
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


@looks_at_the_town
def test_every_message_that_went_out_is_a_frozen_file(town: Rehearsed):
    assert len(mails(town)) == town.result["queued"]
    tokens = {parsed(path)["Reply-To"] for path in mails(town)}
    assert len(tokens) == town.result["queued"]


@looks_at_the_town
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
