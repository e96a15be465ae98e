"""The one mail of a day's report: claimed before its first byte, never sent again by itself.

What the report says is the reporting stage's; outreach messages are sent by `batch`.
"""

from datetime import date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from leadgen_assets.clients.errors import ClientError
from leadgen_assets.clients.mail_transport import transport_of
from leadgen_assets.sender.claims import QUOTA
from leadgen_assets.settings import Settings
from leadgen_assets.storage.database import ledger_url
from leadgen_assets.storage.ledger import ledger_connection
from leadgen_assets.storage.quotas import reserve, settle
from leadgen_assets.storage.reports import begin_delivery, end_delivery
from tracking_service.clock import Clock
from tracking_service.hashes import content_hash

_WORKBOOK = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")
_OUTCOMES = {"accepted": "sent", "deferred": "ready", "lost": "ready", "refused": "failed", "unknown": "unknown"}


def send_report(settings: Settings, clock: Clock, day: date, report: dict[str, Any]) -> str:
    """Mail a report to ADMIN_EMAIL unless that was tried before.

    Args:
        settings: names the mail server, the sender and the receiver.
        clock: the time of the record and of the Date header.
        day: the day reported.
        report: a DAILY_REPORT row: subject, text, html, filename, workbook.

    Returns:
        The delivery's status: sent, failed, unknown, ready (a definite temporary refusal), or `claimed` where another
        run is or was at it.

    Raises:
        ClientError: if the mail server cannot be reached or the day's quota is used up; the report stays ready.
    """
    content = _message(settings, day, report, clock.now())
    today = clock.today(settings.operator_timezone)
    url = ledger_url(settings)
    with transport_of(settings) as session:
        with ledger_connection(url) as connection:
            if not begin_delivery(connection, day, settings.admin_email, content_hash(content)):
                return "claimed"
            if not reserve(connection, QUOTA, today, 1, settings.emails_per_day):
                raise ClientError(f"EMAILS_PER_DAY is used up today; the report of {day} waits.", retryable=True)
        attempt = session.transmit(settings.from_email, settings.admin_email, content)
    status = _OUTCOMES[attempt.state]
    with ledger_connection(url) as connection:
        end_delivery(connection, day, status, attempt.reply, clock.now())
        if status in {"ready", "failed"}:
            settle(connection, QUOTA, today, -1)
    if status == "ready":
        raise ClientError(f"The mail server did not take the report of {day} now ({attempt.reply}).", retryable=True)
    return status


def _message(settings: Settings, day: date, report: dict[str, Any], at: datetime) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.from_email
    message["To"] = settings.admin_email
    message["Subject"] = report["subject"]
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<report.{day}@{settings.from_email.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(report["text"])
    message.add_alternative(report["html"], subtype="html")
    message.add_attachment(report["workbook"], maintype=_WORKBOOK[0], subtype=_WORKBOOK[1], filename=report["filename"])
    return message.as_bytes()
