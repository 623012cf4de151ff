"""The JSON API under ``/api/v1``: one module per resource; ``docs/api.md`` is the contract.

``routes`` guards every handler (session, role, origin), ``bodies`` are the shapes that go over the wire.
"""
