"""The engagement stage through Dagster: real partitions, a real mailbox, a real ledger."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import dagster as dg
import polars as pl
import pytest
from psycopg.types.json import Jsonb
from upath import UPath

from leadgen_assets.rehearsal.servers.mailbox import Mailbox
from leadgen_assets.resources import Platform
from leadgen_assets.settings import Settings
from leadgen_assets.stages import engagement as stage
from leadgen_assets.stages.kinds import DRY_RUN_TAG
from leadgen_assets.storage.alerts import queue_alert
from leadgen_assets.storage.ledger import Connection
from leadgen_assets.storage.parquet_io import ParquetIOManager
from tests.conftest import MONDAY
from tests.integration.messengers import ScriptedMessengers
from tests.ledger_rows import a_lead, a_sent_message, value
from tests.mails import REPLY, mail
from tracking_service import verdicts
from tracking_service.clock import FileClock

DAY = "2026-03-02"
BACKFILL = {"dagster/backfill": "b1"}
ASSETS = [stage.tracking_events, stage.inbox_messages, stage.engagement, stage.alerts]
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"


@pytest.fixture
def mailbox(clock: FileClock) -> Iterator[Mailbox]:
    server = Mailbox(clock)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def phone() -> Iterator[ScriptedMessengers]:
    with ScriptedMessengers() as messengers:
        yield messengers


@pytest.fixture
def configured(settings: Settings, mailbox: Mailbox, phone: ScriptedMessengers, tmp_path: Path) -> Settings:
    with (tmp_path / "test.env").open("a") as file:
        file.writelines(f"{name}={line}\n" for name, line in (mailbox.settings() | phone.lines).items())
        file.write("IMAP_TIMEOUT_SECONDS=2\n")
    return Settings.load()


@pytest.fixture
def sent(ledger: Connection) -> UUID:
    return a_sent_message(ledger, a_lead(ledger))


def materialize(settings: Settings, *names: str, **tags: str) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        ASSETS,
        selection=list(names),
        partition_key=DAY,
        tags=tags,
        resources={"platform": Platform(), "io_manager": ParquetIOManager(UPath(settings.warehouse_folder))},
    )


def metadata(result: dg.ExecuteInProcessResult, name: str) -> dict:
    (event,) = result.asset_materializations_for_node(name)
    return {key: entry.value for key, entry in event.metadata.items()}


def a_hit(ledger: Connection, outreach_id: UUID, *, verdict: str, seconds: int, user_agent: str = BROWSER) -> None:
    ledger.execute(
        "INSERT INTO email_events (id, lead_id, outreach_id, event_type, method, user_agent, headers, verdict,"
        " verdict_version, origin, occurred_at, stored_at)"
        " SELECT %s, lead_id, id, 'click', 'GET', %s, %s, %s, '0', 'tracking', %s, %s FROM email_outreach WHERE id = %s",
        (
            uuid4(),
            user_agent,
            Jsonb({"accept-language": "fi"}),
            verdict,
            at := MONDAY + timedelta(seconds=seconds),
            at,
            outreach_id,
        ),
    )


def test_a_days_replies_and_hits_become_rows_with_verdicts_and_one_alert_each(
    ledger: Connection, configured: Settings, mailbox: Mailbox, phone: ScriptedMessengers, clock: FileClock, sent: UUID
) -> None:
    mailbox.deliver(mail(REPLY, reply_to=f"replies+{sent.hex}@studio.test"))
    a_hit(ledger, sent, verdict="person", seconds=900)
    a_hit(ledger, sent, verdict="person", seconds=900, user_agent="python-requests/2")  # older rules were wrong
    clock.advance_to(MONDAY + timedelta(hours=1))
    result = materialize(configured, "inbox_messages", "engagement", "alerts")
    frame = result.output_for_node("engagement")
    assert sorted(frame.select("event_type", "verdict", "origin").rows()) == [
        ("click", "machine", "tracking"),
        ("click", "person", "tracking"),
        ("reply", "person", "mailbox"),
    ]
    hits = frame.filter(pl.col("origin") == "tracking")
    assert hits["verdict_version"].unique().to_list() == [verdicts.VERSION]
    shown = metadata(result, "engagement")
    assert (shown["changed_verdicts"], shown["click_machine"], shown["inbox_messages_matched"]) == (1, 1, 1)
    assert metadata(result, "inbox_messages")["poll"] == "1 new, 0 read before"
    alerts = result.output_for_node("alerts")
    assert sorted(alerts.select("kind", "channel", "status").rows()) == [
        ("clicked", "telegram", "sent"),
        ("clicked", "whatsapp", "sent"),
        ("replied", "telegram", "sent"),
        ("replied", "whatsapp", "sent"),
    ]
    assert len(phone.received) == 4
    assert value(ledger, "SELECT count(*) FROM email_events WHERE verdict = 'person'") == 3, "nothing is written back"


def test_the_same_day_twice_has_the_same_data_versions(
    ledger: Connection, configured: Settings, mailbox: Mailbox, sent: UUID
) -> None:
    mailbox.deliver(mail(REPLY, reply_to=f"replies+{sent.hex}@studio.test"))
    a_hit(ledger, sent, verdict="person", seconds=900)
    versions = []
    for _ in range(2):
        result = materialize(configured, "inbox_messages", "engagement")
        versions.append(
            [
                result.asset_materializations_for_node(name)[0].tags["dagster/data_version"]
                for name in ("inbox_messages", "engagement")
            ]
        )
    assert versions[0] == versions[1]


def test_a_past_day_is_read_back_without_asking_the_mailbox(
    ledger: Connection, configured: Settings, mailbox: Mailbox, clock: FileClock, sent: UUID
) -> None:
    mailbox.deliver(mail(REPLY, reply_to=f"replies+{sent.hex}@studio.test"))
    materialize(configured, "inbox_messages")
    mailbox.stop()
    clock.advance_to(MONDAY + timedelta(days=2))
    result = materialize(configured, "inbox_messages", "engagement", **BACKFILL)
    assert result.output_for_node("inbox_messages")["classification"].to_list() == ["reply"]
    assert result.output_for_node("engagement").height == 1


def test_days_are_those_of_the_operators_zone(ledger: Connection, configured: Settings, sent: UUID) -> None:
    a_hit(ledger, sent, verdict="person", seconds=14 * 3600 - 1)  # 23:59:59 in Helsinki
    a_hit(ledger, sent, verdict="person", seconds=14 * 3600)
    result = materialize(configured, "inbox_messages", "engagement")
    assert result.output_for_node("engagement").height == 1


@pytest.mark.parametrize("tags", [BACKFILL, {DRY_RUN_TAG: "true"}])
def test_neither_a_backfill_nor_a_dry_run_sends_alerts(
    ledger: Connection, configured: Settings, phone: ScriptedMessengers, tags: dict[str, str]
) -> None:
    queue_alert(ledger, dedupe_key="k", channel="telegram", kind="progress", text="t", at=MONDAY)
    result = materialize(configured, "alerts", **tags)
    assert phone.received == []
    assert result.output_for_node("alerts")["status"].to_list() == ["pending"]


def test_a_dry_run_does_not_read_the_mailbox(ledger: Connection, configured: Settings, mailbox: Mailbox) -> None:
    mailbox.deliver(mail("From: a@b.test\n\nHi"))
    result = materialize(configured, "inbox_messages", **{DRY_RUN_TAG: "true"})
    assert result.output_for_node("inbox_messages").is_empty()


def test_a_mailbox_that_is_away_stops_nothing_and_alerts_once_a_day(
    ledger: Connection, configured: Settings, mailbox: Mailbox, sent: UUID
) -> None:
    mailbox.deliver(mail(REPLY, reply_to=f"replies+{sent.hex}@studio.test"))
    materialize(configured, "inbox_messages")
    mailbox.stop()
    for _ in range(2):
        result = materialize(configured, "inbox_messages", "engagement")
        assert result.success
        assert result.output_for_node("inbox_messages").height == 1
        assert "IMAP_HOST" in metadata(result, "inbox_messages")["poll"]
    assert value(ledger, "SELECT count(*) FROM alert_outbox WHERE kind = 'failure'") == 1


def test_without_a_mailbox_the_day_is_empty_and_says_so(settings: Settings) -> None:
    result = materialize(settings, "inbox_messages", "engagement", "alerts")
    assert metadata(result, "inbox_messages")["poll"] == "not polled: IMAP_HOST is not set"
    assert [result.output_for_node(name).height for name in ("inbox_messages", "engagement", "alerts")] == [0, 0, 0]


def test_metadata_hold_no_personal_data(ledger: Connection, configured: Settings, mailbox: Mailbox, sent: UUID) -> None:
    mailbox.deliver(mail(REPLY, reply_to=f"replies+{sent.hex}@studio.test"))
    result = materialize(configured, "inbox_messages", "engagement", "alerts")
    shown = str([metadata(result, name) for name in ("inbox_messages", "engagement", "alerts")])
    for secret in ("info@bakery.test", "soittakaa", "Leipomo", "Aino"):
        assert secret not in shown
