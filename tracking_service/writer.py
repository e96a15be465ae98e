"""Makes events durable before their requests are answered: group commit to PostgreSQL, the spool while it is away.

One task drains whatever is waiting, commits it at once and only then lets the requests go on. When PostgreSQL is
away, a second task tries to reach it, gives it what was spooled, in order, and then hands back to the first.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import ParamSpec, TypeVar

import structlog

from tracking_service.counters import Counters
from tracking_service.events import NotDurableError, TrackingEvent
from tracking_service.spool import Chunk, Spool
from tracking_service.store import DatabaseAwayError, EventRefusedError, EventStore

_BATCH_LIMIT = 500
_SMALL_BATCH = 16
_PAUSES_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)
_FORGET_SECONDS = 3600.0
_HEARTBEAT = "tracking_service"
_log = structlog.stdlib.get_logger(__name__)
_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class EventWriter:
    """The one writer of a process. `start` and `stop` belong to the event loop that calls `record`.

    Args:
        store: PostgreSQL.
        spool: the disk.
        counters: what happened to the events.
        queue_limit: events that may wait for the next commit; more count as lost.
        heartbeat_seconds: pause between two heartbeat rows.
        network_days: days after which the networks of hits are deleted.
    """

    def __init__(
        self,
        store: EventStore,
        spool: Spool,
        counters: Counters,
        *,
        queue_limit: int = 5000,
        heartbeat_seconds: float = 60.0,
        network_days: int = 30,
    ) -> None:
        self._store = store
        self._spool = spool
        self._counters = counters
        self._queue_limit = queue_limit
        self._heartbeat_seconds = heartbeat_seconds
        self._queue: deque[tuple[TrackingEvent, asyncio.Future[None]]] = deque()
        self._wake = asyncio.Event()
        self._turn = asyncio.Lock()
        self._disk = ThreadPoolExecutor(1, "spool")
        self._away = True
        self._stopping = False
        self._next_loss_log = 0.0
        self._network_days = network_days
        self._lost_and_told = 0
        self._losing = False
        self._next_forgetting = 0.0
        self._heart: asyncio.Task[None] | None = None
        self._recovery: asyncio.Task[None] | None = None
        self._drain: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop

    async def start(self) -> None:
        """Begin to write; a PostgreSQL that is away is no obstacle."""
        self._loop = asyncio.get_running_loop()  # asked once: asking costs a system call
        tried = asyncio.Event()
        self._recovery = asyncio.create_task(self._recover(tried))
        self._drain = asyncio.create_task(self._write())
        self._heart = asyncio.create_task(self._beat_regularly())
        await tried.wait()

    async def stop(self, *, timeout_seconds: float = 2.5) -> None:
        """Write what still waits, then close connection and spool."""
        self._stopping = True
        self._wake.set()
        if self._drain is not None:
            await asyncio.wait({self._drain}, timeout=timeout_seconds)
        background = [task for task in (self._heart, self._recovery, self._drain) if task is not None]
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await self._store.close()
        await self._on_disk(self._spool.close)
        self._disk.shutdown()
        _log.info("writer_stopped", **self._counters.as_dict())

    @property
    def takes_events(self) -> bool:
        """Whether an event would be made durable now, as far as the last ones tell."""
        return not (self._stopping or self._losing or len(self._queue) >= self._queue_limit)

    @property
    def is_away(self) -> bool:
        """Whether events go to the spool, because PostgreSQL is away."""
        return self._away

    @property
    def waiting(self) -> int:
        """Events that wait for the next commit."""
        return len(self._queue)

    def record(self, event: TrackingEvent) -> asyncio.Future[None]:
        """Done once the event is durable; its exception is NotDurableError if it cannot be made so."""
        done: asyncio.Future[None] = self._loop.create_future()
        if len(self._queue) >= self._queue_limit or self._stopping:
            self._lose(1, "too many events wait")
            done.set_exception(NotDurableError())
            return done
        if not self._queue:
            self._wake.set()
        self._queue.append((event, done))
        return done

    async def _write(self) -> None:
        before = 0
        while self._queue or not self._stopping:
            await self._wake.wait()
            self._wake.clear()
            answer: Callable[[], None] | None = None
            while self._queue:
                # About half of what is under way, so that PostgreSQL commits one half while we answer the other and
                # read what comes next. Taking all of it has the two wait for each other in turn.
                size = min(len(self._queue), _BATCH_LIMIT, max(_SMALL_BATCH, (len(self._queue) + before) // 2))
                before = size
                batch = [self._queue.popleft() for _ in range(size)]
                writing = asyncio.create_task(  # noqa: RUF006 it is awaited below
                    self._make_durable([event for event, _ in batch])
                )
                if answer is not None:
                    await asyncio.sleep(0)  # then the batch is on its way, and PostgreSQL works while we answer
                    answer()
                answer = partial(_answer, [done for _, done in batch], await writing)
            if answer is not None:
                answer()

    async def _make_durable(self, events: list[TrackingEvent]) -> NotDurableError | None:
        async with self._turn:
            return await self._keep(events)

    async def _keep(self, events: list[TrackingEvent]) -> NotDurableError | None:
        try:
            if not self._away:
                try:
                    added = await self._store_all(events)
                    self._counters.stored += added
                    self._counters.dropped += len(events) - added
                    self._losing = False
                    return None
                except DatabaseAwayError as error:
                    self._begin_recovery(error)
            await self._on_disk(self._spool.append, [event.to_json() for event in events])
            self._counters.spooled += len(events)
            self._losing = False
            return None
        except Exception as error:  # whatever it is, these requests must be answered and the next batch tried
            self._losing = True
            self._lose(len(events), str(error))
            return NotDurableError()

    async def _store_all(self, events: Sequence[TrackingEvent]) -> int:
        """Store a batch; where PostgreSQL refuses an event for its content, set that one aside and store the others."""
        try:
            return await self._store.insert(events)
        except EventRefusedError as error:
            if len(events) == 1:
                await self._set_aside(events[0].to_json(), str(error))
                return 0
        middle = len(events) // 2
        return await self._store_all(events[:middle]) + await self._store_all(events[middle:])

    def _begin_recovery(self, error: DatabaseAwayError) -> None:
        self._away = True
        if not self._stopping:
            _log.warning("database_away", reason=str(error))
            self._recovery = asyncio.create_task(self._recover(asyncio.Event()))

    async def _recover(self, tried: asyncio.Event) -> None:
        """Reach PostgreSQL, replay the spool in order, and hand over; `tried` is set after the first attempt."""
        failures = 0
        while True:
            try:
                try:
                    await self._store.connect()
                finally:
                    tried.set()
                while await self._replay() >= _BATCH_LIMIT:
                    failures = 0
                async with self._turn:  # new events wait here for what little is left, so that the order holds
                    while await self._replay():
                        pass
                    self._away = False
                break
            except Exception as error:  # this task must not end before it has handed over
                _log.warning("database_still_away", reason=str(error), attempts=failures + 1)
            await asyncio.sleep(_PAUSES_SECONDS[min(failures, len(_PAUSES_SECONDS) - 1)])
            failures += 1
        _log.info("database_reached", replayed=self._counters.replayed)
        await self._beat()

    async def _replay(self) -> int:
        """Give PostgreSQL the oldest spooled events; returns how many there were."""
        chunk: Chunk | None = await self._on_disk(self._spool.take, _BATCH_LIMIT)
        if chunk is None:
            return 0
        events = []
        for record in chunk.records:
            try:
                events.append(TrackingEvent.from_json(record))
            except ValueError as error:
                await self._set_aside(record, str(error))
        if events:
            await self._store_all(events)
        await self._on_disk(self._spool.forget, chunk)
        self._counters.replayed += len(events)
        return len(chunk.records)

    async def _set_aside(self, record: bytes, reason: str) -> None:
        try:
            await self._on_disk(self._spool.reject, record)
        except OSError as error:
            self._lose(1, f"{reason}; {error}")
        else:
            self._counters.rejected += 1
            _log.error("event_rejected", reason=reason)

    async def _beat_regularly(self) -> None:
        while True:
            await asyncio.sleep(self._heartbeat_seconds)
            if not self._away:
                await self._beat()

    async def _beat(self) -> None:
        try:
            await self._store.beat(_HEARTBEAT, self._counters.as_dict())
            lost = self._counters.lost
            if lost > self._lost_and_told:
                await self._store.tell_loss(lost - self._lost_and_told)
                self._lost_and_told = lost
            if time.monotonic() > self._next_forgetting:
                forgotten = await self._store.forget_networks(self._network_days)
                self._next_forgetting = time.monotonic() + (_FORGET_SECONDS if not forgotten else 0.0)
        except Exception as error:  # whatever it is, the next beat tries again
            _log.warning("heartbeat_missed", reason=str(error))

    async def _on_disk(
        self, work: Callable[_Arguments, _Result], *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._disk, lambda: work(*args, **kwargs))

    def _lose(self, count: int, reason: str) -> None:
        self._counters.lost += count
        if time.monotonic() > self._next_loss_log:
            self._next_loss_log = time.monotonic() + 1.0
            _log.error("events_lost", reason=reason, lost=self._counters.lost)


def _answer(waiting: list[asyncio.Future[None]], failure: NotDurableError | None) -> None:
    for done in waiting:
        if not done.done():
            done.set_exception(failure) if failure else done.set_result(None)
