"""Alembic's entry point: run the migrations on the given connection, inside the connection's transaction."""

from alembic import context

from lynkeus.catalog.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
