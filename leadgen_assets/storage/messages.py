"""The frozen messages: one file per content, named by its SHA-256, written whole and never changed.

The ledger refers to them by that name; what is in them is built by `domain/message.py`. Imports neither Dagster nor
polars, because the sender reads here.
"""

import os
from pathlib import Path

from tracking_service.hashes import content_hash


class MessageFileError(Exception):
    """A frozen message is missing or is not what was frozen; the sentence names the file."""


class MessageFiles:
    """The folder of frozen messages, `<sha256>.eml`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Where the message of this hash lies."""
        return self.folder / f"{sha256}.eml"

    def store(self, content: bytes) -> str:
        """Keep a message durably and return its hash; when this returns, a crash or a power cut cannot take it back."""
        sha256 = content_hash(content)
        target = self.path(sha256)
        if not (target.exists() and target.read_bytes() == content):
            write_durably(target, content)
        return sha256

    def read(self, sha256: str) -> bytes:
        """The message of this hash.

        Raises:
            MessageFileError: if the file is missing or holds anything else.
        """
        path = self.path(sha256)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise MessageFileError(
                f"The frozen message {path} cannot be read ({error.strerror}); restore it from a backup."
            ) from None
        if content_hash(content) != sha256:
            raise MessageFileError(
                f"The frozen message {path} was changed after it was queued; restore it from a backup."
            )
        return content


def write_durably(target: Path, content: bytes) -> None:
    """Write a file whole or not at all; when this returns, a crash or a power cut cannot take it back."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(f".{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
