"""The writer without PostgreSQL: events go to the disk, in bounded memory, and a loss is counted and told."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from tests.conftest import MONDAY
from tracking_service.clock import SystemClock
from tracking_service.counters import Counters
from tracking_service.events import NotDurableError, TrackingEvent
from tracking_service.spool import Spool
from tracking_service.store import EventStore
from tracking_service.writer import EventWriter


def writer_without_postgres(folder: Path, counters: Counters, **options: int) -> EventWriter:
    store = EventStore(f"postgresql:///none?host={folder}", SystemClock(), "a secret", timeout_seconds=0.5)
    return EventWriter(store, Spool(folder / "spool"), counters, **options)


def an_event() -> TrackingEvent:
    headers = {"accept-language": "fi", "burst": {"links": 1, "requests": 1, "head_before": False}}
    return TrackingEvent(
        uuid4().hex,
        "click",
        uuid4(),
        MONDAY,
        "GET",
        "https://company.test/ä",
        "192.0.2.0/24",
        "Agent \U0001f600",
        headers,
    )


def test_an_event_survives_the_spool_unchanged(tmp_path: Path) -> None:
    counters, events = Counters(), [an_event() for _ in range(20)]

    async def record_all() -> None:
        writer = writer_without_postgres(tmp_path, counters)
        await writer.start()
        await asyncio.gather(*(writer.record(event) for event in events))
        await writer.stop()

    asyncio.run(record_all())
    chunk = Spool(tmp_path / "spool").take(100)
    assert [TrackingEvent.from_json(record) for record in chunk.records] == events
    assert (counters.spooled, counters.lost) == (20, 0)


def test_more_than_may_wait_is_refused_at_once_and_counted(tmp_path: Path) -> None:
    counters = Counters()

    async def record_all() -> list[BaseException | None]:
        writer = writer_without_postgres(tmp_path, counters, queue_limit=3)
        await writer.start()
        outcomes = await asyncio.gather(*(writer.record(an_event()) for _ in range(5)), return_exceptions=True)
        await writer.stop()
        return outcomes

    outcomes = asyncio.run(record_all())
    assert [type(outcome) for outcome in outcomes] == [type(None)] * 3 + [NotDurableError] * 2
    assert (counters.spooled, counters.lost) == (3, 2)


@pytest.mark.parametrize("line", [b"", b"[]", b'{"id": 1}', b'{"id": "00", "unknown": 1}', b"\xff"])
def test_a_line_that_is_no_event_is_refused_clearly(line: bytes) -> None:
    with pytest.raises(ValueError):
        TrackingEvent.from_json(line)
