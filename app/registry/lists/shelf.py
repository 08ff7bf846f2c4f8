"""The followed lists as a process keeps them: read once for each address, told apart by a stamp.

Which lists are held stands in one small table, which every verification reads in its one statement
anyway. Where that stamp is what it was, nothing else is asked.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from app.domain.errors import Malformed, Unavailable
from app.domain.trust import TrustSource
from app.registry.lists import withdrawals
from app.registry.lists.index import ListIndex
from app.registry.lists.signed import read_list
from app.registry.lists.view import Followed, View
from app.registry.lists.withdrawals import NONE, Withdrawals
from app.registry.sessions import Connection, Database

KEPT: Final = 16
"""Lists kept read, besides those that are held: of days that were asked about."""

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


@dataclass(slots=True)
class ListShelf:
    """Of one process; begins empty, which is what a node without lists goes on with."""

    today: View = field(default_factory=View)
    _networks: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    _history: dict[str, list[_Step]] = field(default_factory=dict, repr=False)
    _read: OrderedDict[Place, ListIndex] = field(default_factory=OrderedDict, repr=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def view(self, database: Database, at: datetime | None) -> View:
        """As of today, or with the lists of a day. Raises `Unavailable`."""
        if at is None or not self.today.followed:
            return self.today
        today, then = self.today, []
        for each in today.followed:
            step = self._of_the_day(each.source.publisher, at)
            if step is not None and step.number != each.source.number:
                place = (each.source.publisher, step.number, self._networks[each.source.publisher])
                then.append(replace(each, day=await self._index(database, place)))
            else:
                then.append(each)
        return View(tuple(then), today.stamp)

    def _of_the_day(self, publisher: str, at: datetime) -> _Step | None:
        """The last that was issued by then; before the first one there is, the first."""
        steps = self._history.get(publisher, [])
        return next((s for s in reversed(steps) if s.issued_at <= at), steps[0] if steps else None)

    async def reload(self, database: Database, stamp: object) -> None:
        """Read what is held by now. Raises `Unavailable`."""
        wanted = stamp_of(stamp)
        async with self._lock:
            if self.today.stamp == wanted:  # somebody else read it while we waited
                return
            rows = await database.run(lambda c: c.fetch(HISTORY_SQL), repeatable=True)
            history: dict[str, list[_Step]] = {}
            for publisher, *step in rows:
                history.setdefault(publisher, []).append(_Step(*step))
            followed = [
                await self._followed(database, place, history.get(place[0], []))
                for place in wanted or ()
            ]
            self._history = history
            self._networks = {publisher: networks for publisher, _, networks in wanted or ()}
            self.today = View(tuple(followed), wanted)

    async def _followed(self, database: Database, place: Place, steps: list[_Step]) -> Followed:
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
        index = await self._index(database, place)
        return Followed(source=source, index=index, withdrawals=taken)

    async def _index(self, database: Database, place: Place) -> ListIndex:
        if place not in self._read:
            publisher, number, networks = place

            async def look(connection: Connection) -> Any:
                return await connection.fetchval(LIST_SQL, publisher, number)

            raw = await database.run(look, repeatable=True)
            self._read[place] = await asyncio.to_thread(_index_of, raw, networks)
        self._read.move_to_end(place)
        while len(self._read) > KEPT + len(self.today.followed):
            self._read.popitem(last=False)
        return self._read[place]

    async def _withdrawals(self, database: Database, publisher: str, number: int) -> Withdrawals:
        async def look(connection: Connection) -> Any:
            return await connection.fetchval(WITHDRAWALS_SQL, publisher, number)

        text = await database.run(look, repeatable=True)
        return NONE if text is None else withdrawals.load_json(text)


def _index_of(raw: bytes | None, networks: Sequence[str]) -> ListIndex:
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
