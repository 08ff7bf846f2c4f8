"""So many at once and no more; each once; and nothing left behind however it ends."""

import asyncio
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.many import as_done


class Work:
    """Counts what is begun, under way and ended."""

    def __init__(self, waits: dict[int, int] | None = None) -> None:
        self.begun: list[int] = []
        self.now = self.most = 0
        self.waits = waits or {}

    async def __call__(self, item: int) -> int:
        self.begun.append(item)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            for _ in range(self.waits.get(item, 1)):
                await asyncio.sleep(0)
            return item
        finally:
            self.now -= 1


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(1, 6))
def test_each_once_and_never_more_than_so_many(waits: list[int], most: int) -> None:
    work = Work(dict(enumerate(waits)))

    async def run() -> list[int]:
        async with aclosing(as_done(range(len(waits)), work, most)) as done:
            return [each async for each in done]

    assert sorted(asyncio.run(run())) == list(range(len(waits)))
    assert work.begun == list(range(len(waits)))
    assert work.most <= most


async def test_they_come_as_they_are_done() -> None:
    work = Work({0: 50})
    async with aclosing(as_done(range(3), work, 3)) as done:
        assert [each async for each in done][-1] == 0


async def test_whoever_takes_slowly_slows_it_down() -> None:
    work = Work()
    async with aclosing(as_done(range(100), work, 3)) as done:
        await anext(done)
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(work.begun) <= 4
    assert work.now == 0


async def test_whoever_goes_leaves_nothing_under_way() -> None:
    work = Work(dict.fromkeys(range(1, 100), 10_000))
    async with aclosing(as_done(range(100), work, 5)) as done:
        assert await anext(done) == 0
        assert work.now > 0
    assert work.now == 0
    assert len(work.begun) <= 6


async def test_a_fault_ends_it_and_leaves_nothing_under_way() -> None:
    inner = Work({1: 10_000})

    async def work(item: int) -> int:
        if item == 2:
            raise ValueError(item)
        return await inner(item)

    async def run() -> None:
        async with aclosing(as_done(range(9), work, 3)) as done:
            async for _ in done:
                pass

    with pytest.raises(ValueError, match="2"):
        await run()
    assert inner.now == 0
