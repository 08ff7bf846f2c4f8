"""Fixtures of all tests; the database is in a module of its own."""

import pytest

pytest_plugins = ("tests.database",)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
