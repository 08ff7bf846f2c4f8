"""So many at once and no more; each once; and nothing left behind however it ends."""

import asyncio
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.many import Turns, as_done


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


# ---- together, and alone


async def test_whoever_is_alone_has_nobody_beside() -> None:
    turns, seen, under_way = Turns(), list[str](), set[str]()

    async def one(name: str, *, alone: bool) -> None:
        async with turns.alone() if alone else turns.together():
            if alone:
                assert not under_way, "nobody beside"
            assert "alone" not in {each.partition("-")[0] for each in under_way}
            under_way.add(name)
            for _ in range(5):
                await asyncio.sleep(0)
            under_way.remove(name)
            seen.append(name)

    plan = [("a", False), ("b", False), ("alone-1", True), ("c", False), ("alone-2", True)]
    await asyncio.wait_for(asyncio.gather(*(one(n, alone=alone) for n, alone in plan)), 5)
    assert sorted(seen) == sorted(name for name, _ in plan)
    assert seen[:2] == ["a", "b"], "the twin: these were together"


async def test_who_is_cancelled_while_it_waits_to_be_alone_lets_others_in() -> None:
    turns = Turns()
    async with turns.together():
        waiting = asyncio.create_task(turns.alone().__aenter__())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

        async def beside() -> None:
            async with turns.together():
                pass

        await asyncio.wait_for(beside(), 5)
    async with turns.alone():
        pass
