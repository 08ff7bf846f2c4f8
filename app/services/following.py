"""Following trust lists: fetch, walk, decide, keep. The decision is `app.domain.trustlist`'s.

A pull changes what is held list by list, each decided by what was held then; whatever else
happens (an outage, an attack, another worker) leaves it as it is and is noted.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from app.domain.errors import Malformed, Refused, Unavailable
from app.domain.trustlist import ALARMS, Held, Refusal
from app.federation.lists import Fetched, NotFetched, Unchanged
from app.registry.lists import store
from app.registry.lists.signed import SignedList, read_list
from app.registry.lists.store import Source
from app.registry.sessions import Database, WriteSession

MAX_STEPS: Final = 400
"""Lists walked in one pull: more than a year of daily ones. The next pull goes on from there."""
DEADLINE: Final = timedelta(minutes=10)
"""Of one pull of one source, all its lists together. What was accepted by then stays, and the next
pull goes on from there."""
TRIES: Final = 3
"""Decisions begun anew because another worker kept a list meanwhile."""
INTERVAL: Final = timedelta(minutes=5)
"""Between two scheduled pulls of one source, over all workers."""
LOOK: Final = 20.0
"""Seconds between two looks of a worker at what is due."""

logger = logging.getLogger(__name__)


Log = Callable[[WriteSession, str], Awaitable[None]]
"""Writes a row about what is changed, in the transaction that changes it. Raises `Unavailable`."""


class Lists(Protocol):
    """Where lists come from."""

    async def fetch(
        self, url: str, networks: tuple[str, ...], held: str | None = None
    ) -> Fetched | Unchanged | NotFetched:
        """One file within bounds; every failure is a value."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What came of one pull."""

    publisher: str
    held: Held
    """Afterwards."""
    accepted: tuple[int, ...] = ()
    """Numbers, in order."""
    refusal: Refusal | None = None
    detail: str = ""


class _Stop(Exception):
    """Ends a walk; never leaves this module."""

    def __init__(self, refusal: Refusal, detail: str = "") -> None:
        super().__init__(refusal)
        self.refusal = refusal
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """Brings what this node holds up to date."""

    database: Database
    lists: Lists
    clock: Callable[[], datetime]
    deadline: timedelta = DEADLINE
    log: Log

    async def pull(self, publisher: str) -> Pulled:
        """Fetch the latest list of a followed publisher, and those between, and decide on each.

        Raises `Refused` where it is not followed or has no URL, `Unavailable` for the database.
        """
        source, held = await self.held(publisher)
        if source.url is None:
            raise Refused("publisher", "has no URL: hand its lists in by `trust pull --file`")
        walk = _Walk(self, source, held)
        try:
            async with asyncio.timeout(self.deadline.total_seconds()):
                await walk.go(source.url)
        except _Stop as stop:
            return await self._stopped(walk, stop)
        except TimeoutError:
            detail = f"no end within {self.deadline.total_seconds():g} s"
            return await self._stopped(walk, await walk.noted(Refusal.UNREACHABLE, detail))
        return Pulled(publisher, walk.held, tuple(walk.accepted))

    async def hand_in(self, publisher: str, *raws: bytes) -> Pulled:
        """Decide on lists that came another way, in order: all but the last are steps to it.

        Raises as `pull`.
        """
        source, held = await self.held(publisher)
        walk = _Walk(self, source, held)
        try:
            for left, raw in zip(range(len(raws) - 1, -1, -1), raws, strict=True):
                await walk.take(await walk.read(raw), on_the_way=left > 0)
        except _Stop as stop:
            return await self._stopped(walk, stop)
        return Pulled(publisher, walk.held, tuple(walk.accepted))

    async def held(self, publisher: str) -> tuple[Source, Held]:
        """The source, and what is held of it. Raises as `pull`."""
        async with self.database.reading() as session:
            found = await store.held_raw(session, publisher)
        try:
            return found.source, await asyncio.to_thread(store.held_in, found)
        except Malformed as broken:
            raise Unavailable(f"stored {broken}") from None

    async def keep_pulling(self, interval: timedelta = INTERVAL, *, every: float = LOOK) -> None:
        """Until cancelled. An outage of the database is waited out, and no source by another."""
        under_way: dict[str, asyncio.Task[Pulled | None]] = {}
        async with asyncio.TaskGroup() as group:
            while True:
                for publisher in await self._followed_by_now():
                    if publisher not in under_way or under_way[publisher].done():
                        pull = self._pull_if_due(publisher, interval)
                        under_way[publisher] = group.create_task(pull)
                await asyncio.sleep(every)

    async def _followed_by_now(self) -> list[str]:
        try:
            async with self.database.reading() as session:
                return await store.fetched(session)
        except Unavailable as exc:
            logger.warning("trust lists: no pull: %s", exc)
            return []

    async def _pull_if_due(self, publisher: str, interval: timedelta) -> Pulled | None:
        """Whatever becomes of it is this source's own. Raises nothing but CancelledError."""
        try:
            async with self.database.writing() as session:
                mine = await store.claim(session, publisher, self.clock(), interval)
            return await self.pull(publisher) if mine else None
        except (Unavailable, Refused, Malformed) as exc:
            logger.warning("trust list of %s: no pull: %s", publisher, exc)
        except Exception as exc:  # noqa: BLE001 - a fault met in one list ends no other's pulls
            logger.error("trust list of %s: no pull: %s", publisher, type(exc).__name__)  # noqa: TRY400
        return None

    async def _stopped(self, walk: "_Walk", stop: _Stop) -> Pulled:
        publisher = walk.source.publisher
        level = logging.ERROR if stop.refusal in ALARMS else logging.WARNING
        logger.log(level, "trust list of %s refused: %s", publisher, stop.refusal)
        return Pulled(publisher, walk.held, tuple(walk.accepted), stop.refusal, stop.detail)


