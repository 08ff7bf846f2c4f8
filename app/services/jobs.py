"""Works off jobs: counts the items of an upload, and answers them chunk by chunk."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, ParamSpec

from app.domain.errors import NotFinished, Refused, ServiceError, Unavailable
from app.domain.job import ItemForm, JobItem, JobKind, JobState, Order
from app.domain.license import Claims
from app.domain.verification import Submission
from app.registry.jobs import AnsweredBefore, ItemJournal, PostgresJobs, Waiting
from app.services.many import Turns, as_done
from app.services.verify import Verifier

AT_ONCE: Final = 8
"""Items of one chunk under way together: most of the time they wait for an issuer or a disk."""

TRIES: Final = 3
"""Workers that may end with an item; after that it is not tried any more."""

_UNREAD: Final = f"{TRIES} workers ended while it was read; send it in parts, or otherwise"

logger = logging.getLogger(__name__)

_P = ParamSpec("_P")
Items = Callable[[JobKind, bytes], Sequence[JobItem]]
"""The items of an upload. Raises `ServiceError` where it is not what it was sent as."""
Submit = Callable[[JobItem, Order], Submission]
"""What is asked by an item. Raises `ServiceError`."""
Told = Callable[[ServiceError | None], str]
"""The problem that is told of an error, as JSON; None: a fault of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Works:
    """One worker's part. Everything may be repeated at any time."""

    jobs: PostgresJobs
    verifier: Verifier
    items: Items = field(repr=False)
    submit: Submit = field(repr=False)
    told: Told = field(repr=False)
    clock: Callable[[], datetime]
    worker: str = field(default_factory=lambda: secrets.token_hex(8))
    """A name nobody else has: of this process, and of no other after it."""
    turns: Turns = field(default_factory=Turns, repr=False)

    async def read(self, id: str) -> None:
        """Count the items. Raises `Unavailable`."""
        tries = None if await self._ended(id) else await self.jobs.to_read(id)
        if tries is None:
            return  # counted before, or over
        if tries >= TRIES:
            await self._refuse_all(id, self.told(Refused("body", _UNREAD)))
            return
        begin, leave = self.jobs.begin_reading, self.jobs.leave_reading
        turn = self.turns.alone if tries else self.turns.together
        async with turn(), _noted(begin, leave, id, self.worker):
            await self._read(id)

    async def _read(self, id: str) -> None:
        found = await self.jobs.upload(id)
        if found is None:
            return
        try:
            items = await asyncio.to_thread(self.items, *found)
        except Unavailable:
            raise
        except ServiceError as exc:
            await self._refuse_all(id, self.told(exc))
        except Exception as exc:  # noqa: BLE001 - else it would be tried for ever
            _fault("an upload", exc)
            await self._refuse_all(id, self.told(None))
        else:
            await self.jobs.fill(id, items)
            await self.jobs.done(id, self.clock())  # where there are none

    async def answer(self, id: str, chunk: int) -> None:
        """Answer what is not answered yet. Raises `Unavailable`; then it is asked again."""
        if await self._ended(id):
            return
        order, waiting = await self.jobs.order(id), await self.jobs.waiting(id, chunk)
        if order is not None and waiting:
            new = [each for each in waiting if each.tries == 0]
            async with self.turns.together(), self._begun(id, new):
                await self._all(id, order, new)
            for each in waiting:
                if each.tries:  # a worker ended with it: was that its fault?
                    async with self.turns.alone(), self._begun(id, [each]):
                        await self._one(id, order, each)
        await self.jobs.done(id, self.clock())

    async def _all(self, id: str, order: Order, items: Sequence[Waiting]) -> None:
        async def one(each: Waiting) -> None:
            await self._one(id, order, each)

        async with aclosing(as_done(items, one, AT_ONCE)) as answered:
            async for _ in answered:
                pass

    def _begun(self, id: str, items: Sequence[Waiting]) -> AbstractAsyncContextManager[None]:
        numbers = [each.no for each in items]
        return _noted(self.jobs.begin, self.jobs.let_go, id, numbers, self.worker)

    async def _ended(self, id: str) -> bool:
        """A job of a caller that was revoked meanwhile is over."""
        if not await self.jobs.revoked(id):
            return False
        await self.jobs.end(id, JobState.CANCELLED, self.clock())
        return True

    async def _one(self, id: str, order: Order, each: Waiting) -> None:
        no, item = each.no, each.item
        journal = ItemJournal(self.jobs.database, self.jobs.keys, id, no)
        verifier = replace(self.verifier, journal=journal)
        try:
            if item.form is ItemForm.PROBLEM:
                await self.jobs.refuse(id, no, item.content.decode(), self.clock())
            elif each.tries >= TRIES:
                ended = NotFinished(f"{each.tries} workers ended while it was verified")
                await verifier.give_up(_unread(item, order), ended)
            else:
                await verifier.verify(self.submit(item, order))
        except AnsweredBefore:
            return
        except Unavailable:
            raise
        except ServiceError as exc:
            await self.jobs.refuse(id, no, self.told(exc), self.clock())
        except Exception as exc:  # noqa: BLE001 - a fault of ours ends its own item only
            _fault("an item", exc)
            await self.jobs.refuse(id, no, self.told(None), self.clock())

    async def _refuse_all(self, id: str, problem: str) -> None:
        await self.jobs.end(id, JobState.REFUSED, self.clock(), problem)


@asynccontextmanager
async def _noted(
    begin: Callable[_P, Awaitable[None]],
    leave: Callable[_P, Awaitable[None]],
    *about: _P.args,
    **more: _P.kwargs,
) -> AsyncIterator[None]:
    """On disk while it is under way: what is left there was under way when a worker was killed."""
    await begin(*about, **more)
    try:
        yield
    except BaseException:
        with suppress(Unavailable):
            await asyncio.shield(leave(*about, **more))
        raise


def _unread(item: JobItem, order: Order) -> Submission:
    """Of an item whose content is not to be looked at again."""
    purpose = order.terms["purpose"]
    if item.form is ItemForm.FILE:
        return Submission(content=item.content, purpose=purpose, asker=order.asker)
    return Submission(stated=Claims(identifier=None), purpose=purpose, asker=order.asker)


def _fault(what: str, exc: Exception) -> None:
    logger.error("%s of a job: %s", what, type(exc).__name__)
