"""What is asked at once goes in one statement; nobody waits for company, nor for who gave up."""

import asyncio
from collections.abc import Sequence

import pytest

from app.domain.errors import Refused, Unavailable
from app.registry.gathering import Gathering

pytestmark = pytest.mark.anyio


class Disk:
    """Takes as long as it is told to, and knows what came together."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.free, self.asked = asyncio.Event(), asyncio.Event()
        self.broken = False

    async def work(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        self.asked.set()
        await self.free.wait()
        if self.broken:
            raise Unavailable("database: gone")
        return [10 * item for item in items]


@pytest.fixture
async def disk() -> Disk:
    return Disk()


async def test_one_by_itself_waits_for_nobody(disk: Disk) -> None:
    disk.free.set()
    gathering = Gathering(disk.work)
    assert [await gathering.one(n) for n in (1, 2)] == [10, 20]
    assert disk.batches == [[1], [2]]


async def test_whoever_comes_meanwhile_goes_together_in_order_and_gets_its_own(disk: Disk) -> None:
    gathering = Gathering(disk.work)
    first = asyncio.create_task(gathering.one(0))
    await disk.asked.wait()
    others = [asyncio.create_task(gathering.one(n)) for n in range(1, 6)]
    await asyncio.sleep(0)
    disk.free.set()
    assert await asyncio.gather(first, *others) == [0, 10, 20, 30, 40, 50]
    assert disk.batches == [[0], [1, 2, 3, 4, 5]]


async def test_a_batch_has_a_most(disk: Disk) -> None:
    disk.free.set()
    gathering = Gathering(disk.work, most=3)
    assert await asyncio.gather(*map(gathering.one, range(7))) == [10 * n for n in range(7)]
    assert [len(batch) for batch in disk.batches] == [3, 3, 1]


async def test_who_gives_up_stops_nobody(disk: Disk) -> None:
    gathering = Gathering(disk.work)
    gone, stays = (asyncio.create_task(gathering.one(n)) for n in (1, 2))
    await disk.asked.wait()
    gone.cancel()
    disk.free.set()
    assert await stays == 20
    assert gone.cancelled()
    assert await gathering.one(3) == 30


async def test_in_an_outage_those_of_the_batch_and_those_who_wait_hear_of_it(disk: Disk) -> None:
    gathering = Gathering(disk.work)
    first = asyncio.create_task(gathering.one(1))
    await disk.asked.wait()
    waits = asyncio.create_task(gathering.one(2))
    await asyncio.sleep(0)
    disk.broken = True
    disk.free.set()
    told = await asyncio.gather(first, waits, return_exceptions=True)
    assert [type(each) for each in told] == [Unavailable, Unavailable]
    assert told[0] is not told[1]
    assert disk.batches == [[1]]
    disk.broken = False
    assert await gathering.one(3) == 30, "the next one tries again"


async def test_what_cannot_be_made_twice_is_raised_all_the_same() -> None:
    async def work(_: Sequence[int]) -> list[int]:
        raise Refused("field", "message")

    gathering = Gathering(work)
    told = await asyncio.gather(*map(gathering.one, range(2)), return_exceptions=True)
    assert [type(each) for each in told] == [Refused, Refused]


async def test_a_wrong_number_of_outcomes_is_nobodys() -> None:
    async def work(items: Sequence[int]) -> list[int]:
        return list(items[:-1])

    gathering = Gathering(work)
    told = await asyncio.gather(*map(gathering.one, range(3)), return_exceptions=True)
    assert isinstance(told[2], ValueError)


async def test_cancelled_itself_it_leaves_nobody_waiting(disk: Disk) -> None:
    gathering = Gathering(disk.work)
    asked = [asyncio.create_task(gathering.one(n)) for n in (1, 2)]
    await disk.asked.wait()
    assert gathering._task is not None
    gathering._task.cancel()
    told = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 5)
    assert all(isinstance(each, asyncio.CancelledError) for each in told)
