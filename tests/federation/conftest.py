from collections.abc import AsyncIterator

import pytest

from app.federation.gateway import HttpIssuers
from sandbox.serve import Servers, serve
from sandbox.world import World
from tests.federation.asking import SIGNER, gateway, knowing


@pytest.fixture(scope="session")
def world() -> World:
    return World(1)


@pytest.fixture
async def servers(world: World) -> AsyncIterator[Servers]:
    async with serve(world, nodes=knowing(SIGNER)) as running:
        yield running


@pytest.fixture
async def issuers() -> AsyncIterator[HttpIssuers]:
    asking = gateway()
    yield asking
    await asking.aclose()
