"""The outreach stage through Dagster: real partitions, a real ledger, a real mail server, the sender as its own process."""

import re
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from leadgen_assets.settings import Settings
from leadgen_assets.stages import outreach as stage
from leadgen_assets.stages.kinds import DRY_RUN_TAG
from leadgen_assets.storage.country_bases import record_basis, withdraw_basis
from leadgen_assets.storage.ledger import Connection
from leadgen_assets.storage.messages import MessageFiles
from leadgen_assets.storage.suppressions import Suppressions
from tests.conftest import MONDAY
from tests.integration.mail_server import MailServer
from tests.integration.outreach import pointed_at, with_lines
from tests.integration.stage_days import DAY, INPUTS, PDF, Outreach
from tracking_service.clock import FileClock
from tracking_service.hashes import suppression_hash
from tracking_service.links import Link

BACKFILL = {"dagster/backfill": "b1"}
QUEUEING = ["lead_register", "outreach_queue"]


@pytest.fixture
def outreach(settings: Settings, ledger: Connection, mail_server: MailServer) -> Outreach:
    record_basis(ledger, "FI", "invented businesses of a test", "tests", MONDAY)
    return Outreach(pointed_at(mail_server))


def checks_of(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {check.check_name: check.passed for check in result.get_asset_check_evaluations()}


def texts(ledger: Connection) -> list[str]:
    return [row["text"] for row in ledger.execute("SELECT text FROM alert_outbox WHERE kind = 'progress' ORDER BY id")]


def test_a_day_is_registered_queued_sent_and_reported(
    outreach: Outreach, ledger: Connection, mail_server: MailServer
) -> None:
    outreach.given(email=3, phone=1, disqualified=2)
    result = outreach.run([*QUEUEING, "email_sends"])
    assert checks_of(result) == {"queued_mail_is_complete": True, "nothing_sent_to_suppressed": True}
    register = outreach.partition("lead_register")
    assert sorted(register["status"]) == [
        "disqualified",
        "disqualified",
        "no_email",
        "qualified",
        "qualified",
        "qualified",
    ]
    queue = outreach.partition("outreach_queue")
    assert queue.height == 3
    assert queue.select(pl.col("has_token", "has_unsubscribe", "has_attachment").all()).row(0) == (True, True, True)
    sends = outreach.partition("email_sends")
    assert sends["status"].to_list() == ["sent"] * 3
    assert sends["smtp_reply"].str.starts_with("250").all()
    assert texts(ledger) == [
        "✅ Qualified: 4/6 leads need a website",
        "🤖 AI: 3 personalized emails ready to send",
        "📧 Outreach: 3 emails sent successfully",
    ]
    assert ledger.execute("SELECT count(*) AS n FROM evidence_summaries").fetchone()["n"] == 6
    assert ledger.execute("SELECT status, emails_sent FROM campaign_counters").fetchone() == {
        "status": "completed",
        "emails_sent": 3,
    }


def test_what_arrives_is_the_draft_with_signed_links_and_the_proposal(
    outreach: Outreach, mail_server: MailServer
) -> None:
    outreach.given(email=1)
    outreach.run([*QUEUEING, "email_sends"])
    message = mail_server.accepted[0].message
    text, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    signer = outreach.settings.link_signer
    found = {part.rpartition("/")[2].strip('"<>') for part in html.replace('"', " ").split() if "127.0.0.1" in part}
    links = {link.kind: link for link in (signer.read(token) for token in found) if link}
    assert set(links) == {"open", "click", "unsubscribe"}
    assert links["click"] == Link("click", links["open"].outreach_id, outreach.settings.company_website)
    assert "links.invalid" not in text + html
    [pdf] = message.iter_attachments()
    assert (pdf.get_filename(), pdf.get_content()) == ("Shop_Proposal.pdf", PDF)
    url = message["List-Unsubscribe"].partition(">")[0].lstrip("<")
    assert signer.read(url.rpartition("/")[2]) == links["unsubscribe"]


def test_a_proposal_may_be_linked_and_a_brochure_goes_with_the_message(
    outreach: Outreach, mail_server: MailServer, tmp_path: Path
) -> None:
    brochure = tmp_path / "Platform_Showcase.pdf"
    brochure.write_bytes(b"%PDF-1.7 about us")
    outreach.settings = with_lines(PROPOSAL_DELIVERY="link", BROCHURE_FILE=brochure)
    outreach.given(email=1)
    outreach.run([*QUEUEING, "email_sends"])
    message = mail_server.accepted[0].message
    [only] = message.iter_attachments()
    assert (only.get_filename(), only.get_content()) == ("Platform_Showcase.pdf", b"%PDF-1.7 about us")
    signer = outreach.settings.link_signer
    for kind in ("plain", "html"):
        body = message.get_body((kind,)).get_content()
        tokens = re.findall(r"/track/click/([\w-]+)", body)
        targets = [signer.read(token).destination for token in tokens]
        assert targets[0] == outreach.settings.company_website
        link = signer.read(targets[1].removeprefix(f"{outreach.settings.app_url}/proposal/"))
        assert link.kind == "proposal"
        assert (outreach.settings.proposals_folder / f"{link.outreach_id}.pdf").read_bytes() == PDF
        assert "<!--" not in body


def test_a_run_that_is_repeated_while_its_sender_is_at_work_sends_nothing_twice(
    outreach: Outreach, ledger: Connection, mail_server: MailServer
) -> None:
    outreach.given(email=3)
    repeated: list[bool] = []

    def repeat(_recipient: str) -> None:
        if not repeated:
            repeated.append(False)
            repeated[0] = outreach.run(["email_sends"]).success

    outreach.run(QUEUEING)
    mail_server.on_data = repeat
    assert outreach.run(["email_sends"]).success
    assert repeated == [True]
    assert outreach.run(["email_sends"]).success
    assert sorted(mail_server.accepted_recipients()) == [f"info@shop{number}.test" for number in range(3)]
    assert {row["attempts"] for row in ledger.execute("SELECT attempts FROM email_outreach")} == {1}


def test_running_everything_again_changes_and_sends_nothing(
    outreach: Outreach, ledger: Connection, mail_server: MailServer
) -> None:
    outreach.given(email=2)
    outreach.run([*QUEUEING, "email_sends"])
    before = ledger.execute("SELECT * FROM email_outreach ORDER BY id").fetchall()
    files = sorted(path.name for path in outreach.settings.messages_folder.iterdir())
    for tags in (None, BACKFILL, {DRY_RUN_TAG: "true"}):
        outreach.run([*QUEUEING, "email_sends"], tags=tags)
        assert outreach.partition("email_sends").height == 2
    assert ledger.execute("SELECT * FROM email_outreach ORDER BY id").fetchall() == before
    assert sorted(path.name for path in outreach.settings.messages_folder.iterdir()) == files
    assert len(mail_server.accepted) == 2
    assert len(texts(ledger)) == 3


@pytest.mark.parametrize("tags", [BACKFILL, {DRY_RUN_TAG: "true"}])
def test_neither_a_backfill_nor_a_dry_run_touches_the_ledger(
    outreach: Outreach, ledger: Connection, mail_server: MailServer, tags: dict[str, str]
) -> None:
    outreach.given(email=2)
    outreach.run([*QUEUEING, "email_sends"], tags=tags)
    for table in ("leads", "email_outreach", "campaigns", "alert_outbox", "quota_usage"):
        assert ledger.execute(f"SELECT count(*) AS n FROM {table}").fetchone()["n"] == 0
    assert mail_server.connections == 0
    assert [outreach.partition(asset).height for asset in (*QUEUEING, "email_sends")] == [0, 0, 0]


def test_a_dry_run_writes_the_messages_as_files(outreach: Outreach, ledger: Connection) -> None:
    outreach.given(email=3)
    Suppressions(outreach.settings.app_secret_key).add_address(ledger, "info@shop0.test", "asked", MONDAY)
    outreach.run(QUEUEING, tags={DRY_RUN_TAG: "true"})
    folder: Path = outreach.settings.leadgen_home / "dry-run" / DAY.isoformat()
    messages = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted(folder.glob("*.eml"))]
    assert sorted(message["To"] for message in messages) == ["info@shop1.test", "info@shop2.test"]
    assert all(message["List-Unsubscribe"] and message["Date"] for message in messages)


