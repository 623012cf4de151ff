"""The HTTP face: accounts, log-in, pages, API, storage, jobs. ``app`` is the only place that wires the rooms together.

``__main__`` (the commands), ``demo`` (the phone company of ``make run``), ``settings`` ``keys`` ``middlewares``,
``auth/`` (passwords, sessions, tickets), ``pages/`` and ``templates/`` (Jinja2), ``api/`` (JSON, one module per
resource), ``store/`` (SQLAlchemy, Alembic, vault), ``jobs/`` (finishing recordings), ``locale/`` (catalogues). See
``docs/architecture.md``.
"""
