"""The discrete-event simulation of a rehearsal: what happens next, and the one place that moves the shared clock.

What the events do belongs to those who schedule them: the driver's timetable, the people and machines of the town.
"""

import heapq
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from tracking_service.clock import Clock, FileClock

Action = Callable[[], object]
_TICK = timedelta(microseconds=1)
_WALL_STEP_SECONDS = 0.1  # how finely the virtual clock follows the wall


class Timetable(Protocol):
    """What those who act in the town need of a simulation."""

    @property
    def clock(self) -> Clock:
        """The clock that the events move."""
        ...

    def after(self, delay: timedelta, name: str, action: Action) -> None:
        """Schedule an action some virtual time from now."""
        ...


class SimulationError(Exception):
    """At least one action of a simulation raised; the message names each, the first one is the cause."""


@dataclass(order=True, slots=True)
class _Event:
    at: datetime
    name: str
    sequence: int
    action: Action = field(compare=False)


class Simulation:
    """Runs actions in the order of their virtual time, in the thread of the driver, and moves the clock to each.

    Actions may be scheduled from any thread. Ties are broken by name, not by arrival, so the order does not depend on
    how threads interleave as long as names are unique at one moment. No two actions share a moment: the later one is
    moved by a microsecond, so that every act can be told from every other by its time alone.

    Attributes:
        clock: the clock that the actions move.
        after_each: called after each action, at its moment; for what reacts at once to whatever happened.
    """

    def __init__(self, clock: FileClock) -> None:
        self.clock = clock
        self.after_each: Action | None = None
        self._events: list[_Event] = []
        self._sequence = 0
        self._lock = threading.Lock()
        self._last: datetime | None = None
        self._failures: list[tuple[str, Exception]] = []

    def at(self, moment: datetime, name: str, action: Action) -> None:
        """Schedule an action at an aware moment; one in the past happens as soon as the simulation goes on."""
        if moment.tzinfo is None:
            raise ValueError(f"The moment of {name!r} has no time zone.")
        with self._lock:
            self._sequence += 1
            heapq.heappush(self._events, _Event(moment, name, self._sequence, action))

    def after(self, delay: timedelta, name: str, action: Action) -> None:
        """Schedule an action some virtual time from now."""
        self.at(self.clock.now() + delay, name, action)

    @property
    def next_moment(self) -> datetime | None:
        """When the next action is due, or None when nothing is scheduled."""
        with self._lock:
            return self._events[0].at if self._events else None

    def run_until(self, moment: datetime, stop: threading.Event | None = None) -> None:
        """Run everything that is due up to and including a moment, then leave the clock there.

        An action that raises does not stop the others.

        Args:
            moment: the last one.
            stop: once set, no further action is run and the clock stays where it is.

        Raises:
            SimulationError: at the end, naming every action that raised.
        """
        self._run_due(moment, stop)
        if stop is None or not stop.is_set():
            self._advance(moment)
        self._raise_failures()

    def run_in_real_time(
        self, stop: threading.Event, on_trouble: Callable[[str, Exception], None] | None = None
    ) -> None:
        """Let the virtual clock follow the wall from where it stands, and run what falls due, until `stop` is set.

        The clock stands still while an action runs and catches up after it.

        Args:
            stop: ends it.
            on_trouble: told the name of each action that raised and what, as soon as it did.

        Raises:
            SimulationError: after `stop`, naming every action that raised, unless somebody was told.
        """
        began, origin = time.monotonic(), self.clock.now()
        while not stop.is_set():
            moment = origin + timedelta(seconds=time.monotonic() - began)
            self._run_due(moment, stop)
            self._advance(moment)
            while on_trouble is not None and self._failures:
                on_trouble(*self._failures.pop(0))
            stop.wait(_WALL_STEP_SECONDS)
        self._raise_failures()

    def _run_due(self, moment: datetime, stop: threading.Event | None = None) -> None:
        while (event := self._take_due(moment)) is not None:
            self._move_to(event.at)
            try:
                event.action()
                if self.after_each is not None:
                    self.after_each()
            except Exception as error:  # one visitor's trouble must not end everybody's day
                self._failures.append((event.name, error))
            if stop is not None and stop.is_set():
                return

    def _take_due(self, moment: datetime) -> _Event | None:
        with self._lock:
            if not self._events or self._events[0].at > moment:
                return None
            return heapq.heappop(self._events)

    def _move_to(self, due: datetime) -> None:
        at = max(due, self.clock.now())
        if self._last is not None and at <= self._last:
            at = self._last + _TICK
        self.clock.advance_to(at)
        self._last = at

    def _advance(self, moment: datetime) -> None:
        if moment > self.clock.now():
            self.clock.advance_to(moment)

    def _raise_failures(self) -> None:
        failures, self._failures = self._failures, []
        if failures:
            named = "; ".join(f"{name}: {type(error).__name__}: {error}" for name, error in failures)
            raise SimulationError(f"{len(failures)} of the simulation's actions failed: {named}") from failures[0][1]
