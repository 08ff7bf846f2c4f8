"""What costs processor time, done beside the event loop: all that waits at once, in one go.

A thread for each question and one for each answer cost more than writing the one and reading the
other: handing over, waking up, and threads that wrest the interpreter from each other. So whatever
has come while a go was under way is done by the next. A lone piece starts at once; three hundred
questions at the same time share some dozens of goes.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeVar

_Result = TypeVar("_Result")
_Settle = Callable[[], None]

PIECES: Final = 16
"""In one go: a few milliseconds, after which the thread is another endpoint's turn."""


@dataclass(frozen=True, slots=True)
class _Piece:
    work: Callable[[], Any]
    done: "asyncio.Future[Any]"

    def worked(self) -> _Settle:
        """In the thread; what it came to, to be told in the loop."""
        if self.done.cancelled():  # whoever wanted it has left
            return _nothing
        try:
            return partial(self.done.set_result, self.work())
        except Exception as exc:  # noqa: BLE001 - raised again where it is awaited
            return partial(self.done.set_exception, exc)


@dataclass(slots=True)
class Beside:
    """Of one endpoint, which so never keeps more than one thread from the others."""

    _waiting: deque[_Piece] = field(default_factory=deque)
    _going: bool = False

    async def run(self, work: Callable[[], _Result]) -> _Result:
        """What the work returns, or raises. Cancelled before its turn, it is not done at all.

        Work that waits, as for a disk, has no place here: others of its endpoint are behind it.
        """
        done: asyncio.Future[_Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Piece(work, done))
        if not self._going:
            self._go()
        try:
            return await done
        finally:
            del done  # an exception holds this frame, and the future would hold the exception

    def _go(self) -> None:
        pieces = [self._waiting.popleft() for _ in range(min(PIECES, len(self._waiting)))]
        self._going = bool(pieces)
        if pieces:
            loop = asyncio.get_running_loop()
            went = loop.run_in_executor(None, _worked, pieces)
            went.add_done_callback(partial(self._landed, pieces))

    def _landed(self, pieces: list[_Piece], went: "asyncio.Future[list[_Settle]]") -> None:
        """In the loop."""
        self._go()
        for piece, settle in zip(pieces, went.result(), strict=True):
            if not piece.done.done():
                settle()


def _worked(pieces: list[_Piece]) -> list[_Settle]:
    return [piece.worked() for piece in pieces]


def _nothing() -> None:
    """Nobody is told."""
