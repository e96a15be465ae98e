"""Taking somebody out of Dagster's own history: the texts of its event log and of the assets' last materialisations.

Dagster has no call for that, so its tables are written here; only strings inside the stored JSON change.
"""

import json
from collections.abc import Collection

import sqlalchemy as sa

from leadgen_assets.domain.erased import cleaned_json

_TEXTS = (("event_logs", "id", "event"), ("asset_keys", "id", "last_materialization"))


def erase_from_runs(dagster_url: str, words: Collection[str]) -> int:
    """Clean every stored event that holds one of the words; how many there were. Nothing where Dagster never ran."""
    if not words:
        return 0
    engine = sa.create_engine(dagster_url)
    try:
        with engine.begin() as connection:
            tables = set(sa.inspect(connection).get_table_names())
            return sum(_clean(connection, *where, words) for where in _TEXTS if where[0] in tables)
    finally:
        engine.dispose()


def _clean(connection: sa.Connection, table: str, key: str, column: str, words: Collection[str]) -> int:
    rows = sa.table(table, sa.column(key), sa.column(column))
    text = rows.c[column]
    holds = [text.contains(form, autoescape=True) for word in words for form in {word, json.dumps(word)[1:-1]}]
    cleaned = 0
    for row in connection.execute(sa.select(rows).where(sa.or_(*holds))).all():
        changed = cleaned_json(row[1], words)
        if changed != row[1]:
            connection.execute(sa.update(rows).where(rows.c[key] == row[0]).values({column: changed}))
            cleaned += 1
    return cleaned
