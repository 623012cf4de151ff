"""Hypothesis without its stop-watch: a busy machine is no reason to fail. What must be fast has tests of its own."""

from hypothesis import HealthCheck, settings

settings.register_profile("ramal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ramal")
