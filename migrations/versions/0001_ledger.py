"""The whole ledger: targets, leads, outreach, events, reports, suppressions, journals and outboxes."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
_PARTS = ("0001_ledger.sql", "0001_policy.sql")


def upgrade() -> None:
    # The plain cursor takes a file as it stands; through SQLAlchemy every percent sign would be a placeholder.
    with op.get_bind().connection.cursor() as cursor:
        for part in _PARTS:
            cursor.execute((Path(__file__).parent / part).read_text())


def downgrade() -> None:
    raise NotImplementedError("The first migration is not undone; restore a backup instead.")
