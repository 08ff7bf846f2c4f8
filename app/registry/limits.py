"""Token buckets shared by all workers: one statement for all that one request draws on.

Where the database does not answer in time, a worker goes on with a stricter bucket of its own: a
limit that fails open is none, and one that fails closed is an outage.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from app.crypto.signing import KeyProvider
from app.domain.errors import Unavailable
from app.registry.gathering import Gathering
from app.registry.sessions import Connection, Database

PATIENCE: Final = 0.5
"""Seconds to wait for the shared bucket."""
STRICTER: Final = 4
"""A worker alone allows a fourth."""
MAX_LOCAL: Final = 10_000
"""Buckets one worker keeps for itself."""

TAKE_SQL: Final = """
INSERT INTO bucket AS b (key, tokens, at)
SELECT key, capacity - cost, $4
  FROM set_config('synchronous_commit', 'off', true),
       unnest($1::bytea[], $2::float8[], $5::float8[]) AS wanted (key, capacity, cost)
ON CONFLICT (key) DO UPDATE SET
    tokens = least(
        ($2::float8[])[array_position($1::bytea[], b.key)],
        greatest(b.tokens, -1) + greatest(0, extract(epoch FROM $4 - b.at))
            * ($3::float8[])[array_position($1::bytea[], b.key)]
    ) - ($5::float8[])[array_position($1::bytea[], b.key)],
    at = greatest(b.at, $4)
RETURNING key, tokens
"""
"""Every bucket pays, also an empty one; but who goes on asking waits no longer than for one.

It is a transaction by itself, and need not wait for the disk. What is told after it waits for its
row in the audit log, which comes after it in the same write-ahead log: whatever a crash may forget
here was drawn by requests that were not answered.
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


Draw = Sequence[tuple[bytes, Limit]]
"""What one request draws on, by key."""


@dataclass(slots=True)
class Limits:
    """All limits of a node."""

    database: Database
    keys: KeyProvider
    clock: Callable[[], datetime]
    _local: OrderedDict[bytes, tuple[float, datetime]] = field(
        default_factory=OrderedDict, repr=False
    )
    _draws: Gathering[Draw, dict[bytes, float]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._draws = Gathering(self._shared)

    async def take(self, limits: Sequence[Limit]) -> str | None:
        """Draw one from each; the name of the first that is empty, or None."""
        if not limits:
            return None
        keyed = {self._key(limit): limit for limit in limits}
        try:
            left = await self._draws.one(list(keyed.items()))
        except (Unavailable, TimeoutError):
            now = self.clock()
            left = {key: self._own(key, limit, now) for key, limit in keyed.items()}
        return next((limit.name for key, limit in keyed.items() if left[key] < 0), None)

    async def sweep(self, before: datetime) -> None:
        """Drop buckets that are full again by now. Raises `Unavailable`."""

        async def write(connection: Connection) -> None:
            await connection.execute(SWEEP_SQL, before)

        await self.database.run(write, repeatable=True)

    async def _shared(self, draws: Sequence[Draw]) -> list[dict[bytes, float]]:
        """What each of them left in its buckets, in the order in which they came."""
        wanted = {key: limit for draw in draws for key, limit in draw}
        costs = dict.fromkeys(wanted, 0.0)
        for key, limit in (pair for draw in draws for pair in draw):
            costs[key] += limit.cost
        # In one order everywhere: two workers never wait for each other's rows.
        keys = sorted(wanted)
        capacities = [float(wanted[key].capacity) for key in keys]
        rates = [wanted[key].per_second for key in keys]
        drawn, now = [costs[key] for key in keys], self.clock()

        async def write(connection: Connection) -> list[Any]:
            found: list[Any] = await connection.fetch(TAKE_SQL, keys, capacities, rates, now, drawn)
            return found

        # Whoever came while it was under way waits for two of them.
        async with asyncio.timeout(PATIENCE / 2):
            rows = await self.database.run(write)
        left = {key: tokens + costs[key] for key, tokens in rows}
        told = list[dict[bytes, float]]()
        for draw in draws:
            for key, limit in draw:
                left[key] -= limit.cost
            told.append({key: left[key] for key, _ in draw})
        return told

    def _own(self, key: bytes, limit: Limit, now: datetime) -> float:
        capacity = max(1.0, limit.capacity / STRICTER)
        tokens, at = self._local.pop(key, (capacity, now))
        passed = max(0.0, (now - at).total_seconds())
        left = min(capacity, tokens + passed * limit.per_second / STRICTER) - limit.cost
        self._local[key] = (max(left, -1.0), now)
        while len(self._local) > MAX_LOCAL:
            self._local.popitem(last=False)
        return left

    def _key(self, limit: Limit) -> bytes:
        """Nobody's number or address stands in the table, nor can be guessed back from it."""
        version = self.keys.hmac_versions()[-1]
        return self.keys.hmac(version, f"bucket\0{limit.name}\0{limit.key}".encode())
