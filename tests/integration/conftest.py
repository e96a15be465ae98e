"""Fixtures for tests that need a protocol server of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.mail_server import MailServer


@pytest.fixture
def mail_server(tmp_path: Path) -> Iterator[MailServer]:
    """A mail server on loopback that speaks STARTTLS and keeps what it accepts."""
    server = MailServer()
    server.start(tmp_path)
    yield server
    server.stop()
