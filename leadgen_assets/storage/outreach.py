"""The messages in the ledger (table email_outreach) and the day's campaigns: queued, claimed, and what became of them.

SQL only. Whether a message may go is decided by `sender/`; building it by `domain/message.py`. Statements that touch a
lead and its message lock the lead first, as the database's own triggers do, so that they cannot deadlock. Imports
neither Dagster nor polars.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from leadgen_assets.storage.approvals import IS_APPROVED
from leadgen_assets.storage.follow_ups import SOMEBODY_ANSWERED
from leadgen_assets.storage.ledger import Connection
from tracking_service.verdicts import VERSION


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A frozen message about to be queued; the times are aware."""

    id: UUID
    lead_id: UUID
    step: int
    to_email: str
    to_domain: str
    country: str | None
    timezone: str | None
    sender_domain: str
    subject: str
    body_html: str
    tracking_token: str
    ai_generated: bool
    attachment_names: list[str]
    message_id: str
    message_sha256: str
    queued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class DueMessage:
    """A queued message that this transaction holds, with what its lead says now.

    `stop` names the fact that forbids it (bounced, replied, unsubscribed, converted, erased), if there is one.
    """

    id: UUID
    lead_id: UUID
    to_email: str
    to_domain: str
    country: str | None
    timezone: str | None
    message_sha256: str
    attempts: int
    expires_at: datetime
    organisation: str | None
    stop: str | None


