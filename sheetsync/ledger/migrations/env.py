"""Alembic's environment: it migrates the connection that the ledger has opened."""

from alembic import context

from sheetsync.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
