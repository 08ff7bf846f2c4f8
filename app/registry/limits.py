"""Token buckets shared by all workers: one statement for all that one request draws on.

Where the database does not answer in time, a worker goes on with a stricter bucket of its own: a
limit that fails open is none, and one that fails closed is an outage.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from app.crypto.signing import KeyProvider
from app.domain.errors import Unavailable
from app.registry.gathering import Gathering
from app.registry.sessions import Connection, Database

PATIENCE: Final = 0.5
"""Seconds to wait for the shared bucket."""
STRICTER: Final = 4
"""A worker alone allows a fourth."""
MOMENT: Final = timedelta(seconds=2)
"""So long a bucket that was empty is taken to be."""
CALLERS: Final = frozenset({"address", "address-day", "caller"})
"""Buckets of those who ask again and again, whoever they ask about: kept in mind."""
MAX_LOCAL: Final = 10_000
"""Buckets one worker keeps for itself."""

_FILL: Final = """
INSERT INTO bucket AS b (key, tokens, at)
SELECT key, capacity - cost, $4 FROM {wanted}
ON CONFLICT (key) DO UPDATE SET
    tokens = least(
        ({capacities})[array_position({keys}, b.key)],
        greatest(b.tokens, -1) + greatest(0, extract(epoch FROM $4 - b.at))
            * ({rates})[array_position({keys}, b.key)]
    ) - (({capacities})[array_position({keys}, b.key)] - EXCLUDED.tokens),
    at = greatest(b.at, $4)
RETURNING key, tokens
"""
_DRAWN: Final = _FILL.format(
    wanted="""set_config('synchronous_commit', 'off', true),
       unnest($1::bytea[], $2::float8[], $5::float8[]) AS wanted (key, capacity, cost)""",
    keys="$1::bytea[]",
    capacities="$2::float8[]",
    rates="$3::float8[]",
)
_THEN: Final = _FILL.format(
    wanted="wanted",
    keys="$9::bytea[]",
    capacities="$10::float8[]",
    rates="$11::float8[]",
)
TAKE_SQL: Final = _DRAWN
"""Every bucket pays, also an empty one; but who goes on asking waits no longer than for one.

It is a transaction by itself, and need not wait for the disk. What is told after it waits for its
row in the audit log, which comes after it in the same write-ahead log: whatever a crash may forget
here was drawn by requests that were not answered.
"""
TAKE_BOTH_SQL: Final = f"""
WITH drawn AS ({_DRAWN}), short AS (
    SELECT n FROM unnest($6::int[], $7::bytea[]) AS whose (n, key) JOIN drawn USING (key)
     WHERE tokens < 0
), wanted AS (
    SELECT key, min(capacity) AS capacity, sum(cost) AS cost
      FROM unnest($8::int[], $9::bytea[], $10::float8[], $12::float8[])
           AS more (n, key, capacity, cost)
     WHERE n NOT IN (SELECT n FROM short) GROUP BY key ORDER BY key
), second AS ({_THEN})
SELECT key, tokens FROM drawn UNION ALL SELECT key, tokens FROM second
"""  # noqa: S608 - constants put together
"""Of several requests, by number: $1 to $5 as before, then which of those keys are whose, and what
each draws on only if none of its own came out empty. Who has nothing left takes nothing of others.
"""

SWEEP_SQL: Final = "DELETE FROM bucket WHERE at < $1"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many at once, refilled evenly."""

    name: str
    """What is limited, for the problem that says so: `caller`, `document`, `address`."""
    key: str = field(repr=False)
    """Whose bucket; kept as a keyed hash."""
    capacity: int
    per_second: float
    cost: float = 1
    """Drawn at once."""


Keyed: TypeAlias = Sequence[tuple[bytes, Limit]]
"""Buckets by the keys under which they are kept."""


@dataclass(frozen=True, slots=True)
class Draw:
    """What one request draws on."""

    first: Keyed
    then: Keyed
    """Only if none of the first is empty."""