def open_campaign(connection: Connection, campaign_id: UUID, day: date, at: datetime) -> None:
    """Have the day's batch in the ledger."""
    connection.execute(
        "INSERT INTO campaigns (id, name, campaign_date, created_at) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (campaign_date) DO NOTHING",
        (campaign_id, f"Outreach {day}", day, at),
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ledger knows about a lead that may be written to; None is "not known"."""

    organisation: str | None = None
    country: str | None = None
    timezone: str | None = None


def leads_to_write_to(connection: Connection, lead_ids: Collection[UUID], step: int) -> dict[UUID, Standing]:
    """Which of these leads may be queued for a step now, with what is known about each.

    A lead may if it is qualified, reached by email, has none of the facts that end a conversation, has no message of
    this step, and nobody at its address or of its organisation has one.
    """
    rows = connection.execute(
        "SELECT l.id, l.organisation, l.country, l.timezone FROM leads l"
        " WHERE l.id = ANY(%(ids)s) AND l.decision = 'qualified' AND l.route = 'email'"
        " AND num_nonnulls(l.bounced_at, l.first_replied_at, l.unsubscribed_at, l.converted_at, l.erased_at) = 0"
        " AND NOT EXISTS (SELECT 1 FROM email_outreach o WHERE o.lead_id = l.id AND o.step = %(step)s)"
        " AND NOT EXISTS (SELECT 1 FROM email_outreach o JOIN leads other ON other.id = o.lead_id"
        "                 WHERE o.step = %(step)s AND o.status <> 'cancelled'"
        "                 AND (lower(o.to_email) = lower(l.email) OR other.organisation = l.organisation))"
        " ORDER BY l.id",
        {"ids": list(lead_ids), "step": step},
    )
    return {row.pop("id"): Standing(**row) for row in rows}


def leads_already_in_ledger(connection: Connection, lead_ids: Collection[UUID]) -> set[UUID]:
    """Which of these leads the ledger knows."""
    rows = connection.execute("SELECT id FROM leads WHERE id = ANY(%s)", (list(lead_ids),))
    return {row["id"] for row in rows}


def queue_message(connection: Connection, campaign_id: UUID, message: NewMessage) -> bool:
    """Queue a message in the day's campaign; false where this step to this lead was queued before."""
    stored = connection.execute(
        "INSERT INTO email_outreach (id, lead_id, campaign_id, step, to_email, to_domain, country, timezone,"
        " sender_domain, subject, body_html, tracking_token, has_unsubscribe, ai_generated, attachment_names,"
        " message_id, message_sha256, queued_at,"
        " not_before, expires_at)"
        " SELECT %(id)s, %(lead_id)s, c.id, %(step)s, %(to_email)s, %(to_domain)s, %(country)s, %(timezone)s,"
        " %(sender_domain)s, %(subject)s, %(body_html)s, %(tracking_token)s, TRUE, %(ai_generated)s,"
        " %(attachment_names)s, %(message_id)s, %(message_sha256)s, %(queued_at)s, %(queued_at)s, %(expires_at)s"
        " FROM campaigns c WHERE c.id = %(campaign_id)s ON CONFLICT (lead_id, step) DO NOTHING",
        {name: getattr(message, name) for name in NewMessage.__slots__} | {"campaign_id": campaign_id},
    )
    if stored.rowcount != 1:
        return False
    connection.execute(
        "UPDATE leads SET queued_at = %(at)s, updated_at = greatest(updated_at, %(at)s)"
        " WHERE id = %(lead)s AND queued_at IS NULL",
        {"at": message.queued_at, "lead": message.lead_id},
    )
    return True


def accepted_messages(connection: Connection) -> list[tuple[str, str]]:
    """Recipient and SHA-256 of every message that a mail server accepted, in order of acceptance."""
    rows = connection.execute(
        "SELECT to_email, message_sha256 FROM email_outreach WHERE sent_at IS NOT NULL ORDER BY sent_at, id"
    )
    return [(row["to_email"], row["message_sha256"]) for row in rows]


def next_due(connection: Connection, now: datetime) -> datetime | None:
    """Since when something waits for a sender: a message that is due or too old, or one left behind; else None."""
    row = connection.execute(
        "SELECT min(CASE status WHEN 'queued' THEN not_before ELSE transmitting_at END) AS since FROM email_outreach"
        " WHERE is_waiting AND not_before <= %(now)s OR is_waiting AND expires_at <= %(now)s"
        " OR status = 'transmitting'",
        {"now": now},
    ).fetchone()
    return row["since"] if row else None


def waiting_zones(
    connection: Connection, until: datetime, *, approved_only: bool, resting_domains: Collection[str] = ()
) -> list[str | None]:
    """The recipients' time zones of what may go at a moment, as far as the rows and their domains say.

    None stands for a recipient whose zone is not known.
    """
    rows = connection.execute(
        "SELECT DISTINCT o.timezone FROM email_outreach o WHERE o.is_waiting AND o.not_before <= %s"
        f" AND o.to_domain <> ALL(%s) AND (NOT %s OR {IS_APPROVED})",
        (until, list(resting_domains), approved_only),
    )
    return [row["timezone"] for row in rows]


def is_anything_left_over(connection: Connection, now: datetime) -> bool:
    """Whether a message waits for tidying: left `transmitting` by a sender that stopped, or too old to be sent."""
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM email_outreach WHERE status = 'transmitting'"
        " OR is_waiting AND expires_at <= %s) AS found",
        (now,),
    ).fetchone()
    return bool(row and row["found"])


