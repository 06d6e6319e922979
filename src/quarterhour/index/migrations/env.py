"""Alembic's entrance: it runs this with the connection, and the transaction, of whoever brings the index up to date."""

from alembic import context

from quarterhour.index.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
