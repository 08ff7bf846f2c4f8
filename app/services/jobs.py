"""Works off jobs: counts the items of an upload, and answers them chunk by chunk."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from app.domain.errors import ServiceError, Unavailable
from app.domain.job import ItemForm, JobItem, JobKind, JobState, Order
from app.domain.verification import Submission
from app.registry.jobs import AnsweredBefore, ItemJournal, PostgresJobs
from app.services.many import as_done
from app.services.verify import Verifier

AT_ONCE: Final = 8
"""Items of one chunk under way together: most of the time they wait for an issuer or a disk."""

logger = logging.getLogger(__name__)

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

    async def read(self, id: str) -> None:
        """Count the items. Raises `Unavailable`."""
        found = await self.jobs.upload(id)
        if found is None:
            return  # counted before, or over
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
        order, waiting = await self.jobs.order(id), await self.jobs.waiting(id, chunk)
        if order is not None and waiting:
            known = order

            async def one(item: tuple[int, JobItem]) -> None:
                await self._one(id, known, *item)

            async with aclosing(as_done(waiting, one, AT_ONCE)) as answered:
                async for _ in answered:
                    pass
        await self.jobs.done(id, self.clock())

    async def _one(self, id: str, order: Order, no: int, item: JobItem) -> None:
        journal = ItemJournal(self.jobs.database, self.jobs.keys, id, no)
        try:
            if item.form is ItemForm.PROBLEM:
                await self.jobs.refuse(id, no, item.content.decode(), self.clock())
            else:
                await replace(self.verifier, journal=journal).verify(self.submit(item, order))
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


def _fault(what: str, exc: Exception) -> None:
    logger.error("%s of a job: %s", what, type(exc).__name__)
