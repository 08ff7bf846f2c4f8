"""A background task that ends is begun anew, and seen to be unwell; a look is one for all."""

import asyncio
import logging

import pytest

from app.services.supervision import Glance, Supervisor

pytestmark = pytest.mark.anyio
SECRET = "张三 6301"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Work:
    """Does what the script says, one word for each time it is begun; then runs until cancelled."""

    def __init__(self, *script: str) -> None:
        self.script = list(script)
        self.begun = 0
        self.steady = asyncio.Event()
        self.ended = False

    async def __call__(self) -> None:
        self.begun += 1
        match self.script.pop(0) if self.script else "run":
            case "raise":
                raise KeyError(SECRET)
            case "return":
                return
            case "cancel":
                raise asyncio.CancelledError
        self.steady.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended = True


@pytest.fixture
async def supervisor():
    held = Supervisor(pause=0.01, steady=60.0, monotonic=Clock())
    yield held
    await held.stop()


async def test_what_runs_is_well(supervisor):
    work = Work()
    supervisor.start("upkeep", work)
    await asyncio.wait_for(work.steady.wait(), 5)
    assert (supervisor.troubles(), work.begun) == ({}, 1)
    await supervisor.stop()
    assert work.ended


@pytest.mark.parametrize(
    ("word", "why"),
    [("raise", "KeyError at "), ("return", "returned"), ("cancel", "CancelledError")],
)
async def test_what_ends_is_begun_anew_and_named(supervisor, caplog, word, why):
    """And the log says where it was, never what the exception said."""
    work, other = Work(word, word), Work()
    with caplog.at_level(logging.ERROR):
        supervisor.start("following", work)
        supervisor.start("upkeep", other)
        await asyncio.wait_for(work.steady.wait(), 5)
    assert (work.begun, other.begun) == (3, 1)
    troubles = supervisor.troubles()
    assert set(troubles) == {"following"}
    assert troubles["following"].startswith(why)
    assert caplog.text.count("following") == 2
    assert SECRET not in caplog.text + str(troubles)


async def test_begun_anew_it_is_well_after_a_while(supervisor):
    work = Work("raise")
    supervisor.start("upkeep", work)
    await asyncio.wait_for(work.steady.wait(), 5)
    supervisor.monotonic.now = 59.9
    assert supervisor.troubles()
    supervisor.monotonic.now = 60.0
    assert not supervisor.troubles()


async def test_while_it_is_down_it_is_unwell_however_long(supervisor):
    down = asyncio.Event()

    async def sleep(_: float) -> None:
        down.set()
        await asyncio.Event().wait()

    supervisor.sleep = sleep
    supervisor.start("upkeep", Work("raise"))
    await asyncio.wait_for(down.wait(), 5)
    supervisor.monotonic.now = 10_000.0
    assert set(supervisor.troubles()) == {"upkeep"}


# ---- a look


class Node:
    def __init__(self) -> None:
        self.looks = 0
        self.said = "ok"
        self.waits = asyncio.Event()
        self.waits.set()

    async def look(self) -> dict[str, str]:
        self.looks += 1
        await self.waits.wait()
        if self.said == "fault":
            raise RuntimeError
        return {"database": self.said}


async def test_a_hundred_who_ask_at_once_cost_one_look():
    node = Node()
    node.waits.clear()
    glance = Glance(node, monotonic=Clock())
    asked = [asyncio.create_task(glance.look()) for _ in range(100)]
    await asyncio.sleep(0)
    asked[0].cancel()  # who leaves first takes it from nobody
    await asyncio.sleep(0)
    node.waits.set()
    answers = await asyncio.gather(*asked[1:])
    assert (node.looks, {str(a) for a in answers}) == (1, {"{'database': 'ok'}"})


async def test_a_look_lasts_a_moment_and_no_longer():
    node, clock = Node(), Clock()
    glance = Glance(node, lasts=1.0, monotonic=clock)
    first = await glance.look()
    first["database"] = "changed by a caller"
    node.said = "gone"
    clock.now = 0.99
    assert await glance.look() == {"database": "ok"}
    clock.now = 1.0
    assert await glance.look() == {"database": "gone"}
    assert node.looks == 2


async def test_a_look_that_fails_is_repeated_to_nobody():
    node = Node()
    glance = Glance(node, monotonic=Clock())
    node.said = "fault"
    with pytest.raises(RuntimeError):
        await glance.look()
    node.said = "ok"
    assert await glance.look() == {"database": "ok"}