def test_suppressed_addresses_shared_addresses_and_broken_drafts_are_not_queued(
    outreach: Outreach, ledger: Connection
) -> None:
    outreach.given(email=5)
    drafts = outreach.partition("email_drafts").sort("to_email").to_dicts()
    drafts[1]["to_email"] = "Info+shop@shop2.test"  # the same mailbox as drafts[2]
    drafts[3]["subject"] = "Hello\r\nBcc: all@victim.test"
    outreach.write("email_drafts", drafts)
    Suppressions(outreach.settings.app_secret_key).add_domain(ledger, "shop4.test", "asked", MONDAY)
    outreach.run(QUEUEING)
    addresses = {row["to_email"].lower() for row in ledger.execute("SELECT to_email FROM email_outreach")}
    assert addresses in ({"info@shop0.test", "info@shop2.test"}, {"info@shop0.test", "info+shop@shop2.test"})


def test_without_a_basis_for_the_country_nothing_is_queued_and_the_run_says_why(
    outreach: Outreach, ledger: Connection
) -> None:
    """The records name no country: it follows from where the shops are."""
    outreach.given(email=2)
    withdraw_basis(ledger, "FI", MONDAY)
    result = outreach.run(QUEUEING)
    metadata = result.asset_materializations_for_node("outreach_queue")[0].metadata
    assert metadata["refused_by_country"].value == 2
    assert [row["country"] for row in ledger.execute("SELECT DISTINCT country FROM leads")] == ["FI"]
    record_basis(ledger, "FI", "companies only, checked by hand", "tests", MONDAY)
    outreach.run(QUEUEING)
    rows = ledger.execute("SELECT country, timezone, sender_domain FROM email_outreach").fetchall()
    assert rows == [{"country": "FI", "timezone": "Europe/Helsinki", "sender_domain": "agency.test"}] * 2


