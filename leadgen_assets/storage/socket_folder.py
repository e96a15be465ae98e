"""Where sockets lie whose own folder has too long a name for them: a short one in the system's temporary folder.

What listens there is in `embedded_postgres` and `runtime/control_room`.
"""

import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

_LONGEST = 90  # of the 103 bytes that every system gives a socket's path, with the socket's own name


def socket_folder(folder: Path) -> Path:
    """The folder itself, or the short one that always stands for it; neither is made here."""
    if len(str(folder)) <= _LONGEST:
        return folder
    return Path(tempfile.gettempdir()) / f"leadgen-{sha256(str(folder).encode()).hexdigest()[:16]}"


def remove_socket_folder(folder: Path) -> None:
    """Remove the short folder where one stands for this folder and nothing is in it any more."""
    short = socket_folder(folder)
    if short != folder:
        with suppress(OSError):
            short.rmdir()