@dataclass(slots=True)
class _Walk:
    """One pull under way."""

    follower: Follower
    source: Source
    held: Held
    accepted: list[int] = field(default_factory=list)

    async def go(self, base: str) -> None:
        """To the latest list. Raises `_Stop`."""
        latest = await self.fetch(f"{base}/latest.json", self.held.address)
        if latest is None:
            async with self.follower.database.writing() as session:
                await store.good(session, self.source.publisher, self.follower.clock())
            return
        if self._needs_steps(latest):
            await self._step_to(latest, base)
        await self.take(latest)

    def _needs_steps(self, latest: SignedList) -> bool:
        """A gap is walked; and so is the whole history where the pinned keys are its first."""
        if self.held.number:
            return latest.head.number > self.held.number + 1
        signed = latest.signed_by(self.held.signers.keys)
        return latest.head.number > 1 and not self.held.signers.satisfied_by(signed)

    async def _step_to(self, latest: SignedList, base: str) -> None:
        """Raises `_Stop`."""
        first = self.held.number + 1
        for number in range(first, latest.head.number):
            if number >= first + MAX_STEPS:
                raise await self.noted(Refusal.TOO_FAR, f"{MAX_STEPS} lists in one pull")
            step = await self.fetch(f"{base}/{number}.json", None)
            if step is not None:
                await self.take(step, on_the_way=True)

    async def fetch(self, url: str, have: str | None) -> SignedList | None:
        """A list, read; None: unchanged. Raises `_Stop`."""
        match await self.follower.lists.fetch(url, self.source.networks, have):
            case Fetched(content):
                return await self.read(content)
            case Unchanged():
                return None
            case NotFetched(why, detail):
                raise await self.noted(why, detail)

    async def read(self, content: bytes) -> SignedList:
        """Raises `_Stop`."""
        try:
            return await asyncio.to_thread(read_list, content, networks=self.source.networks)
        except Malformed as broken:
            detail = str(broken)
        raise await self.noted(Refusal.UNREADABLE, detail)

    async def take(self, new: SignedList, *, on_the_way: bool = False) -> None:
        """Decide by what is held now, whoever kept it. Raises `_Stop`."""
        publisher = self.source.publisher
        for _ in range(TRIES):
            offered = await asyncio.to_thread(new.offered, self.held.signers)
            async with self.follower.database.writing() as session:
                result = await store.offer(
                    session,
                    new,
                    offered,
                    self.held,
                    self.follower.clock(),
                    on_the_way=on_the_way,
                )
                if isinstance(result, Held) and result.number > self.held.number:
                    what = f"trust list {publisher}#{result.number} accepted: {result.address}"
                    await self.follower.log(session, what)
            match result:
                case Refusal():
                    raise _Stop(result)
                case Held():
                    if result.number > self.held.number:
                        self.accepted.append(result.number)
                    self.held = result
                    return
                case store.Moved():
                    self.source, self.held = await self.follower.held(publisher)
        raise await self.noted(Refusal.UNREACHABLE, "other workers kept lists meanwhile")

    async def noted(self, refusal: Refusal, detail: str) -> _Stop:
        """Recorded, for `raise`."""
        async with self.follower.database.writing() as session:
            now = self.follower.clock()
            await store.note(session, self.source.publisher, refusal, now, detail=detail)
        return _Stop(refusal, detail)
