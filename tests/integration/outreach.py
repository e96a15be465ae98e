"""Leads and frozen messages for tests of the sender and of the outreach stage; all of them invented."""

from datetime import timedelta
from uuid import UUID

from leadgen_assets.domain.identity import campaign_id_of, lead_id_of
from leadgen_assets.domain.markers import OFFER, PIXEL, UNSUBSCRIBE
from leadgen_assets.settings import Settings
from leadgen_assets.stages.freezing import freeze
from leadgen_assets.storage.country_bases import present_bases, record_basis
from leadgen_assets.storage.leads import Registration, register_leads
from leadgen_assets.storage.ledger import Connection
from leadgen_assets.storage.messages import MessageFiles
from leadgen_assets.storage.outreach import open_campaign, queue_message
from tests.conftest import MONDAY
from tests.integration.mail_server import PASSWORD, USER, MailServer
from tracking_service.settings import env_file


def with_lines(**lines: object) -> Settings:
    """The test's settings with further lines."""
    with env_file().open("a") as file:
        file.writelines(f"{name}={value}\n" for name, value in lines.items())
    return Settings.load()


def pointed_at(server: MailServer, **lines: object) -> Settings:
    """Settings that send through a test's own mail server, with the limits in time wide open."""
    return with_lines(
        **{
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": server.port,
            "SMTP_USER": USER,
            "SMTP_PASSWORD": PASSWORD,
            "CA_FILE": server.ca_file,
            "SMTP_TIMEOUT_SECONDS": 10,
            "FROM_EMAIL": "anna@agency.test",
            "REPLY_TO_EMAIL": "replies@agency.test",
            "EMAIL_SEND_INTERVAL_SECONDS": 0,
            "EMAILS_PER_HOUR": 100000,
            "EMAILS_PER_DAY": 100000,
            "SENDING_RAMP": "none",
            "SAME_DOMAIN_GAP_SECONDS": 0,
        }
        | lines
    )


def draft_of(lead_id: UUID, to_email: str, **more: object) -> dict:
    return {
        "lead_id": str(lead_id),
        "to_email": to_email,
        "country": "FI",
        "subject": "A question for the bakery",
        "text": f"Hello,\n.a line with a dot\n{OFFER}\nUnsubscribe: {UNSUBSCRIBE}\n",
        "html": f'<p>Hello <a href="{OFFER}">offer</a> <!--proposal--><a href="{UNSUBSCRIBE}">no</a><img src="{PIXEL}"></p>',
        "written_by": "template",
    } | more


def registration_of(number: int, email: str, **more: object) -> Registration:
    key = f"osm:node/{number}"
    fields = {
        "lead_id": lead_id_of(key), "place_id": key, "business_name": f"Invented {number}", "source": "osm",
        "discovered_at": MONDAY, "email": email, "decision": "qualified", "score_lower": 60, "score_upper": 90,
        "route": "email",
    }  # fmt: skip
    return Registration(**(fields | more))


def queue_mail(
    ledger: Connection,
    settings: Settings,
    number: int,
    to_email: str | None = None,
    *,
    pdf_bytes: int = 0,
    **lead: object,
) -> UUID:
    """Register an invented lead and queue one frozen message to it; returns the message's id."""
    address = to_email or f"info@shop{number}.test"
    registration = registration_of(number, address, **lead)
    register_leads(ledger, [registration], MONDAY)
    proposal = (
        {"state": "rendered", "pdf": b"%PDF" * (pdf_bytes // 4), "filename": "Shop_Proposal.pdf"} if pdf_bytes else None
    )
    at = MONDAY - timedelta(minutes=30) + timedelta(seconds=number)
    frozen = freeze(draft_of(registration.lead_id, address), proposal, settings, at)
    MessageFiles(settings.messages_folder).store(frozen.final.content)
    if "FI" not in present_bases(ledger):
        record_basis(ledger, "FI", "invented businesses of a test", "tests", MONDAY)
    campaign = campaign_id_of(MONDAY.date())
    open_campaign(ledger, campaign, MONDAY.date(), MONDAY)
    assert queue_message(ledger, campaign, frozen.row)
    return frozen.row.id


def row_of(ledger: Connection, outreach_id: UUID) -> dict:
    return ledger.execute("SELECT * FROM email_outreach WHERE id = %s", (outreach_id,)).fetchone()


def lead_of(ledger: Connection, outreach_id: UUID) -> dict:
    return ledger.execute(
        "SELECT l.* FROM leads l JOIN email_outreach o ON o.lead_id = l.id WHERE o.id = %s", (outreach_id,)
    ).fetchone()
