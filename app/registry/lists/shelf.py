"""The followed lists as a process keeps them: read once for each address, told apart by a stamp.

Which lists are held stands in one small table, which every verification reads in its one statement
anyway. Where that stamp is what it was, nothing else is asked. A list takes seconds to read: that
is done in a thread, for one list at a time, and once for all who wait for it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from app.domain.errors import Malformed, Unavailable
from app.domain.trust import TrustSource
from app.registry.flight import Flights
from app.registry.lists import withdrawals
from app.registry.lists.index import ListIndex
from app.registry.lists.signed import read_list
from app.registry.lists.view import Followed, View
from app.registry.lists.withdrawals import NONE, Withdrawals
from app.registry.sessions import Connection, Database

PAST_KEPT: Final = 16
"""Lists kept read, besides those that are held: of days that were asked about."""
PAST_OCTETS: Final = 16 * 1024 * 1024
"""Of them all, as they were signed; read they take several times as much."""

HISTORY_SQL: Final = """
SELECT publisher, number, address, issued_at, expires_at, accepted_at FROM trust_list
 ORDER BY publisher, number
"""
LIST_SQL: Final = "SELECT raw FROM trust_list WHERE publisher = $1 AND number = $2"
WITHDRAWALS_SQL: Final = (
    "SELECT withdrawals::text FROM trust_list WHERE publisher = $1 AND number = $2"
)

Place = tuple[str, int, tuple[str, ...]]
"""Publisher, number, opened networks."""


@dataclass(frozen=True, slots=True)
class _Step:
    """An accepted list, without its content."""

    number: int
    address: str
    issued_at: datetime
    expires_at: datetime
    accepted_at: datetime


@dataclass(frozen=True, slots=True)
class _Read:
    """A list, read."""

    index: ListIndex
    octets: int
    """Of the signed form."""


@dataclass(slots=True)
class Past:
    """Lists of days that were asked about, the latest asked for last; the last is always kept."""

    number: int = PAST_KEPT
    octets: int = PAST_OCTETS
    _kept: OrderedDict[Place, _Read] = field(default_factory=OrderedDict, repr=False)

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, place: Place) -> ListIndex | None:
        found = self._kept.get(place)
        if found is None:
            return None
        self._kept.move_to_end(place)
        return found.index

    def put(self, place: Place, read: _Read) -> None:
        self._kept[place] = read
        self._kept.move_to_end(place)
        while len(self._kept) > 1 and self._too_many():
            self._kept.popitem(last=False)

    def _too_many(self) -> bool:
        octets = sum(read.octets for read in self._kept.values())
        return len(self._kept) > self.number or octets > self.octets


@dataclass(slots=True)
class ListShelf:
    """Of one process; begins empty, which is what a node without lists goes on with."""

    today: View = field(default_factory=View)
    past: Past = field(default_factory=Past, repr=False)
    _networks: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    _history: dict[str, list[_Step]] = field(default_factory=dict, repr=False)
    _held: dict[Place, _Read] = field(default_factory=dict, repr=False)
    _reloads: Flights[tuple[Place, ...] | None, None] = field(default_factory=Flights, repr=False)
    _days: Flights[Place, ListIndex] = field(default_factory=Flights, repr=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
    _reader: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def view(self, database: Database, at: datetime | None) -> View:
        """As of today, or with the lists of a day. Raises `Unavailable`."""
        if at is None or not self.today.followed:
            return self.today
        today, then = self.today, []
        for each in today.followed:
            step = self._of_the_day(each.source.publisher, at)
            if step is not None and step.number != each.source.number:
                place = (each.source.publisher, step.number, self._networks[each.source.publisher])
                then.append(replace(each, day=await self._of(database, place)))
            else:
                then.append(each)
        return View(tuple(then), today.stamp)

    def _of_the_day(self, publisher: str, at: datetime) -> _Step | None:
        """The last that was issued by then; before the first one there is, the first."""
        steps = self._history.get(publisher, [])
        return next((s for s in reversed(steps) if s.issued_at <= at), steps[0] if steps else None)

    async def _of(self, database: Database, place: Place) -> ListIndex:
        """Of a past day."""
        found = self.past.get(place)
        if found is None:
            found = await self._days.once(place, lambda: self._keep(database, place))
        return found

    async def _keep(self, database: Database, place: Place) -> ListIndex:
        read = await self._read(database, place)
        self.past.put(place, read)
        return read.index

    async def reload(self, database: Database, stamp: object) -> None:
        """Read what is held by now. Raises `Unavailable`."""
        wanted = stamp_of(stamp)
        if self.today.stamp != wanted:
            await self._reloads.once(wanted, lambda: self._reload(database, wanted))

    async def _reload(self, database: Database, wanted: tuple[Place, ...] | None) -> None:
        async with self._turn:
            rows = await database.run(lambda c: c.fetch(HISTORY_SQL), repeatable=True)
            history: dict[str, list[_Step]] = {}
            for publisher, *step in rows:
                history.setdefault(publisher, []).append(_Step(*step))
            held: dict[Place, _Read] = {}
            followed = [
                await self._followed(database, place, history.get(place[0], []), held)
                for place in wanted or ()
            ]
            for place, read in self._held.items():
                if place not in held:
                    self.past.put(place, read)
            self._held, self._history = held, history
            self._networks = {publisher: networks for publisher, _, networks in wanted or ()}
            self.today = View(tuple(followed), wanted)

    async def _followed(
        self, database: Database, place: Place, steps: list[_Step], held: dict[Place, _Read]
    ) -> Followed:
        publisher, number, _ = place
        step = next((s for s in steps if s.number == number), None)
        if step is None:
            return Followed(source=TrustSource(publisher=publisher))
        source = TrustSource(
            publisher=publisher,
            number=number,
            address=step.address,
            accepted_at=step.accepted_at,
            expires_at=step.expires_at,
        )
        taken = await self._withdrawals(database, publisher, number)
        held[place] = self._held.get(place) or await self._read(database, place)
        return Followed(source=source, index=held[place].index, withdrawals=taken)

    async def _read(self, database: Database, place: Place) -> _Read:
        publisher, number, networks = place

        async def look(connection: Connection) -> Any:
            return await connection.fetchval(LIST_SQL, publisher, number)

        async with self._reader:
            raw = await database.run(look, repeatable=True)
            index = await asyncio.to_thread(read_index, raw, networks)
        return _Read(index, len(raw))

    async def _withdrawals(self, database: Database, publisher: str, number: int) -> Withdrawals:
        async def look(connection: Connection) -> Any:
            return await connection.fetchval(WITHDRAWALS_SQL, publisher, number)

        text = await database.run(look, repeatable=True)
        return NONE if text is None else await asyncio.to_thread(withdrawals.load_json, text)


def read_index(raw: bytes | None, networks: Sequence[str]) -> ListIndex:
    """Raises `Unavailable` for a stored list that cannot be read: nothing is known, then."""
    try:
        return ListIndex(read_list(raw or b"", networks=networks).content)
    except Malformed as broken:
        raise Unavailable(f"stored {broken}") from None


def stamp_of(stamp: Any) -> tuple[Place, ...] | None:
    """The column of TRUST_SQL; None where nothing is followed."""
    if not stamp:
        return None
    return tuple((publisher, held, tuple(networks)) for publisher, held, networks in stamp)
