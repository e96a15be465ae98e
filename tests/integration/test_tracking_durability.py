"""What was acknowledged is stored exactly once, whatever dies meanwhile: PostgreSQL, the service, the disk."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from leadgen_assets.storage.embedded_postgres import EmbeddedPostgres
from leadgen_assets.storage.migrations import migrate
from tests.conftest import MONDAY
from tests.integration.tracking import (
    DESTINATION,
    Load,
    ServiceProcess,
    click_path,
    open_path,
    rows,
    sent_message,
    unsubscribe_path,
)
from tracking_service.clock import FileClock

pytestmark = pytest.mark.xdist_group("tracking durability")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of our own, to be killed."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("pg")) as server:
        migrate(server.url())
        yield server


@pytest.fixture
def settings_file(server: EmbeddedPostgres, tmp_path: Path) -> Path:
    file = tmp_path / "door.env"
    FileClock.create(tmp_path / "clock", MONDAY)
    file.write_text(f"LEADGEN_HOME={tmp_path / 'home'}\nCLOCK_FILE={tmp_path / 'clock'}\nDATABASE_URL={server.url()}\n")
    return file


def kill_postgres(server: EmbeddedPostgres) -> None:
    postmaster = int((server.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
    children = [int(pid) for pid in Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()]
    for pid in (postmaster, *children):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in (postmaster, *children)))


def wait_until(holds: Callable[[], object], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


def stored_marks(conninfo: str) -> list[str]:
    return [
        row["user_agent"]
        for row in rows(conninfo, "SELECT user_agent FROM email_events WHERE user_agent LIKE '%% hit/%%'")
    ]


def spooled_bytes(file: Path) -> int:
    return sum(segment.stat().st_size for segment in (file.parent / "home" / "spool").glob("*.spool"))


def test_nothing_acknowledged_is_lost_or_doubled_when_postgres_and_the_service_are_killed_under_load(
    server: EmbeddedPostgres, settings_file: Path
) -> None:
    messages = [sent_message(server.url()) for _ in range(40)]
    load = Load([open_path(message) for message in messages] + [click_path(message) for message in messages])

    async def under_load(service: ServiceProcess) -> None:
        over = asyncio.Event()
        hits = asyncio.create_task(load.run(service, over))
        for disasters in (
            [lambda: kill_postgres(server)],
            [service.kill, service.start],  # with events in the spool
            [server.start, service.kill, service.start],  # perhaps in the middle of the replay
            [lambda: kill_postgres(server), service.kill, server.start, service.start],
        ):
            await load.more(50)
            for disaster in disasters:
                await asyncio.to_thread(disaster)
        await load.more(50)
        over.set()
        await hits

    with ServiceProcess(settings_file) as service:
        asyncio.run(under_load(service))
        wait_until(lambda: load.acknowledged <= set(stored_marks(server.url())))
        wait_until(lambda: spooled_bytes(settings_file) == 0)
        assert service.terminate()[0] == 0
    stored = stored_marks(server.url())
    assert len(load.acknowledged) >= 250
    assert load.acknowledged - set(stored) == set()
    assert len(stored) == len(set(stored))
    assert load.refused == 0
    assert rows(server.url(), "SELECT DISTINCT status FROM leads WHERE first_clicked_at IS NOT NULL") == [
        {"status": "clicked"}
    ]


def test_without_postgres_clicks_redirect_and_an_unsubscription_is_kept_for_later(
    server: EmbeddedPostgres, settings_file: Path
) -> None:
    message = sent_message(server.url(), email="late@bakery.test")
    server.stop()
    with ServiceProcess(settings_file) as service:
        assert service.get(click_path(message)).headers["location"] == DESTINATION
        assert service.get(open_path(message)).status_code == 200
        assert httpx.post(service.url + unsubscribe_path(message)).status_code == 200
        service.kill()
        server.start()
        service.start()
        query = "SELECT event_type FROM email_events WHERE outreach_id = %s ORDER BY event_type"
        wait_until(lambda: len(rows(server.url(), query, message)) == 3)
        assert [row["event_type"] for row in rows(server.url(), query, message)] == ["click", "open", "unsubscribe"]
    status = "SELECT l.status FROM leads l JOIN email_outreach o ON o.lead_id = l.id WHERE o.id = %s"
    assert rows(server.url(), status, message) == [{"status": "unsubscribed"}]
    assert rows(server.url(), "SELECT kind FROM suppressions") == [{"kind": "address"}]


def test_a_silent_postgres_delays_a_hit_by_the_time_out_once(server: EmbeddedPostgres, settings_file: Path) -> None:
    message = sent_message(server.url())
    with ServiceProcess(settings_file) as service:
        assert service.get(open_path(message)).status_code == 200
        query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'leadgen tracking service'"
        backend = rows(server.url(), query)[0]["pid"]
        os.kill(backend, signal.SIGSTOP)
        try:
            began = time.monotonic()
            assert service.get(click_path(message)).status_code == 302
            first_seconds = time.monotonic() - began
            wait_until(
                lambda: len(rows(server.url(), "SELECT 1 FROM email_events WHERE outreach_id = %s", message)) == 2
            )
            began = time.monotonic()
            assert service.get(click_path(message)).status_code == 302
            second_seconds = time.monotonic() - began
        finally:
            os.kill(backend, signal.SIGCONT)
    assert 0.9 < first_seconds < 2.5  # DATABASE_TIMEOUT_SECONDS is 1 here
    assert second_seconds < 0.5
    assert len(rows(server.url(), "SELECT 1 FROM email_events WHERE outreach_id = %s", message)) == 3


def test_one_event_that_postgres_refuses_is_set_aside_and_its_neighbours_are_stored(
    server: EmbeddedPostgres, settings_file: Path
) -> None:
    message = sent_message(server.url())
    with psycopg.connect(server.url(), autocommit=True) as connection, ServiceProcess(settings_file) as service:
        connection.execute("ALTER TABLE email_events ADD CONSTRAINT no_poison CHECK (user_agent NOT LIKE '%poison%')")
        try:
            server.stop()
            for agent in ("before", "poison", "after"):
                assert service.get(open_path(message), headers={"User-Agent": agent}).status_code == 200
            server.start()
            query = "SELECT user_agent FROM email_events WHERE outreach_id = %s ORDER BY user_agent"
            wait_until(lambda: len(rows(server.url(), query, message)) == 2)
        finally:
            with psycopg.connect(server.url(), autocommit=True) as again:
                again.execute("ALTER TABLE email_events DROP CONSTRAINT no_poison")
        assert [row["user_agent"] for row in rows(server.url(), query, message)] == ["after", "before"]
        set_aside = (settings_file.parent / "home" / "spool" / "rejected.lines").read_text()
        assert set_aside.count("\n") == set_aside.count("poison") == 1


def test_when_the_disk_fails_too_clicks_still_redirect_and_an_unsubscription_is_not_promised(
    server: EmbeddedPostgres, settings_file: Path
) -> None:
    message = sent_message(server.url())
    server.stop()
    try:
        with ServiceProcess(settings_file) as service:
            (settings_file.parent / "home" / "spool").rename(settings_file.parent / "gone")
            assert service.get(click_path(message)).headers["location"] == DESTINATION
            assert service.get(open_path(message)).headers["content-type"] == "image/gif"
            answer = httpx.post(service.url + unsubscribe_path(message))
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
            assert "could not be stored" in answer.text
            assert service.terminate()[0] == 0
            assert '"lost": 3' in service.log.read_text()
    finally:
        server.start()
    assert rows(server.url(), "SELECT 1 FROM email_events WHERE outreach_id = %s", message) == []


def test_the_operator_hears_of_hits_that_nothing_could_keep(server: EmbeddedPostgres, settings_file: Path) -> None:
    message, spool = sent_message(server.url()), settings_file.parent / "home" / "spool"
    query = "SELECT channel, text FROM alert_outbox WHERE dedupe_key LIKE 'failure:tracking_lost:%%'"
    with ServiceProcess(settings_file) as service:
        server.stop()
        try:
            spool.rename(settings_file.parent / "gone")
            for _ in range(2):
                assert service.get(click_path(message)).headers["location"] == DESTINATION
            (settings_file.parent / "gone").rename(spool)
        finally:
            server.start()
        wait_until(lambda: bool(rows(server.url(), query)))
        assert service.get(click_path(message)).headers["location"] == DESTINATION
    (told,) = rows(server.url(), query)
    assert told["channel"] == "telegram"
    assert told["text"].startswith("❌ 2 opens or clicks are lost")
    assert len(rows(server.url(), "SELECT 1 FROM email_events WHERE outreach_id = %s", message)) == 1
