"""What comes back by mail, as real systems write it: replies, automatic replies, unsubscribe mails, delivery reports.

When they are written, and by whom, belongs to the visitors.
"""

import random
from collections.abc import Callable
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage, Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import SMTP
from email.utils import format_datetime
from typing import Literal
from urllib.parse import parse_qs, unquote

from leadgen_assets.rehearsal.received_mail import ReceivedMail

# How an answer still shows which message it belongs to. Mail programs and aliases lose one or the other, never both.
Trace = Literal["tag_and_thread", "thread", "in_reply_to_only", "tag_only"]
TRACES: tuple[Trace, ...] = ("tag_and_thread", "thread", "in_reply_to_only", "tag_only")

Answer = Callable[[ReceivedMail, str, str, datetime, str, random.Random], EmailMessage]

_REPLIES = (
    "Thank you for writing. Could you tell me what such a page would cost?",
    "That is interesting. Please call me on Thursday afternoon.",
    "Hello,\n\nwe have been thinking about this for a while. How long does it take?\n\nBest regards",
    "Not at the moment, thank you. Perhaps in the autumn.",
    "Kiitos viestistä! Voisitteko soittaa huomenna?",
    "Could you send me two or three examples?",
)
_ABSENCES = (
    ("Automatic reply: {subject}", "I am out of the office until Monday and will answer when I am back."),
    ("Out of Office: {subject}", "We are closed this week. Your message will be read next week."),
    ("Automaattinen vastaus: {subject}", "Olen lomalla. Palaan asiaan lomani jälkeen."),
)


def reply(mail: ReceivedMail, sender: str, name: str, at: datetime, reply_id: str, rng: random.Random) -> EmailMessage:
    """A person's answer, the original quoted below, with one of the traces of `TRACES`."""
    trace = rng.choice(TRACES)
    message = _letter(sender, name, at, reply_id)
    message["To"] = mail.reply_to if trace in {"tag_and_thread", "tag_only"} else without_tag(mail.reply_to)
    message["Subject"] = mail.subject if trace == "in_reply_to_only" else f"Re: {mail.subject}"
    if trace != "tag_only":
        message["In-Reply-To"] = mail.message_id
    if trace in {"tag_and_thread", "thread"}:
        message["References"] = mail.message_id
    quoted = "\n".join(f"> {line}".rstrip() for line in mail.text.splitlines())
    written = f"On {at:%a, %d %b %Y at %H:%M}, {mail.writer} wrote:"
    message.set_content(f"{rng.choice(_REPLIES)}\n\n{written}\n{quoted}\n", cte="quoted-printable")
    return message


def automatic_reply(
    mail: ReceivedMail, sender: str, name: str, at: datetime, reply_id: str, rng: random.Random
) -> EmailMessage:
    """An out-of-office answer with the headers of RFC 3834, to the envelope sender."""
    subject, text = rng.choice(_ABSENCES)
    message = _letter(sender, name, at, reply_id)
    message["To"] = mail.envelope_from or mail.reply_to
    message["Subject"] = subject.format(subject=mail.subject)
    message["Auto-Submitted"] = "auto-replied"
    message["X-Auto-Response-Suppress"] = "All"
    if rng.random() < 0.5:
        message["Precedence"] = "bulk"
    message["In-Reply-To"] = mail.message_id
    message["References"] = mail.message_id
    message.set_content(text, cte="quoted-printable")
    return message


def unsubscribe_mail(mailto: str, sender: str, name: str, at: datetime, message_id: str) -> EmailMessage:
    """What a mail client writes to the address of List-Unsubscribe, with the subject that the address asks for."""
    address, _, query = mailto.partition("?")
    asked = {key.lower(): values[0] for key, values in parse_qs(query).items()}
    message = _letter(sender, name, at, message_id)
    message["To"] = unquote(address)
    message["Subject"] = asked.get("subject", "unsubscribe")
    message.set_content(asked.get("body", "Please remove this address from the list."))
    return message


def delivery_report(mail: ReceivedMail, at: datetime, report_id: str, reply: str) -> Message:
    """A report of RFC 3464 that a message could not be delivered after all.

    Args:
        mail: the message that failed.
        at: when it was given up.
        report_id: the report's own Message-ID.
        reply: what the last mail server said, such as `550 5.1.1 User unknown`.
    """
    host = f"mx.{mail.recipient.rpartition('@')[2]}"
    report = MIMEMultipart("report", boundary=f"report-{at:%Y%m%d%H%M%S%f}", report_type="delivery-status", policy=SMTP)
    report["Return-Path"] = "<>"
    report["From"] = f"Mail Delivery System <MAILER-DAEMON@{host}>"
    report["To"] = mail.envelope_from or mail.reply_to
    report["Date"] = format_datetime(at)
    report["Message-ID"] = report_id
    report["Subject"] = "Undelivered Mail Returned to Sender"
    report["Auto-Submitted"] = "auto-replied"
    report.attach(MIMEText(f"Your message could not be delivered to {mail.recipient}:\n\n    {reply}\n"))
    report.attach(_status(host, mail.recipient, at, reply))
    report.attach(_original_headers(mail))
    return report


def without_tag(address: str) -> str:
    """An address without its plus tag, as some mail programs keep it in their address book."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _letter(sender: str, name: str, at: datetime, message_id: str) -> EmailMessage:
    local, _, domain = sender.rpartition("@")
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(name, local, domain)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id
    return message


def _status(host: str, recipient: str, at: datetime, reply: str) -> Message:
    per_message, per_recipient = Message(), Message()
    per_message["Reporting-MTA"] = f"dns; {host}"
    per_message["Arrival-Date"] = format_datetime(at)
    per_recipient["Final-Recipient"] = f"rfc822; {recipient}"
    per_recipient["Action"] = "failed"
    per_recipient["Status"] = reply.split(" ")[1]
    per_recipient["Diagnostic-Code"] = f"smtp; {reply}"
    part = Message()
    part["Content-Type"] = "message/delivery-status"
    part.set_payload([per_message, per_recipient])
    return part


def _original_headers(mail: ReceivedMail) -> Message:
    part = Message()
    part["Content-Type"] = "text/rfc822-headers; charset=utf-8"
    part.set_payload(mail.headers.as_string(policy=SMTP))
    return part
