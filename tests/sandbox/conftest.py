from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from sandbox.world import World
from tests.sandbox.core import Core, core_of, write_trust

DAY = date(2026, 11, 25)


@pytest.fixture(scope="session")
def pinned() -> World:
    """A world of a fixed day, for comparing bytes."""
    return World(1, DAY)


@pytest.fixture(scope="session")
def world() -> World:
    """A world of today, for asking issuers."""
    return World(1)


@pytest.fixture(scope="session")
def cores(pinned: World, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Core]:
    """By the name of the folder of trust that a case asks for."""
    found = {}
    for name in ("trust", "trust-joint"):
        folder = tmp_path_factory.mktemp(name)
        write_trust(pinned, folder, joint=name == "trust-joint")
        found[name] = core_of(folder, pinned.authorities.day(0) + timedelta(hours=12))
    return found


@pytest.fixture(scope="session")
def core(cores: Mapping[str, Core]) -> Core:
    """The service's core, trusting whom an operator of the pinned world trusts, at noon."""
    return cores["trust"]
