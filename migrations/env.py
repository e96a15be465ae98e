"""Alembic's entry point: one connection, handed over by `leadgen_assets.storage.migrations`, one transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], target_metadata=None)
with context.begin_transaction():
    context.run_migrations()
