"""Work that is handed to threads, held at the door until the test lets it in.

So a test sees that something left the event loop, and that the loop goes on meanwhile, without a
clock: what is done on the loop itself never comes to the door.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Event
from typing import Any

LOOKS = 2_000
PAUSE = 0.005


class Gate(ThreadPoolExecutor):
    """The loop's default executor. `seen`: names of the functions that came, in order."""

    def __init__(self, *held: str) -> None:
        """`held`: names of the functions that wait."""
        super().__init__(max_workers=8)
        self.seen: list[str] = []
        self._held = held
        self._open = Event()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        name = _name(fn, *args)
        self.seen.append(name)
        if name not in self._held:
            return super().submit(fn, *args, **kwargs)
        return super().submit(self._after, partial(fn, *args, **kwargs))

    def _after(self, work: Callable[[], Any]) -> Any:
        assert self._open.wait(30), "nobody opened"
        return work()

    def open(self) -> None:
        self._open.set()

    async def reached(self, name: str, by: "asyncio.Future[Any]") -> None:
        """Until that function stands at the door; fails where `by` ends without it."""
        for _ in range(LOOKS):
            if name in self.seen:
                return
            assert not by.done(), f"{name} never left the event loop"
            await asyncio.sleep(PAUSE)
        raise AssertionError(f"{name} did not come")


def _name(fn: Callable[..., Any], *args: Any) -> str:
    """`asyncio.to_thread` hands over a `Context.run` of the function, in a partial."""
    inner = fn.args[0] if isinstance(fn, partial) and fn.args else fn
    inner = args[0] if inner is fn and args and callable(args[0]) else inner
    return str(getattr(inner, "__name__", inner))
