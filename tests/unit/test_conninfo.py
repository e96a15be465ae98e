"""DATABASE_URL as asyncpg reads it."""

import pytest

from tracking_service.conninfo import asyncpg_dsn


@pytest.mark.parametrize(
    ("url", "dsn"),
    [
        ("postgresql://leadgen:pw@db.test:5432/leadgen", "postgresql://leadgen:pw@db.test:5432/leadgen"),
        ("postgresql://postgres@/leadgen?host=%2Frun%2Fpg", "postgresql://postgres@/leadgen?host=%2Frun%2Fpg"),
        (
            "postgresql://u:p%40ss@db.test/leadgen?sslmode=require&channel_binding=require",
            "postgresql://u:p%40ss@db.test/leadgen?sslmode=require",
        ),
        ("postgresql://u@db.test/leadgen?connect_timeout=10&keepalives=1", "postgresql://u@db.test/leadgen"),
        (
            "postgresql://u@a.test,b.test/leadgen?target_session_attrs=any",
            "postgresql://u@a.test,b.test/leadgen?target_session_attrs=any",
        ),
    ],
)
def test_parameters_that_only_libpq_knows_are_left_out_and_all_else_is_kept(url: str, dsn: str) -> None:
    assert asyncpg_dsn(url) == dsn
