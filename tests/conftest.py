"""Fixtures of all tests; the database is in a module of its own."""

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is slow, not wrong: nothing here is judged by the clock.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

pytest_plugins = ("tests.database", "tests.service")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
