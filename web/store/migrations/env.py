"""Alembic runs this for every command; the connection comes from `web.store.migrate`."""

from alembic import context

from web.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    user_module_prefix="tables.",
)
with context.begin_transaction():
    context.run_migrations()
