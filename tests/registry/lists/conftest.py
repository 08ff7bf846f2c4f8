"""An honest publisher of 云海省 with two lists."""

from datetime import timedelta

import pytest

from sandbox.trustlist import Publisher
from sandbox.world import World
from tests.registry.conftest import DAY, NOW

LIFETIME = timedelta(days=30)


@pytest.fixture
def publisher(world: World) -> Publisher:
    urls = {b.code: f"http://127.0.0.1:{9000 + i}/ivp" for i, b in enumerate(world.answering)}
    made = Publisher(world, NOW, endpoints=urls)
    made.publish(at=NOW - 10 * DAY)
    made.publish(at=NOW - DAY)
    return made
