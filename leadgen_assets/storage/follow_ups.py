"""Who gets the next message of a sequence today, as the ledger says.

SQL only. What it says is in `domain/follow_ups`; the sender asks again, just before it goes, whether anybody answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from leadgen_assets.domain.pacing import bounds_of
from leadgen_assets.storage.ledger import Connection

_LATE_DAYS = 7  # a follow-up that could not be queued for so long is not sent any more
SOMEBODY_ANSWERED = (
    "EXISTS (SELECT 1 FROM leads other WHERE other.id <> l.id"
    " AND (other.organisation = l.organisation OR lower(other.email) = lower(l.email))"
    " AND num_nonnulls(other.first_replied_at, other.unsubscribed_at, other.converted_at) > 0)"
)


@dataclass(frozen=True, slots=True)
class DueFollowUp:
    """The next message to one lead; `message_ids` are those of the thread, oldest first, the provider's before ours."""

    lead_id: UUID
    business_name: str
    to_email: str
    subject: str
    first_sent_at: datetime
    message_ids: list[str]
    organisation: str | None
    country: str | None
    timezone: str | None


def follow_ups_due(
    connection: Connection, step: int, after_days: int, today: date, timezone: str
) -> Sequence[DueFollowUp]:
    """Leads whose message of the step before was accepted, and who are due for this one, in order of their ids.

    Nobody gets one who answered, unsubscribed, bounced or became a customer, or whose organisation did any of that but
    bounce.

    Args:
        connection: an open ledger connection.
        step: of the message to write, from 2 on.
        after_days: days after the first message.
        today: the operator's day.
        timezone: the operator's.
    """
    latest = bounds_of(today - timedelta(days=after_days), timezone)[1]
    rows = connection.execute(
        "SELECT l.id AS lead_id, l.business_name, first.to_email, first.subject, first.sent_at AS first_sent_at,"
        " (SELECT array_agg(known.id ORDER BY p.step, known.place) FROM email_outreach p,"
        "         unnest(ARRAY['<' || p.provider_message_id || '>', p.message_id]) WITH ORDINALITY AS known (id, place)"
        "  WHERE p.lead_id = l.id AND p.step < %(step)s AND known.id LIKE '<%%@%%>') AS message_ids,"
        " l.organisation, l.country, l.timezone"
        " FROM leads l JOIN email_outreach first ON first.lead_id = l.id AND first.step = 1"
        " WHERE first.sent_at < %(latest)s AND first.sent_at >= %(earliest)s"
        " AND (SELECT count(*) FROM email_outreach p WHERE p.lead_id = l.id AND p.status IN ('sent', 'delivered'))"
        "     = %(step)s - 1"
        " AND NOT EXISTS (SELECT 1 FROM email_outreach o WHERE o.lead_id = l.id AND o.step >= %(step)s)"
        " AND num_nonnulls(l.bounced_at, l.first_replied_at, l.unsubscribed_at, l.converted_at, l.erased_at) = 0"
        f" AND NOT {SOMEBODY_ANSWERED} ORDER BY l.id",
        {"step": step, "latest": latest, "earliest": latest - timedelta(days=_LATE_DAYS)},
    )
    return [DueFollowUp(**row) for row in rows]
