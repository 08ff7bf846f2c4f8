"""Files are read beside the event loop, each in a thread of its own that ends with the work.

The XML library keeps every name it ever met for as long as its thread lives. A thread that reads
files for ever would grow by whatever strangers call their elements; one that ends gives all back.
"""

import asyncio
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import Final, ParamSpec, TypeVar

_P = ParamSpec("_P")
_Result = TypeVar("_Result")

MOST: Final = min(32, (os.cpu_count() or 1) + 4)
"""Files read at once by one worker; more would only share the same processors."""


@dataclass(frozen=True, slots=True)
class Aside:
    """So many threads at once; whoever comes later waits."""

    most: int = MOST
    _free: asyncio.Semaphore = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_free", asyncio.Semaphore(self.most))

    async def run(
        self, work: Callable[_P, _Result], /, *args: _P.args, **named: _P.kwargs
    ) -> _Result:
        """What the work returns, or raises. Cancelled, it is not waited for, and its place is kept
        until it ends.
        """
        await self._free.acquire()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[_Result] = loop.create_future()
        bound = partial(copy_context().run, work, *args, **named)
        try:
            threading.Thread(
                target=_read, args=(loop, self._free, done, bound), name="reading", daemon=True
            ).start()
        except BaseException:
            self._free.release()
            raise
        try:
            return await done
        finally:
            # What was raised holds this frame. If the frame held it too, by its future, a refused
            # file would stay until the collector comes round.
            del done


def _read(
    loop: asyncio.AbstractEventLoop,
    free: asyncio.Semaphore,
    done: "asyncio.Future[_Result]",
    work: Callable[[], _Result],
) -> None:
    """In the thread."""
    try:
        tell: Callable[[], None] = partial(done.set_result, work())
    except BaseException as exc:  # noqa: BLE001 - raised again where it is awaited
        tell = partial(done.set_exception, exc)
    with suppress(RuntimeError):  # the loop was closed meanwhile
        loop.call_soon_threadsafe(_settle, free, done, tell)
    del done, tell  # as above


def _settle(
    free: asyncio.Semaphore, done: "asyncio.Future[_Result]", tell: Callable[[], None]
) -> None:
    """In the loop."""
    free.release()
    if not done.cancelled():
        tell()
