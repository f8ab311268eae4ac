"""
The tests.

Those that hypothesis invents are the same in every run, on machines of every speed.
"""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "repeatable",
    database=None,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")
