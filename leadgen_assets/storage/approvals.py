"""What a person approved: a message's id with the hash of its bytes, so that nothing else can be sent under it.

SQL only. Whether approval is asked for is the setting APPROVAL; the sender looks in the transaction before SMTP.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from leadgen_assets.storage.ledger import Connection

IS_APPROVED = "EXISTS (SELECT 1 FROM approvals a WHERE a.outreach_id = o.id AND a.message_sha256 = o.message_sha256)"


@dataclass(frozen=True, slots=True)
class Unapproved:
    """A queued message that nobody approved as it is."""

    id: UUID
    business_name: str
    to_email: str
    subject: str
    step: int
    message_sha256: str
    expires_at: datetime


def unapproved_messages(connection: Connection) -> list[Unapproved]:
    """The queued messages that wait for approval, in the order in which they would go."""
    rows = connection.execute(
        "SELECT o.id, l.business_name, o.to_email, o.subject, o.step, o.message_sha256, o.expires_at"
        " FROM email_outreach o JOIN leads l ON l.id = o.lead_id"
        f" WHERE o.status = 'queued' AND NOT {IS_APPROVED} ORDER BY o.not_before, o.queued_at, o.id"
    )
    return [Unapproved(**row) for row in rows]


def approve_messages(connection: Connection, ids: Collection[UUID] | None, by: str, at: datetime) -> int:
    """Approve queued messages as they are now, byte for byte; how many were not approved before. None means all."""
    return connection.execute(
        "INSERT INTO approvals (outreach_id, message_sha256, approved_at, approved_by)"
        " SELECT id, message_sha256, %(at)s, %(by)s FROM email_outreach"
        " WHERE status = 'queued' AND (%(every)s OR id = ANY(%(ids)s)) ON CONFLICT DO NOTHING",
        {"at": at, "by": by, "every": ids is None, "ids": list(ids or ())},
    ).rowcount
