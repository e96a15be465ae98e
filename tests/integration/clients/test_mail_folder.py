"""The carrier that writes files: each message once, whole, and never over another."""

from pathlib import Path

import pytest

from leadgen_assets.clients.errors import ClientError
from leadgen_assets.clients.mail_folder import MailFolder
from leadgen_assets.sender.batch import send_due
from leadgen_assets.settings import Settings
from leadgen_assets.storage.ledger import Connection
from tests.integration.mail_server import MailServer
from tests.integration.outreach import pointed_at, queue_mail, row_of
from tracking_service.clock import FileClock

FROM = f"replies+{'a' * 32}@agency.test"


def test_a_message_is_written_once_and_never_over_another(tmp_path: Path) -> None:
    with MailFolder(tmp_path / "outbox") as folder:
        assert not folder.has(FROM)
        found = folder.transmit(FROM, "info@shop.test", b"Subject: one\r\n\r\n")
        assert (found.state, found.reply) == ("accepted", f"written to {'a' * 32}.eml")
        assert folder.transmit(FROM, "info@shop.test", b"Subject: two\r\n\r\n").state == "unknown"
        assert folder.has(FROM)
    [file] = (tmp_path / "outbox").iterdir()
    assert file.read_bytes() == b"Subject: one\r\n\r\n"


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ClientError, match="MAIL_FOLDER"):
        MailFolder(tmp_path / "file" / "outbox").open()


def test_a_batch_writes_what_is_due_and_finds_it_after_a_crash(
    settings: Settings, ledger: Connection, clock: FileClock, mail_server: MailServer
) -> None:
    writing = pointed_at(mail_server, MAIL_TRANSPORT="folder")
    first, second = queue_mail(ledger, writing, 1), queue_mail(ledger, writing, 2)
    assert send_due(writing, clock).sent == 2
    assert {path.stem for path in writing.mail_folder_path.iterdir()} == {first.hex, second.hex}
    assert mail_server.connections == 0
    third = queue_mail(ledger, writing, 3)
    (writing.mail_folder_path / f"{third.hex}.eml").write_bytes(b"written before its sender was killed")
    ledger.execute(
        "UPDATE email_outreach SET status = 'transmitting', transmitting_at = queued_at WHERE id = %s", (third,)
    )
    summary = send_due(writing, clock)
    assert (summary.interrupted, summary.settled) == (1, 1)
    assert (row_of(ledger, third)["status"], row_of(ledger, third)["status_reason"]) == ("sent", "found in MAIL_FOLDER")
