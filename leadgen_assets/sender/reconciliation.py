"""Finding out what became of messages that are `unknown`, without ever sending one again.

Each place that may know is asked at most every half hour: the ledger itself (answers and reports that came), the folder
of MAIL_TRANSPORT=folder, the sent folder of the mailbox, Brevo. Only a find settles anything: that a place does not
show a message proves nothing. What nobody settles within UNKNOWN_MAX_AGE_DAYS is abandoned.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from leadgen_assets.clients.errors import ClientError
from leadgen_assets.domain.identity import reply_address
from leadgen_assets.settings import Settings
from leadgen_assets.storage.ledger import Connection
from leadgen_assets.storage.reconciliation import (
    UnknownMessage,
    give_up,
    is_anything_to_look_for,
    note_look,
    settle_answered,
    settle_as_sent,
    unknown_messages,
)

LOOK_AGAIN = timedelta(minutes=30)
_AT_ONCE = 20
NOBODY_KNOWS = "nobody could say within UNKNOWN_MAX_AGE_DAYS"

# The other side's id of the message (or an empty string) where it was found, None where it was not.
Find = Callable[[UnknownMessage], str | None]


@dataclass(slots=True)
class Findings:
    """How many messages were found to be sent, how many were given up, and why a place could not be asked."""

    settled: int = 0
    abandoned: int = 0
    trouble: str = ""


def reconcile(connection: Connection, settings: Settings, now: datetime) -> Findings:
    """Look for every unknown message that is due for it, and give up the oldest.

    Args:
        connection: a ledger connection outside a transaction; each find commits by itself.
        settings: name the places that may know, and the age.
        now: the present moment.
    """
    findings = Findings(settled=settle_answered(connection, now))
    wanted = unknown_messages(connection, not_looked_for_since=now - LOOK_AGAIN)[:_AT_ONCE]
    for place, find in _places(settings) if wanted else ():
        try:
            for message in wanted:
                found = find(message)
                if found is not None:
                    findings.settled += settle_as_sent(
                        connection, message.id, reason=f"found in {place}", at=now, provider_message_id=found or None
                    )
        except ClientError as error:
            findings.trouble = str(error)
    note_look(connection, [message.id for message in wanted], now)
    latest = now - timedelta(days=settings.unknown_max_age_days)
    old = [message.id for message in unknown_messages(connection) if message.handed_over_at <= latest]
    findings.abandoned = give_up(connection, old, reason=NOBODY_KNOWS)
    return findings


def is_reconciliation_due(connection: Connection, settings: Settings, now: datetime) -> bool:
    """Whether `reconcile` would look for anything."""
    latest = now - timedelta(days=settings.unknown_max_age_days)
    return is_anything_to_look_for(
        connection,
        not_looked_for_since=now - LOOK_AGAIN if _has_places(settings) else None,
        handed_over_before=latest,
    )


def _has_places(settings: Settings) -> bool:
    """Whether any place outside the ledger can be asked."""
    sent_folder = settings.imap_host and settings.imap_sent_folder
    return bool(settings.mail_transport == "folder" or sent_folder or settings.brevo_api_key)


def _places(settings: Settings) -> Iterator[tuple[str, Find]]:
    if settings.mail_transport == "folder":
        from leadgen_assets.clients.mail_folder import MailFolder

        folder = MailFolder(settings.mail_folder_path)
        yield "MAIL_FOLDER", lambda one: "" if folder.has(reply_address(settings.reply_to_email, one.id)) else None
    if settings.imap_host and settings.imap_sent_folder:
        from leadgen_assets.clients.imap import MailboxClient

        mailbox = MailboxClient(settings)
        yield "the sent folder", lambda one: "" if mailbox.has_sent(one.message_id) else None
    if settings.brevo_api_key:
        from leadgen_assets.clients.brevo_api import BrevoApi

        brevo = BrevoApi.of(settings)
        yield "Brevo's log", lambda one: brevo.find_sent(one.message_id, one.to_email, one.subject, one.handed_over_at)