def hold_due_message(
    connection: Connection,
    now: datetime,
    *,
    approved_only: bool,
    zones: Collection[str | None],
    resting_domains: Collection[str],
    passed_over: Collection[UUID],
) -> DueMessage | None:
    """Lock the message that has waited longest, and its lead, until the transaction ends; None where nothing is due.

    Args:
        connection: an open transaction.
        now: the present moment.
        approved_only: leave out what nobody approved as it is.
        zones: the recipients' time zones in which messages go now.
        resting_domains: domains that had a message too recently.
        passed_over: messages that this run cannot send.
    """
    row = connection.execute(
        "SELECT o.id, o.lead_id, o.to_email, o.to_domain, o.country, o.timezone, o.message_sha256, o.attempts,"
        " o.expires_at, l.organisation,"
        " CASE WHEN l.erased_at IS NOT NULL THEN 'erased' WHEN l.unsubscribed_at IS NOT NULL THEN 'unsubscribed'"
        " WHEN l.bounced_at IS NOT NULL THEN 'bounced' WHEN l.first_replied_at IS NOT NULL THEN 'replied'"
        " WHEN l.converted_at IS NOT NULL THEN 'converted'"
        f" WHEN {SOMEBODY_ANSWERED} THEN 'somebody else of the organisation answered'"
        " WHEN EXISTS (SELECT 1 FROM email_outreach p WHERE p.lead_id = o.lead_id AND p.step < o.step"
        "              AND p.status NOT IN ('sent', 'delivered')) THEN 'an earlier message did not arrive'"
        " END AS stop"
        " FROM email_outreach o JOIN leads l ON l.id = o.lead_id"
        " WHERE o.is_waiting AND o.not_before <= %s AND o.to_domain <> ALL(%s) AND o.id <> ALL(%s)"
        f" AND coalesce(o.timezone, '') = ANY(%s) AND (NOT %s OR {IS_APPROVED})"
        " ORDER BY o.not_before, o.queued_at, o.id LIMIT 1 FOR SHARE OF l FOR UPDATE OF o SKIP LOCKED",
        (now, list(resting_domains), list(passed_over), [zone or "" for zone in zones], approved_only),
    ).fetchone()
    return DueMessage(**row) if row else None


def cancel(connection: Connection, outreach_id: UUID, reason: str) -> None:
    """It will not be sent, and the row says why."""
    connection.execute(
        "UPDATE email_outreach SET status = 'cancelled', status_reason = %s WHERE id = %s AND status = 'queued'",
        (reason, outreach_id),
    )


def cancel_expired(connection: Connection, now: datetime) -> int:
    """Give up messages that waited too long to be news; how many there were."""
    return connection.execute(
        "UPDATE email_outreach SET status = 'cancelled', status_reason = 'expired'"
        " WHERE is_waiting AND expires_at <= %s",
        (now,),
    ).rowcount


def start_transmission(connection: Connection, outreach_id: UUID, now: datetime) -> None:
    """From the commit of this on, the message may have reached the server."""
    connection.execute(
        "UPDATE email_outreach SET status = 'transmitting', transmitting_at = %s, attempts = attempts + 1,"
        " status_reason = NULL WHERE id = %s AND status = 'queued'",
        (now, outreach_id),
    )


def give_up_interrupted(connection: Connection) -> int:
    """Turn messages whose sender stopped before the outcome into `unknown`; how many there were.

    Call this only while holding the sender's lock: then nobody is transmitting.
    """
    return connection.execute(
        "UPDATE email_outreach SET status = 'unknown', status_reason = 'the sender stopped before it knew the answer'"
        " WHERE status = 'transmitting'"
    ).rowcount


def record_sent(
    connection: Connection, outreach_id: UUID, *, at: datetime, reply: str, provider_message_id: str | None
) -> bool:
    """The server accepted it; false where the row was settled otherwise meanwhile."""
    changed = connection.execute(
        "WITH lead AS (UPDATE leads SET email_sent_at = coalesce(least(email_sent_at, %(at)s), %(at)s),"
        " updated_at = greatest(updated_at, %(at)s)"
        " FROM email_outreach o WHERE o.id = %(id)s AND o.lead_id = leads.id"
        " AND o.status IN ('transmitting', 'unknown') RETURNING leads.id)"
        " UPDATE email_outreach SET status = 'sent', sent_at = %(at)s, smtp_reply = %(reply)s,"
        " provider_message_id = %(provider_id)s, status_reason = NULL"
        " FROM lead WHERE lead_id = lead.id AND email_outreach.id = %(id)s AND status IN ('transmitting', 'unknown')",
        {"at": at, "id": outreach_id, "reply": reply, "provider_id": provider_message_id},
    )
    return changed.rowcount == 1


