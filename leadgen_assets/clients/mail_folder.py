"""Messages written as `.eml` files instead of being sent: to read what would leave, or for another program to pick up.

A file appears whole or not at all, under the name of its outreach id, and is never written twice.
"""

import os
from pathlib import Path

from leadgen_assets.clients.errors import ClientError
from leadgen_assets.clients.mail_transport import MailTransport, Transmission
from tracking_service.hashes import content_hash

_TAG_LENGTH = 32


class MailFolder(MailTransport):
    """One folder that takes every message.

    Args:
        folder: made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._is_open = False

    @property
    def is_open(self) -> bool:
        """Whether the folder was there when it was opened."""
        return self._is_open

    def open(self) -> None:
        """Have the folder.

        Raises:
            ClientError: if it cannot be made or written to.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ClientError(
                f"The folder {self._folder} cannot be made ({error.strerror}); mend MAIL_FOLDER."
            ) from None
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise ClientError(f"The folder {self._folder} cannot be written to; mend MAIL_FOLDER.")
        self._is_open = True

    def transmit(self, envelope_sender: str, recipient: str, content: bytes) -> Transmission:
        """Write one message, named by the tag of its envelope sender, else by its hash; refused where it is there."""
        target = self._folder / f"{name_of(envelope_sender) or content_hash(content)}.eml"
        temporary = target.with_suffix(f".{os.getpid()}.tmp")
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.link(temporary, target)  # fails where the file is there, which a rename would replace
        except FileExistsError:
            return Transmission("unknown", "final", None, f"{target.name} was written before")
        except OSError as error:
            return Transmission("lost", "body", None, error.strerror or str(error))
        finally:
            temporary.unlink(missing_ok=True)
        return Transmission("accepted", "final", None, f"written to {target.name}")

    def close(self) -> None:
        """Nothing is held."""
        self._is_open = False

    def has(self, envelope_sender: str) -> bool:
        """Whether the message with this envelope sender was written."""
        name = name_of(envelope_sender)
        return bool(name) and (self._folder / f"{name}.eml").exists()


def name_of(envelope_sender: str) -> str:
    """The tag in `replies+<32 hex digits>@domain`, or nothing."""
    tag = envelope_sender.rpartition("@")[0].rpartition("+")[2]
    return tag if len(tag) == _TAG_LENGTH and tag.isalnum() else ""
