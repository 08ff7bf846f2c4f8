"""One reading of a thing at a time, for all who ask for it meanwhile."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


@dataclass(slots=True)
class Flights(Generic[Key, Value]):
    """Work under way, by what it is for. It belongs to nobody: who gives up does not stop it, and
    whoever comes next finds it further on.
    """

    _under_way: dict[Key, asyncio.Task[Value]] = field(default_factory=dict, repr=False)

    async def once(self, key: Key, work: Callable[[], Coroutine[Any, Any, Value]]) -> Value:
        """What the work comes to; begun here unless it is under way. Raises what it raises."""
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(work())
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(task)

    def _landed(self, key: Key, done: asyncio.Task[Value]) -> None:
        del self._under_way[key]
        if not done.cancelled():
            done.exception()  # seen, though everybody may have given up
