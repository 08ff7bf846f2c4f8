"""What many callers want of the database at once, in one statement: docs/adr/0034.

Nobody waits for company. Whoever comes first is served at once; whoever comes while that is under
way is gathered, and all of them go together when it is over. So one request by itself takes as long
as ever, and a hundred at once share one round trip, and one wait for the disk.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Final, Generic, TypeAlias, TypeVar

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")
Batch: TypeAlias = list[tuple[Item, asyncio.Future[Outcome]]]

MOST: Final = 128
"""Of one statement; more wait for the next one."""
TURNS: Final = 3
"""Of the event loop, before a batch goes: requests that have arrived already are read in the first,
begun in the next, and so go with it. It is no wait: where nothing has arrived a turn is no time."""


@dataclass(slots=True)
class Gathering(Generic[Item, Outcome]):
    """One statement at a time, for everything that was asked meanwhile.

    It belongs to nobody: who gives up does not stop what others wait for. Items have been checked
    before they come here: what the database refuses of one it refuses of all that go with it.
    """

    work: Callable[[Sequence[Item]], Awaitable[Sequence[Outcome]]]
    """One outcome for each item, in their order; raises for all of them."""
    most: int = MOST
    _waiting: Batch[Item, Outcome] = field(default_factory=list, repr=False)
    _task: asyncio.Task[None] | None = field(default=None, repr=False)

    async def one(self, item: Item) -> Outcome:
        """What comes of this one. Raises what the work raises."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()
        self._waiting.append((item, future))
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._run())
        return await future

    async def _run(self) -> None:
        batch: Batch[Item, Outcome] = []
        try:
            while self._waiting:
                for _ in range(TURNS):
                    await asyncio.sleep(0)
                batch, self._waiting = self._waiting[: self.most], self._waiting[self.most :]
                outcomes = await self.work([item for item, _ in batch])
                for (_, future), outcome in zip(batch, outcomes, strict=True):
                    if not future.done():  # who gave up is told nothing
                        future.set_result(outcome)
        except Exception as exc:  # noqa: BLE001 - whatever it is, it is theirs who wait
            self._fail(batch, exc)
        except BaseException:
            self._fail(batch, None)
            raise

    def _fail(self, batch: Batch[Item, Outcome], exc: Exception | None) -> None:
        """Also of those who came meanwhile: in an outage nobody waits for more than two.

        To each an exception of its own: a shared one would grow by the way of each of them.
        """
        told, self._waiting = [*batch, *self._waiting], []
        for _, future in told:
            if future.done():
                continue
            if exc is None:
                future.cancel()
            else:
                future.set_exception(_own(exc))


def _own(exc: Exception) -> Exception:
    """As good as the other; the other itself where it cannot be made twice."""
    try:
        return copy(exc)
    except Exception:  # noqa: BLE001 - its class wants more than it keeps
        return exc
