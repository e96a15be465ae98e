"""Text of captured web pages that was kept long enough, in the ledger's journal: everything else stays. SQL only."""

from datetime import date

from leadgen_assets.storage.ledger import Connection

_BODIES = """
UPDATE captures SET payload = (
    SELECT jsonb_agg(CASE WHEN one ? 'body' THEN one || '{"body": null}' ELSE one END ORDER BY position)
    FROM jsonb_array_elements(payload) WITH ORDINALITY AS rows (one, position))
WHERE asset = 'web_captures' AND partition_date < %s
  AND EXISTS (SELECT 1 FROM jsonb_array_elements(payload) AS one WHERE one ->> 'body' IS NOT NULL)
"""


def drop_bodies(connection: Connection, before: date) -> int:
    """Delete the bodies of pages captured before a day; how many leads' captures that concerned."""
    return connection.execute(_BODIES, (before,)).rowcount
