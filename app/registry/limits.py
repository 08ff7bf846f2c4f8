"""Token buckets shared by all workers: one statement for all that one request draws on.

Where the database does not answer in time, a worker goes on with a stricter bucket of its own: a
limit that fails open is none, and one that fails closed is an outage.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from app.crypto.signing import KeyProvider
from app.domain.errors import Unavailable
from app.registry.sessions import Connection, Database

PATIENCE: Final = 0.5
"""Seconds to wait for the shared bucket."""
STRICTER: Final = 4
"""A worker alone allows a fourth."""
MAX_LOCAL: Final = 10_000
"""Buckets one worker keeps for itself."""

TAKE_SQL: Final = """
INSERT INTO bucket AS b (key, tokens, at)
SELECT key, capacity - cost, $4 FROM unnest($1::bytea[], $2::float8[], $5::float8[])
    AS wanted (key, capacity, cost)
ON CONFLICT (key) DO UPDATE SET
    tokens = least(
        (SELECT capacity FROM unnest($1::bytea[], $2::float8[]) AS w (key, capacity)
          WHERE w.key = b.key),
        b.tokens + greatest(0, extract(epoch FROM $4 - b.at)) * (
            SELECT per_second FROM unnest($1::bytea[], $3::float8[]) AS w (key, per_second)
             WHERE w.key = b.key)
    ) - (SELECT cost FROM unnest($1::bytea[], $5::float8[]) AS w (key, cost) WHERE w.key = b.key),
    at = greatest(b.at, $4)
RETURNING key, tokens
"""
"""Every bucket pays, also an empty one: who goes on asking waits on, but never for long."""

FLOOR_SQL: Final = "UPDATE bucket SET tokens = -1 WHERE key = ANY ($1::bytea[]) AND tokens < -1"
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


@dataclass(slots=True)
class Limits:
    """All limits of a node."""

    database: Database
    keys: KeyProvider
    clock: Callable[[], datetime]
    _local: OrderedDict[bytes, tuple[float, datetime]] = field(
        default_factory=OrderedDict, repr=False
    )

    async def take(self, limits: Sequence[Limit]) -> str | None:
        """Draw one from each; the name of the first that is empty, or None."""
        if not limits:
            return None
        keyed = {self._key(limit): limit for limit in limits}
        now = self.clock()
        try:
            async with asyncio.timeout(PATIENCE):
                left = await self._shared(keyed, now)
        except (Unavailable, TimeoutError):
            left = {key: self._own(key, limit, now) for key, limit in keyed.items()}
        return next((keyed[key].name for key, tokens in left.items() if tokens < 0), None)

    async def sweep(self, before: datetime) -> None:
        """Drop buckets that are full again by now. Raises `Unavailable`."""

        async def write(connection: Connection) -> None:
            await connection.execute(SWEEP_SQL, before)

        await self.database.run(write, repeatable=True)

    async def _shared(self, keyed: dict[bytes, Limit], now: datetime) -> dict[bytes, float]:
        # In one order everywhere: two requests never wait for each other's rows.
        keys = sorted(keyed)
        capacities = [float(keyed[key].capacity) for key in keys]
        rates = [keyed[key].per_second for key in keys]
        costs = [float(keyed[key].cost) for key in keys]

        async def write(connection: Connection) -> dict[bytes, float]:
            rows = await connection.fetch(TAKE_SQL, keys, capacities, rates, now, costs)
            left = {bytes(row["key"]): row["tokens"] for row in rows}
            if low := [key for key, tokens in left.items() if tokens < -1]:
                await connection.execute(FLOOR_SQL, low)
            return left

        return await self.database.run(write)

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