@dataclass(slots=True)
class Limits:
    """All limits of a node."""

    database: Database
    keys: KeyProvider
    clock: Callable[[], datetime]
    _local: OrderedDict[bytes, tuple[float, datetime]] = field(
        default_factory=OrderedDict, repr=False
    )
    _short: OrderedDict[tuple[str, str], datetime] = field(default_factory=OrderedDict, repr=False)
    _callers: OrderedDict[tuple[int, str, str], bytes] = field(
        default_factory=OrderedDict, repr=False
    )
    _draws: Gathering[Draw, str | None] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._draws = Gathering(self._shared)

    async def take(self, limits: Sequence[Limit], then: Sequence[Limit] = ()) -> str | None:
        """Draw one from each; the name of the first that is empty, or None.

        then: drawn on with the same statement, and only if none of the others is empty.
        """
        if not limits:
            return await self.take(then) if then else None
        draw = Draw(self._keyed(limits), self._keyed(then))
        try:
            empty = await self._draws.one(draw)
        except (Unavailable, TimeoutError):
            empty = self._alone(draw)
        if empty in CALLERS:
            self._remember([limit for limit in limits if limit.name == empty])
        return empty

    def seem_full(self, limits: Sequence[Limit]) -> bool:
        """None of these was found empty a moment ago, as far as this worker knows."""
        if not self._short:
            return True
        since = self.clock() - MOMENT
        return all(self._short.get((each.name, each.key), since) <= since for each in limits)

    async def sweep(self, before: datetime) -> None:
        """Drop buckets that are full again by now. Raises `Unavailable`."""

        async def write(connection: Connection) -> None:
            await connection.execute(SWEEP_SQL, before)

        await self.database.run(write, repeatable=True)

    async def _shared(self, draws: Sequence[Draw]) -> list[str | None]:
        """What each of them found empty, in the order in which they came."""
        # Whoever came while it was under way waits for two of them.
        async with asyncio.timeout(PATIENCE / 2):
            return await self._drawn(draws)

    async def _drawn(self, draws: Sequence[Draw]) -> list[str | None]:
        left = await self._run(draws)
        empty = dealt([draw.first for draw in draws], left)
        going_on = [n for n, draw in enumerate(draws) if draw.then and empty[n] is None]
        at_once = [n for n in going_on if all(left[key] >= 0 for key, _ in draws[n].first)]
        later = [n for n in going_on if n not in at_once]
        if later:  # before others emptied what they share
            again = await self._run([Draw(draws[n].then, ()) for n in later])
        for some, found in ((at_once, left), (later, again if later else left)):
            for n, name in zip(some, dealt([draws[n].then for n in some], found), strict=True):
                empty[n] = name
        return empty

    async def _run(self, draws: Sequence[Draw]) -> dict[bytes, float]:
        """What all of them left in each bucket."""
        wanted, costs = dict[bytes, Limit](), dict[bytes, float]()
        for key, limit in (pair for draw in draws for pair in draw.first):
            wanted[key] = limit
            costs[key] = costs.get(key, 0.0) + limit.cost
        # In one order everywhere: two workers never wait for each other's rows.
        keys = sorted(wanted)
        capacities = [float(wanted[key].capacity) for key in keys]
        rates = [wanted[key].per_second for key in keys]
        sql, values = TAKE_SQL, [keys, capacities, rates, self.clock(), [costs[k] for k in keys]]
        if then := [(n, *pair) for n, draw in enumerate(draws) for pair in draw.then]:
            whose = [(n, key) for n, draw in enumerate(draws) for key, _ in draw.first]
            sql = TAKE_BOTH_SQL
            values += [[n for n, _ in whose], [key for _, key in whose]]
            values += [[n for n, _, _ in then], [key for _, key, _ in then]]
            values += [[float(limit.capacity) for _, _, limit in then]]
            values += [[limit.per_second for _, _, limit in then]]
            values += [[limit.cost for _, _, limit in then]]

        async def write(connection: Connection) -> list[Any]:
            found: list[Any] = await connection.fetch(sql, *values)
            return found

        return dict(await self.database.run(write))

    def _alone(self, draw: Draw) -> str | None:
        now = self.clock()
        for keyed in (draw.first, draw.then):
            left = [(self._own(key, limit, now), limit.name) for key, limit in keyed]
            if empty := [name for tokens, name in left if tokens < 0]:
                return empty[0]
        return None

    def _remember(self, limits: Sequence[Limit]) -> None:
        now = self.clock()
        for limit in limits:
            self._short.pop((limit.name, limit.key), None)
            self._short[limit.name, limit.key] = now
        while len(self._short) > MAX_LOCAL:
            self._short.popitem(last=False)

    def _own(self, key: bytes, limit: Limit, now: datetime) -> float:
        capacity = max(1.0, limit.capacity / STRICTER)
        tokens, at = self._local.pop(key, (capacity, now))
        passed = max(0.0, (now - at).total_seconds())
        left = min(capacity, tokens + passed * limit.per_second / STRICTER) - limit.cost
        self._local[key] = (max(left, -1.0), now)
        while len(self._local) > MAX_LOCAL:
            self._local.popitem(last=False)
        return left

    def _keyed(self, limits: Sequence[Limit]) -> Keyed:
        """Each once."""
        version = self.keys.hmac_versions()[-1]
        return list({self._key(version, each.name, each.key): each for each in limits}.items())

    def _key(self, version: int, name: str, key: str) -> bytes:
        """Nobody's number or address stands in the table, nor can be guessed back from it."""
        made = self._callers.get((version, name, key))
        if made is None:
            made = self.keys.hmac(version, f"bucket\0{name}\0{key}".encode())
            if name in CALLERS:
                self._callers[version, name, key] = made
            if len(self._callers) > MAX_LOCAL:
                self._callers.popitem(last=False)
        return made


def dealt(draws: Sequence[Keyed], left: Mapping[bytes, float]) -> list[str | None]:
    """The name of the first bucket that each draw found empty, had they come one after another.

    left: what there was in each bucket after all of them.
    """
    tokens = dict(left)
    for key, limit in (pair for draw in draws for pair in draw):
        tokens[key] += limit.cost
    told = list[str | None]()
    for draw in draws:
        for key, limit in draw:
            tokens[key] -= limit.cost
        told.append(next((limit.name for key, limit in draw if tokens[key] < 0), None))
    return told
