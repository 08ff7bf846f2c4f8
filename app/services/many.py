"""Several pieces of work at once, so many and no more, given out as they are done."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


async def as_done(
    items: Iterable[_Item], work: Callable[[_Item], Awaitable[_Result]], most: int
) -> AsyncGenerator[_Result, None]:
    """Results in the order they are ready. Of `items` no more are begun than `most` plus those
    whose results were taken: whoever takes slowly slows the work down.

    Whatever ends it early (an exception of the work, or nobody who takes) cancels what is under
    way, and waits for its last words; the rest is never begun. Close it: `contextlib.aclosing`.
    """
    waiting = iter(items)
    running: set[asyncio.Future[_Result]] = set()
    done: list[asyncio.Future[_Result]] = []

    def fill() -> None:
        for item in waiting:
            running.add(asyncio.ensure_future(work(item)))
            if len(running) + len(done) >= most:
                return

    try:
        fill()
        while running or done:
            if not done:
                finished, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                done.extend(finished)
            yield done.pop().result()
            if len(running) + len(done) < most:
                fill()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, *done, return_exceptions=True)


@dataclass(slots=True)
class Turns:
    """Work that goes on together, and work during which nothing else goes on; of one process."""

    _under_way: int = 0
    _alone: bool = False
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition, repr=False)

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """Beside others; after whoever waits to be alone."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._alone)
            self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            await self._tell()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Beside nobody."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._alone)
            self._alone = True
        try:
            async with self._changed:
                await self._changed.wait_for(lambda: self._under_way == 0)
            yield
        finally:
            self._alone = False
            await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()
