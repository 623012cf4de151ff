"""Alembic's revisions; `web.store.migrate` runs them over a connection of ours."""