def test_an_address_that_had_its_message_on_an_earlier_day_gets_no_second_one(
    outreach: Outreach, ledger: Connection, clock: FileClock
) -> None:
    outreach.given(email=1)
    outreach.run(QUEUEING)
    clock.advance_to(MONDAY + timedelta(days=1))
    tuesday = DAY + timedelta(days=1)
    outreach.given(email=2, day=tuesday, seen=MONDAY + timedelta(days=1))  # its first address is Monday's
    outreach.run(QUEUEING, day=tuesday)
    addresses = [row["to_email"] for row in ledger.execute("SELECT to_email FROM email_outreach ORDER BY queued_at")]
    assert addresses == ["info@shop0.test", "info@shop1.test"]


def test_a_lead_whose_evidence_came_a_day_late_is_caught_up(
    outreach: Outreach, ledger: Connection, clock: FileClock
) -> None:
    outreach.given(email=1)
    late = {name: outreach.partition(name).to_dicts() for name in INPUTS if name != "leads"}
    for name in late:
        outreach.write(name, [])
    outreach.run(QUEUEING)
    assert outreach.partition("lead_register")["status"].to_list() == ["discovered"]
    clock.advance_to(MONDAY + timedelta(days=1))
    tuesday = DAY + timedelta(days=1)
    outreach.given(email=0, day=tuesday)
    for name, rows in late.items():
        outreach.write(name, rows, tuesday)
    outreach.run(QUEUEING, day=tuesday)
    assert outreach.partition("outreach_queue", tuesday).height == 1
    outreach.run(QUEUEING, tags=BACKFILL)
    assert outreach.partition("lead_register")["status"].to_list() == ["queued"]


