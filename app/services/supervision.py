"""What a node does beside answering, kept running; and how it is, looked at once for all who ask.

A background task that ends silently is a node that no longer follows its lists or signs its log,
and looks well. Here one that ends is begun anew after a pause, and said to be unwell meanwhile.
"""

import asyncio
import logging
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

PAUSE: Final = 5.0
"""Seconds before a task that ended is begun anew."""
STEADY: Final = 60.0
"""Seconds it then has to run before it is well again."""
LASTS: Final = 1.0
"""Seconds a look at the node is repeated to whoever asks."""

logger = logging.getLogger(__name__)

Work = Callable[[], Awaitable[None]]
"""Runs until cancelled; anything else is a fault."""


@dataclass(slots=True)
class _Fault:
    why: str
    begun_anew: float | None = None
    """None: not yet."""

    def over(self, before: float) -> bool:
        return self.begun_anew is not None and self.begun_anew <= before


@dataclass(slots=True)
class Supervisor:
    """Holds the background tasks of one worker."""

    pause: float = PAUSE
    steady: float = STEADY
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict, repr=False)
    _faults: dict[str, _Fault] = field(default_factory=dict, repr=False)

    def start(self, name: str, work: Work) -> None:
        """Run it from now on. `name` is shown to operators."""
        self._tasks[name] = asyncio.create_task(self._keep(name, work), name=name)

    def troubles(self) -> Mapping[str, str]:
        """Task → what ended it, as long as it is down or has only just been begun anew."""
        now, found = self.monotonic(), dict[str, str]()
        for name, task in self._tasks.items():
            fault = self._faults.get(name)
            if task.done():
                found[name] = "ended"
            elif fault is not None and not fault.over(now - self.steady):
                found[name] = fault.why
        return found

    async def stop(self) -> None:
        """Cancel all, and wait for their last words."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _keep(self, name: str, work: Work) -> None:
        while True:
            try:
                await work()
                why = "returned"
            except asyncio.CancelledError:
                if _asked_to_stop():
                    raise
                why = "CancelledError"  # somebody else's, which got loose
            except Exception as exc:  # noqa: BLE001 - whatever it was, the others go on
                why = f"{type(exc).__name__} at {_place(exc)}"
            self._faults[name] = _Fault(why)
            logger.error("background task %s ended (%s); begun anew", name, why)
            await self.sleep(self.pause)
            self._faults[name].begun_anew = self.monotonic()


def _asked_to_stop() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _place(exc: BaseException) -> str:
    """Module and line; never the text, which may hold what somebody sent."""
    frames = traceback.extract_tb(exc.__traceback__)
    ours = [frame for frame in frames if "/app/" in frame.filename] or frames
    if not ours:
        return "an unknown place"
    return f"{ours[-1].filename.rpartition('/')[2]}:{ours[-1].lineno}"


class Looks(Protocol):
    """Looks at everything a node cannot do without."""

    async def look(self) -> dict[str, str]:
        """Name of each part → `ok`, or what is wrong with it."""


@dataclass(slots=True)
class Glance:
    """One look for all who ask at once, and for a moment after: a look costs the database something
    and a signature, and anybody may ask for it.
    """

    inner: Looks
    lasts: float = LASTS
    monotonic: Callable[[], float] = time.monotonic
    _seen: dict[str, str] | None = field(default=None, repr=False)
    _until: float = 0.0
    _under_way: asyncio.Task[dict[str, str]] | None = field(default=None, repr=False)

    async def look(self) -> dict[str, str]:
        """As the inner one."""
        if self._seen is not None and self.monotonic() < self._until:
            return dict(self._seen)
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.create_task(self._anew())
        return dict(await asyncio.shield(self._under_way))

    async def _anew(self) -> dict[str, str]:
        self._seen = None  # a look that fails is no look
        seen = await self.inner.look()
        self._seen, self._until = seen, self.monotonic() + self.lasts
        return seen
