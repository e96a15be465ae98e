"""Invented leads with frozen, queued messages in a ledger of their own, for benchmarks of the sender.

What a benchmark does with them is its own; nothing here sends.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import psycopg

from leadgen_assets.domain.identity import campaign_id_of, lead_id_of
from leadgen_assets.domain.markers import OFFER, PIXEL, UNSUBSCRIBE
from leadgen_assets.settings import Settings
from leadgen_assets.stages.freezing import freeze
from leadgen_assets.storage.country_bases import record_basis
from leadgen_assets.storage.embedded_postgres import EmbeddedPostgres
from leadgen_assets.storage.leads import Registration, register_leads
from leadgen_assets.storage.ledger import Connection, ledger_connection
from leadgen_assets.storage.messages import MessageFiles
from leadgen_assets.storage.migrations import migrate
from leadgen_assets.storage.outreach import open_campaign, queue_message
from tracking_service.clock import FileClock
from tracking_service.settings import use_env_file

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
USER, PASSWORD = "sender@agency.test", "secret"


@contextmanager
def ledger_url(folder: Path, given: str | None) -> Iterator[str]:
    """A migrated ledger: the empty database that was given, or one in a PostgreSQL under `folder`."""
    if given:
        migrate(given)
        yield given
        return
    with EmbeddedPostgres(folder / "postgres") as server:
        migrate(server.url())
        yield server.url()


def unpaced_settings(folder: Path, database_url: str, smtp_port: int, **more: object) -> Settings:
    """Settings for this process and its children that send through a server on loopback, all limits in time open."""
    FileClock.create(folder / "clock", MONDAY)
    lines = {
        "LEADGEN_MODE": "rehearsal",
        "LEADGEN_HOME": folder / "home",
        "CLOCK_FILE": folder / "clock",
        "DATABASE_URL": database_url,
        "OPERATOR_TIMEZONE": "Europe/Helsinki",
        "POSTAL_ADDRESS": "1 Example Street, 00100 Helsinki",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": smtp_port,
        "SMTP_USER": USER,
        "SMTP_PASSWORD": PASSWORD,
        "SMTP_SECURITY": "none",
        "FROM_EMAIL": "anna@agency.test",
        "REPLY_TO_EMAIL": "replies@agency.test",
        "EMAIL_SEND_INTERVAL_SECONDS": 0,
        "EMAILS_PER_HOUR": 100000,
        "EMAILS_PER_DAY": 100000,
        "SAME_DOMAIN_GAP_SECONDS": 0,
        "SENDING_RAMP": "none",
        "LOG_LEVEL": "WARNING",
    } | more
    file = folder / "benchmark.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    use_env_file(file)
    return Settings.load()


def queue_mails(
    settings: Settings, database_url: str, count: int, *, pdf_bytes: int, first: int = 0, seed: int = 1
) -> dict[str, UUID]:
    """Register invented leads and queue one frozen message to each.

    Returns:
        The id of each message by its recipient.
    """
    files, queued = MessageFiles(settings.messages_folder), dict[str, UUID]()
    pdf = b"%PDF-1.7\n" + Random(seed).randbytes(max(0, pdf_bytes - 9))
    proposal = {"state": "rendered", "pdf": pdf, "filename": "Shop_Proposal.pdf"} if pdf_bytes else None
    with ledger_connection(database_url) as connection:
        record_basis(connection, "FI", "invented businesses of a benchmark", "benchmark", MONDAY)
        campaign = campaign_id_of(MONDAY.date())
        open_campaign(connection, campaign, MONDAY.date(), MONDAY)
        for number in range(first, first + count):
            address = f"info@shop{number}.test"
            lead = _registration(number, address)
            register_leads(connection, [lead], MONDAY)
            at = MONDAY - timedelta(hours=1) + timedelta(milliseconds=number)
            frozen = freeze(_draft(lead.lead_id, address), proposal, settings, at)
            files.store(frozen.final.content)
            if not queue_message(connection, campaign, frozen.row):
                raise AssertionError(f"the message to {address} was not queued")
            queued[address] = frozen.row.id
    return queued


def watching_connection(database_url: str) -> Connection:
    """A connection that commits each statement by itself, to look at the ledger from outside."""
    return psycopg.connect(database_url, autocommit=True, row_factory=psycopg.rows.dict_row)


def _registration(number: int, email: str) -> Registration:
    key = f"osm:node/{number}"
    return Registration(
        lead_id=lead_id_of(key), place_id=key, business_name=f"Invented {number}", source="osm", discovered_at=MONDAY,
        email=email, decision="qualified", score_lower=60, score_upper=90, route="email", country="FI",
    )  # fmt: skip


def _draft(lead_id: UUID, to_email: str) -> dict[str, object]:
    return {
        "lead_id": str(lead_id),
        "to_email": to_email,
        "country": "FI",
        "subject": "A question for the bakery",
        "text": f"Hello,\n{OFFER}\nUnsubscribe: {UNSUBSCRIBE}\n",
        "html": f'<p>Hello <a href="{OFFER}">offer</a> <!--proposal--><a href="{UNSUBSCRIBE}">no</a><img src="{PIXEL}"></p>',
        "written_by": "template",
    }
