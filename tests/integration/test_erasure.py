"""Erasure end to end: afterwards nothing anywhere names the business, and everybody else's data is untouched."""

import asyncio
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import dagster as dg
import openpyxl
import polars as pl
import psycopg
import pytest
from psycopg.rows import dict_row

from leadgen_assets.domain.identity import lead_id_of
from leadgen_assets.domain.report_row import report_row
from leadgen_assets.erasure import carry_out_erasures
from leadgen_assets.runtime.dagster_home import open_instance
from leadgen_assets.settings import Settings
from leadgen_assets.storage.database import dagster_url
from leadgen_assets.storage.journal import Capture, read_captures, store_capture
from leadgen_assets.storage.ledger import Connection, ledger_connection
from leadgen_assets.storage.messages import MessageFiles
from leadgen_assets.storage.migrations import ensure_database
from leadgen_assets.storage.reports import publish_report, snapshot_rows
from leadgen_assets.storage.schemas import SCHEMAS, frame_of
from leadgen_assets.storage.suppressions import Recipient, Suppressions
from tests.conftest import MONDAY
from tests.integration.tracking import SECRET
from tests.ledger_rows import a_lead, a_sent_message, value
from tracking_service.clock import FileClock
from tracking_service.ledger.erasures import leads_at, request_erasure

NAME, EMAIL, PHONE = "Kukkakauppa Äiti & Poika", "aiti@kukka.test", "+358401234567"
KEY, SECOND_KEY = "osm:node/777001", "google:ChIJ-erase-me"
OTHER = "Leipomo Rauha"
DAY = MONDAY.date()
NOT_NAMING = (
    "source", "licence", "industry", "country", "timezone", "decision", "route", "rules_version", "email_class", "email_origin",
)  # fmt: skip
NAMING = (NAME, EMAIL, PHONE, "777001", "ChIJ-erase-me")


@pytest.fixture
def lead(ledger: Connection, settings: Settings) -> UUID:
    """A business that left a trace everywhere, beside another one."""
    lead_id = lead_id_of(KEY)
    a_lead(
        ledger, NAME, id=lead_id, place_id=KEY, email=EMAIL, phone=PHONE, organisation="aiti", notes=f"{NAME} called"
    )
    columns = ledger.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'leads' AND is_generated = 'NEVER'"
        " AND data_type IN ('text', 'character varying') AND column_name <> ALL(%s)",
        (list(NOT_NAMING),),
    ).fetchall()
    for column in (row["column_name"] for row in columns):  # also those that are added one day
        ledger.execute(f"UPDATE leads SET {column} = coalesce({column}, %s)", (NAME,))
    other = a_lead(ledger, OTHER, email="info@rauha.test")
    files = MessageFiles(settings.messages_folder)
    for owner, email in ((lead_id, EMAIL), (other, "info@rauha.test")):
        message = a_sent_message(ledger, owner, to_email=email)
        sha256 = files.store(f"To: {email}\r\n\r\nHello".encode())
        ledger.execute("ALTER TABLE email_outreach DISABLE TRIGGER outreach_moves")
        ledger.execute(
            "UPDATE email_outreach SET message_sha256 = %s, attachment_names = %s WHERE id = %s",
            (sha256, [f"{NAME if owner == lead_id else OTHER}.pdf"], message),
        )
        ledger.execute("ALTER TABLE email_outreach ENABLE TRIGGER outreach_moves")
        (settings.leadgen_home / "dry-run" / str(DAY)).mkdir(parents=True, exist_ok=True)
        (settings.leadgen_home / "dry-run" / str(DAY) / f"{message}.eml").write_text(f"To: {email}")
    _captures(ledger)
    _partitions(ledger, settings, lead_id, other)
    return lead_id


def _captures(ledger: Connection) -> None:
    elements = [
        {"type": "node", "id": 777001, "tags": {"name": NAME, "phone": PHONE}},
        {"type": "node", "id": 5, "tags": {"name": OTHER}},
    ]
    payloads = {
        "osm": {"city": "Helsinki", "answer": {"elements": elements}},
        "google": {"city": "Helsinki", "answer": {"places": [{"id": "ChIJ-erase-me", "displayName": {"text": NAME}}]}},
        "file": {"file": "x", "rows": [{"source": "osm", "source_id": "node/777001", "name": NAME}]},
    }
    for source, payload in payloads.items():
        store_capture(ledger, "places", DAY, Capture(f"{source}:1", MONDAY, source, payload))
    page = Capture("page", MONDAY, "web", {"body": f"<h1>{NAME}</h1>"}, lead_id=lead_id_of(KEY))
    store_capture(ledger, "web_captures", DAY, page)