def test_a_day_too_long_ago_queues_nothing(outreach: Outreach, clock: FileClock) -> None:
    outreach.given(email=1)
    clock.advance_to(MONDAY + timedelta(days=6))
    outreach.run(QUEUEING)
    assert outreach.partition("outreach_queue").height == 0


def test_email_sends_alone_works_for_today_and_is_cheap_when_nothing_is_due(
    outreach: Outreach, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "run_sender", lambda: pytest.fail("no process may be started"))
    outreach.run(["email_sends"])
    assert outreach.partition("email_sends").height == 0
    assert mail_server.connections == 0


def test_another_days_partition_sends_nothing(outreach: Outreach, clock: FileClock, mail_server: MailServer) -> None:
    outreach.given(email=1)
    outreach.run(QUEUEING)
    clock.advance_to(MONDAY + timedelta(days=1))
    outreach.run(["email_sends"])
    assert mail_server.accepted == []
    outreach.run(["email_sends"], day=DAY + timedelta(days=1))
    assert len(mail_server.accepted) == 1


def test_progress_waits_until_the_day_is_done(
    outreach: Outreach, ledger: Connection, clock: FileClock, mail_server: MailServer
) -> None:
    outreach.settings = pointed_at(mail_server, EMAIL_SEND_INTERVAL_SECONDS=360)
    outreach.given(email=2)
    outreach.run([*QUEUEING, "email_sends"])
    assert not any(text.startswith("📧") for text in texts(ledger))
    clock.advance_to(MONDAY + timedelta(minutes=6))
    outreach.run(["email_sends"])
    assert texts(ledger)[-1] == "📧 Outreach: 2 emails sent successfully"


def test_a_setting_that_must_be_mended_fails_the_run_with_one_sentence(
    outreach: Outreach, mail_server: MailServer
) -> None:
    outreach.settings = pointed_at(mail_server, SMTP_PASSWORD="wrong")
    outreach.given(email=1)
    outreach.run(QUEUEING)
    result = outreach.run(["email_sends"], raises=False)
    [failure] = [event for event in result.all_events if event.is_step_failure]
    assert "refused the login" in str(failure.step_failure_data.error_display_string)
    assert mail_server.accepted == []


def test_a_mail_server_that_is_away_does_not_fail_the_run(outreach: Outreach, mail_server: MailServer) -> None:
    outreach.settings = pointed_at(mail_server, SMTP_PORT=9)
    outreach.given(email=1)
    result = outreach.run([*QUEUEING, "email_sends"])
    [event] = [one for one in result.get_asset_materialization_events() if one.asset_key == dg.AssetKey("email_sends")]
    assert "cannot be reached" in str(event.materialization.metadata["run_stopped"].value)


def test_the_checks_can_fail(outreach: Outreach, ledger: Connection) -> None:
    outreach.given(email=2)
    outreach.run([*QUEUEING, "email_sends"])
    ledger.execute(
        "INSERT INTO suppressions (kind, hash, reason, created_at) VALUES ('address', %s, 'asked', %s)",
        (
            suppression_hash(outreach.settings.app_secret_key, "address", "info@shop0.test"),
            MONDAY - timedelta(seconds=1),
        ),
    )
    assert checks_of(outreach.run(["email_sends"])) == {"nothing_sent_to_suppressed": False}
    assert checks_of(outreach.run(["outreach_queue"])) == {"queued_mail_is_complete": True}
    ledger.execute("UPDATE email_outreach SET body_html = 'bare'")
    assert checks_of(outreach.run(["outreach_queue"])) == {"queued_mail_is_complete": False}


def test_a_damaged_file_is_seen_before_it_is_sent(outreach: Outreach) -> None:
    outreach.given(email=1)
    outreach.run(QUEUEING)
    name = outreach.partition("outreach_queue")["message_sha256"][0]
    MessageFiles(outreach.settings.messages_folder).path(name).write_bytes(b"")
    assert checks_of(outreach.run(["outreach_queue"])) == {"queued_mail_is_complete": False}
