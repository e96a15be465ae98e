"""Frozen messages: whole or absent, and never taken for what they are not."""

from pathlib import Path

import pytest

from leadgen_assets.storage.messages import MessageFileError, MessageFiles
from tracking_service.hashes import content_hash


def test_a_message_is_kept_under_its_hash_and_only_once(tmp_path: Path) -> None:
    files = MessageFiles(tmp_path / "messages")
    name = files.store(b"Subject: a\r\n\r\n")
    assert name == content_hash(b"Subject: a\r\n\r\n")
    written = files.path(name).stat()
    assert files.store(b"Subject: a\r\n\r\n") == name
    assert files.path(name).stat().st_mtime_ns == written.st_mtime_ns
    assert [path.name for path in files.folder.iterdir()] == [f"{name}.eml"]
    assert files.read(name) == b"Subject: a\r\n\r\n"


def test_a_half_written_file_is_replaced(tmp_path: Path) -> None:
    files = MessageFiles(tmp_path)
    name = files.store(b"whole")
    files.path(name).write_bytes(b"who")
    assert files.store(b"whole") == name
    assert files.read(name) == b"whole"


def test_a_missing_or_changed_file_is_one_sentence(tmp_path: Path) -> None:
    files = MessageFiles(tmp_path)
    with pytest.raises(MessageFileError, match="cannot be read"):
        files.read("0" * 64)
    name = files.store(b"whole")
    files.path(name).write_bytes(b"other")
    with pytest.raises(MessageFileError, match="was changed"):
        files.read(name)
