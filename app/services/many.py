"""Several pieces of work at once, so many and no more, given out as they are done."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
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