def _partitions(ledger: Connection, settings: Settings, lead_id: UUID, other: UUID) -> None:
    """One row of each of the two in every asset, whose texts name the business."""
    for asset, schema in SCHEMAS.items():
        rows = []
        for owner, name, key in ((lead_id, NAME, KEY), (other, OTHER, f"osm:{OTHER}")):
            row = {c: f"{name} {EMAIL if owner == lead_id else ''}" for c, kind in schema.items() if kind == pl.String}
            row |= {c: str(owner) for c in ("lead_id",) if c in schema} | {
                c: key for c in ("place_key",) if c in schema
            }
            if asset in {"outreach_queue", "email_sends", "alerts", "engagement", "lead_register"}:
                row |= {
                    c: "plain" for c, kind in schema.items() if kind == pl.String and c not in {"lead_id", "smtp_reply"}
                }
            if asset == "inbox_messages":
                row |= {c: "plain" for c in ("mailbox", "classification", "outreach_id", "matched_by")}
            if asset == "leads":
                row |= {"name": name, "place_keys": [key, SECOND_KEY] if owner == lead_id else [key]}
            rows.append(row)
        if asset in {"ledger_snapshot", "daily_report", "report_delivery"}:
            continue
        _write(settings, asset, frame_of(asset, rows))
    snapshot = frame_of("ledger_snapshot", snapshot_rows(ledger, MONDAY + timedelta(hours=1)))
    report, figures = report_row(snapshot, DAY, "Europe/Helsinki")
    _write(settings, "ledger_snapshot", snapshot)
    _write(settings, "daily_report", frame_of("daily_report", [report]))
    publish_report(ledger, DAY, figures, report["filename"], report["workbook"], "<r@x.test>", MONDAY)


def _write(settings: Settings, asset: str, frame: pl.DataFrame) -> None:
    path = settings.warehouse_folder / asset / f"{DAY}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path)


def ask(conninfo: str, *, lead_ids: list[UUID] | None = None, address: str = "") -> None:
    async def write() -> None:
        async with await psycopg.AsyncConnection.connect(conninfo, row_factory=dict_row) as connection:
            found = lead_ids if lead_ids is not None else await leads_at(connection, address)
            addresses = [address] if address else []
            await request_erasure(connection, SECRET, found, addresses, requested_by="test", at=MONDAY)

    asyncio.run(write())


def everything(conninfo: str, home: Path) -> Iterator[tuple[str, str]]:
    """Every value of every table, and every file, as text."""
    with psycopg.connect(conninfo) as connection:
        for (table,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall():
            for row in connection.execute(f'SELECT * FROM "{table}"').fetchall():
                for cell in row:
                    yield table, _workbook_text(cell) if isinstance(cell, bytes) and cell[:2] == b"PK" else str(cell)
    for path in (path for path in home.rglob("*") if path.is_file()):
        yield path.name, path.name
        if path.suffix == ".parquet":
            for row in pl.read_parquet(path).iter_rows():
                for cell in row:
                    yield str(path), _workbook_text(cell) if isinstance(cell, bytes) else str(cell)
        else:
            yield str(path), path.read_text(errors="replace")


def _workbook_text(content: bytes) -> str:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return " ".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell)


def named_in(conninfo: str, home: Path) -> set[str]:
    found = set()
    for place, text in everything(conninfo, home):
        decoded = text.encode().decode("unicode_escape") if "\\u" in text else text
        if any(word in text or word in decoded for word in NAMING):
            found.add(Path(place).parent.name if "/" in place else place)
    return found


