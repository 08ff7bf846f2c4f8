"""Places among the verifications under way, given up while an issuer is waited for.

A slow issuer then holds connections and memory, which have bounds of their own, and no place: those
who ask about licenses of another issuer do not feel it (design §8).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from app.domain.errors import ServiceError
from app.domain.issuer import Inquiry, IssuerAnswer
from app.services.verify import Issuers


class NoPlace(ServiceError):
    """As many verifications under way as this node takes."""


@dataclass(slots=True)
class _Place:
    held: bool = True
    waiting: int = 0
    """Questions of this one verification that are under way: of several seals there are several."""


_mine: ContextVar[_Place | None] = ContextVar("place", default=None)


@dataclass(slots=True)
class Places:
    """So many at once, of one worker."""

    most: int
    _free: asyncio.Semaphore = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._free = asyncio.Semaphore(self.most)

    @asynccontextmanager
    async def one(self, *, patient: bool = False) -> AsyncIterator[None]:
        """A place for what runs within. Raises `NoPlace` at once when there is none; `patient`
        waits for its turn instead.
        """
        if self._free.locked() and not patient:
            raise NoPlace("no place")
        await self._free.acquire()
        place = _Place()
        token = _mine.set(place)
        try:
            yield
        finally:
            _mine.reset(token)
            if place.held:  # not where it was cancelled while it waited to come back
                self._free.release()

    @asynccontextmanager
    async def aside(self) -> AsyncIterator[None]:
        """Give up the place that is held, if one is, and wait for one again afterwards."""
        place = _mine.get()
        if place is None:
            yield
            return
        place.waiting += 1
        if place.held:
            place.held = False
            self._free.release()
        try:
            yield
        except asyncio.CancelledError:  # it has nothing left to do
            place.waiting -= 1
            raise
        except BaseException:
            await self._back(place)
            raise
        await self._back(place)

    async def _back(self, place: _Place) -> None:
        """Once the last of its questions is over: one place, however many it asked."""
        place.waiting -= 1
        if place.waiting:
            return
        await self._free.acquire()
        place.held = True


@dataclass(frozen=True, slots=True)
class PatientIssuers:
    """Fits `services.verify.Issuers`: whoever waits holds no place."""

    inner: Issuers
    places: Places

    async def ask(self, inquiry: Inquiry) -> IssuerAnswer:
        """As `inner`."""
        async with self.places.aside():
            return await self.inner.ask(inquiry)
