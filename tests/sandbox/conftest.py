from datetime import date

import pytest

from sandbox.world import World

DAY = date(2026, 11, 25)


@pytest.fixture(scope="session")
def pinned() -> World:
    """A world of a fixed day, for comparing bytes."""
    return World(1, DAY)


@pytest.fixture(scope="session")
def world() -> World:
    """A world of today, for asking issuers."""
    return World(1)