def test_nothing_names_them_any_more(
    lead: UUID, ledger: Connection, ledger_conninfo: str, settings: Settings, clock: FileClock
) -> None:
    ensure_database(ledger_conninfo, "dagster")
    with open_instance(settings) as instance:
        instance.report_runless_asset_event(
            dg.AssetMaterialization("leads", partition=str(DAY), metadata={"note": f"merged {NAME} ({PHONE})"})
        )
    history = dagster_url(settings).replace("postgresql+psycopg2", "postgresql")
    before = named_in(ledger_conninfo, settings.leadgen_home) | named_in(history, Path("/nonexistent"))
    assert before >= {"leads", "email_outreach", "captures", "report_files", "event_logs", "messages", "daily_report"}

    ask(ledger_conninfo, address="Aiti+news@kukka.test")
    (result,) = carry_out_erasures(lambda: ledger_connection(ledger_conninfo), settings, clock)

    assert named_in(ledger_conninfo, settings.leadgen_home) == set()
    assert named_in(history, Path("/nonexistent")) == set()
    assert result | {"leads": 1, "captured_places": 3, "message_files": 2, "workbooks": 1} == result
    assert value(ledger, "SELECT status FROM erasure_requests") == "done"
    assert value(ledger, "SELECT status FROM leads WHERE id = %s", lead) == "erased"
    assert Suppressions(SECRET).reason(ledger, Recipient("aiti@kukka.test")) == "address: erased"
    with open_instance(settings) as instance:  # still readable
        event = instance.get_latest_materialization_event(dg.AssetKey("leads"))
        assert event.asset_materialization.metadata["note"].value == "merged erased (erased)"


def test_everybody_else_stays(lead: UUID, ledger: Connection, settings: Settings, clock: FileClock) -> None:
    others = {name: sum(OTHER in str(row) for row in rows) for name, rows in _partition_rows(settings).items()}
    carry_out(settings, ledger, clock, lead)
    after = {name: sum(OTHER in str(row) for row in rows) for name, rows in _partition_rows(settings).items()}
    assert after == others
    assert sum(others.values()) >= 12
    assert value(ledger, "SELECT business_name FROM leads WHERE id <> %s", lead) == OTHER
    kept = [capture.payload for capture in read_captures(ledger, "places", DAY) if capture.source == "osm"]
    assert [one["tags"]["name"] for one in kept[0]["answer"]["elements"]] == [OTHER]
    assert OTHER in _workbook_text(value(ledger, "SELECT content FROM report_files"))
    assert value(ledger, "SELECT leads_discovered FROM daily_reports") == 2  # as it was reported
    assert len(list(settings.messages_folder.glob("*.eml"))) == 1
    assert carry_out_erasures(lambda: ledger_connection(settings.database_url), settings, clock) == []


def test_the_place_is_not_taken_up_again(lead: UUID, ledger: Connection, settings: Settings, clock: FileClock) -> None:
    carry_out(settings, ledger, clock, lead)
    unwanted = Suppressions(SECRET).place_test(ledger)
    assert (unwanted(KEY), unwanted(SECOND_KEY), unwanted("osm:node/5")) == (True, True, False)
    assert Suppressions("another-secret-of-24-characters", SECRET).place_test(ledger)(KEY)


def test_a_failed_erasure_says_why_and_is_repeated(
    lead: UUID, ledger: Connection, ledger_conninfo: str, settings: Settings, clock: FileClock
) -> None:
    ask(ledger_conninfo, lead_ids=[lead])
    partition = settings.warehouse_folder / "contacts" / f"{DAY}.parquet"
    whole = partition.read_bytes()
    partition.write_bytes(b"broken")
    ensure_database(ledger_conninfo, "dagster")
    with pytest.raises(Exception, match=r"parquet|Parquet"):
        carry_out_erasures(lambda: ledger_connection(ledger_conninfo), settings, clock)
    assert value(ledger, "SELECT status FROM erasure_requests") == "failed"
    assert json.dumps(value(ledger, "SELECT result FROM erasure_requests")).count("error") >= 1
    partition.write_bytes(whole)
    carry_out_erasures(lambda: ledger_connection(ledger_conninfo), settings, clock)
    assert named_in(ledger_conninfo, settings.leadgen_home) == set()


def carry_out(settings: Settings, ledger: Connection, clock: FileClock, lead: UUID) -> dict[str, Any]:
    ensure_database(settings.database_url, "dagster")
    ask(settings.database_url, lead_ids=[lead])
    (result,) = carry_out_erasures(lambda: ledger_connection(settings.database_url), settings, clock)
    return result


def _partition_rows(settings: Settings) -> dict[str, list[tuple]]:
    return {
        path.parent.name: [
            tuple(_workbook_text(cell) if isinstance(cell, bytes) else cell for cell in row)
            for row in pl.read_parquet(path).iter_rows()
        ]
        for path in settings.warehouse_folder.glob("*/*.parquet")
    }
