"""The only source of time for both packages: the wall, or a virtual clock shared by processes through a mapped file.

Durations are measured with `time.monotonic`, not here. Schedules and partitions do not belong here either.
"""

import mmap
import struct
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORMAT = struct.Struct("=q")


class Clock(Protocol):
    """What the rest of the product knows about time."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...

    def today(self, timezone: str) -> date:
        """The calendar day it is now in the named IANA time zone."""
        ...


class SystemClock:
    """The wall clock of this machine."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)

    def today(self, timezone: str) -> date:
        """The calendar day it is now in the named IANA time zone."""
        return self.now().astimezone(ZoneInfo(timezone)).date()


class FileClock:
    """A virtual clock: eight bytes of microseconds since 1970 in a mapped file, written by the rehearsal alone."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise FileNotFoundError(
                f"CLOCK_FILE {path} does not exist; a rehearsal creates it, live mode leaves it unset."
            )
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _FORMAT.size)

    @classmethod
    def create(cls, path: Path, at: datetime) -> "FileClock":
        """Create (or reset) the clock file at the given aware moment and return the clock on it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_FORMAT.pack(_microseconds(at)))
        return cls(path)

    def now(self) -> datetime:
        """The virtual moment, aware, in UTC."""
        return _EPOCH + timedelta(microseconds=_FORMAT.unpack_from(self._map)[0])

    def today(self, timezone: str) -> date:
        """The virtual calendar day in the named IANA time zone."""
        return self.now().astimezone(ZoneInfo(timezone)).date()

    def advance_to(self, at: datetime) -> None:
        """Move the clock forward to an aware moment; only the driver calls this.

        Raises:
            ValueError: if the moment lies before the present one.
        """
        if at < self.now():
            raise ValueError(f"The clock cannot go back from {self.now().isoformat()} to {at.isoformat()}.")
        _FORMAT.pack_into(self._map, 0, _microseconds(at))


def wall_seconds() -> float:
    """Seconds since 1970 on the wall, for file names and pauses that must not follow a virtual clock."""
    return time.time()


def clock_at(clock_file: Path | None) -> Clock:
    """The clock a process should use: the shared virtual one where a file is named, else the wall."""
    return FileClock(clock_file) if clock_file else SystemClock()


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