def record_failed(
    connection: Connection, outreach_id: UUID, *, reason: str, reply: str, bounced_at: datetime | None = None
) -> bool:
    """The server refused it for good; `bounced_at` where it said that the address does not exist."""
    changed = connection.execute(
        "UPDATE email_outreach SET status = 'failed', status_reason = %(reason)s, smtp_reply = %(reply)s,"
        " bounced_at = %(at)s, bounce_reason = CASE WHEN %(at)s::timestamptz IS NOT NULL THEN %(reply)s END"
        " WHERE id = %(id)s AND status IN ('transmitting', 'unknown')",
        {"reason": reason, "reply": reply, "at": bounced_at, "id": outreach_id},
    )
    return changed.rowcount == 1


def record_unknown(connection: Connection, outreach_id: UUID, *, reason: str) -> bool:
    """Nobody can say whether the server has it; it is never sent again by itself."""
    changed = connection.execute(
        "UPDATE email_outreach SET status = 'unknown', status_reason = %s WHERE id = %s AND status = 'transmitting'",
        (reason, outreach_id),
    )
    return changed.rowcount == 1


def record_refused_address(connection: Connection, message: DueMessage, *, at: datetime, reply: str) -> None:
    """The server said that the address does not exist: a bounce of this lead, stored once."""
    connection.execute(
        "INSERT INTO email_events (id, lead_id, outreach_id, event_type, verdict, reasons, verdict_version, origin,"
        " occurred_at, stored_at) VALUES (%s, %s, %s, 'bounce', 'machine', %s, %s, 'smtp', %s, %s)"
        " ON CONFLICT DO NOTHING",
        (uuid5(message.id, "smtp refusal"), message.lead_id, message.id, [reply[:200]], VERSION, at, at),
    )


def requeue(
    connection: Connection, outreach_id: UUID, *, not_before: datetime, reason: str, reply: str, counts: bool
) -> bool:
    """The server certainly does not have it; it may go again at `not_before`. `counts` keeps the attempt."""
    changed = connection.execute(
        "UPDATE email_outreach SET status = 'queued', not_before = %s, status_reason = %s, smtp_reply = %s,"
        " attempts = attempts - %s WHERE id = %s AND status = 'transmitting'",
        (not_before, reason, reply, 0 if counts else 1, outreach_id),
    )
    return changed.rowcount == 1


def queue_of(connection: Connection, day: date) -> list[dict[str, Any]]:
    """The messages of a day's campaign, as rows of asset `outreach_queue`, ordered by id."""
    return connection.execute(
        "SELECT o.id::text AS outreach_id, o.lead_id::text AS lead_id, o.step, o.status, o.message_sha256,"
        " o.to_email = 'erased' OR position(o.tracking_token IN o.body_html) > 0 AS has_token,"
        " o.has_unsubscribe, cardinality(o.attachment_names) > 0 AS has_attachment, o.queued_at"
        " FROM email_outreach o JOIN campaigns c ON c.id = o.campaign_id WHERE c.campaign_date = %s ORDER BY o.id",
        (day,),
    ).fetchall()


def sends_between(connection: Connection, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """The messages last handed to the server in [since, until), as rows of asset `email_sends`, in that order."""
    return connection.execute(
        "SELECT id::text AS outreach_id, lead_id::text AS lead_id, step, status, status_reason, attempts,"
        " transmitting_at, sent_at, delivered_at, bounced_at, smtp_reply FROM email_outreach"
        " WHERE transmitting_at >= %s AND transmitting_at < %s ORDER BY transmitting_at, id",
        (since, until),
    ).fetchall()


def recipients_of(connection: Connection, outreach_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """Whom these messages went to: id, to_email, organisation, transmitting_at; without those of erased leads."""
    return connection.execute(
        "SELECT o.id, o.to_email, l.organisation, o.transmitting_at"
        " FROM email_outreach o JOIN leads l ON l.id = o.lead_id"
        " WHERE o.id = ANY(%s) AND o.to_email <> 'erased' ORDER BY o.id",
        (list(outreach_ids),),
    ).fetchall()
