"""How issuers fared: sums of all workers, read back for people. Nothing of any license."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from app.domain.conduct import Conduct, together
from app.domain.identifier import IssuerCode, TypeCode
from app.domain.issuer import Silence
from app.registry.sessions import Connection, Database

KEPT: Final = timedelta(days=31)
"""How long minutes are kept."""

ADD_SQL: Final = """
INSERT INTO issuer_health AS h (issuer, minute, asked, answered, repeated, rested, retried, probes,
                                conflicts, seconds, slots, silences, silent)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (issuer, minute) DO UPDATE SET
    asked = h.asked + EXCLUDED.asked, answered = h.answered + EXCLUDED.answered,
    repeated = h.repeated + EXCLUDED.repeated, rested = h.rested + EXCLUDED.rested,
    retried = h.retried + EXCLUDED.retried, probes = h.probes + EXCLUDED.probes,
    conflicts = h.conflicts + EXCLUDED.conflicts, seconds = h.seconds + EXCLUDED.seconds,
    slots = (SELECT array_agg(a + b ORDER BY i)
               FROM unnest(h.slots, EXCLUDED.slots) WITH ORDINALITY AS u (a, b, i)),
    silences = h.silences || EXCLUDED.silences, silent = h.silent || EXCLUDED.silent
"""
READ_SQL: Final = """
SELECT asked, answered, repeated, rested, retried, probes, conflicts, seconds, slots, silences,
       silent, minute
  FROM issuer_health WHERE issuer = $1 AND minute >= $2
"""
SWEEP_SQL: Final = "DELETE FROM issuer_health WHERE minute < $1"
ENDS_SQL: Final = """
SELECT key_id, uses, not_after FROM issuer_key
 WHERE owner = $1 AND revoked_at IS NULL AND not_after IS NOT NULL AND not_after > $2
 ORDER BY not_after LIMIT 16
"""
QUIET_SQL: Final = """
SELECT e.issuer, own.type FROM issuer_endpoint e JOIN issuer i ON i.code = e.issuer
  JOIN LATERAL (
    SELECT t.type FROM unnest(i.types) WITH ORDINALITY AS t (type, place) WHERE NOT EXISTS (
        SELECT FROM succession s WHERE s.issuer = i.code AND s.type = t.type AND s.since <= now())
     ORDER BY t.place LIMIT 1) own ON true
 WHERE e.kind = 'issuer' AND NOT EXISTS (
    SELECT FROM issuer_health h WHERE h.issuer = e.issuer AND h.minute >= $1 AND h.asked > 0)
 ORDER BY e.issuer LIMIT 1000
"""
"""With a type that nobody took over: about others somebody else is asked."""
KNOWN_SQL: Final = "SELECT name, name_en FROM issuer WHERE code = $1"


@dataclass(frozen=True, slots=True)
class KeyEnd:
    """A key that ends."""

    key_id: str
    uses: tuple[str, ...]
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Of one body."""

    name: str
    name_en: str
    hour: Conduct
    day: Conduct
    last_asked: datetime | None
    key_ends: tuple[KeyEnd, ...]


@dataclass(frozen=True, slots=True)
class PostgresLedger:
    """Fits `services.watching.Ledger`."""

    database: Database = field(repr=False)

    async def add(self, parts: Mapping[tuple[IssuerCode, datetime], Conduct]) -> None:
        """All of them, or none. Raises `Unavailable`."""
        # In one order in every worker: none waits for a row of another that waits for its own.
        rows = [_row(*part, conduct) for part, conduct in sorted(parts.items(), key=lambda p: p[0])]

        async def write(connection: Connection) -> None:
            async with connection.transaction():
                await connection.executemany(ADD_SQL, rows)

        await self.database.run(write)

    async def health(self, issuer: IssuerCode, now: datetime) -> Health | None:
        """None for a body nobody registered. Raises `Unavailable`."""

        async def read(connection: Connection) -> Any:
            known = await connection.fetchrow(KNOWN_SQL, issuer)
            minutes = await connection.fetch(READ_SQL, issuer, now - timedelta(days=1))
            return known, minutes, await connection.fetch(ENDS_SQL, issuer, now)

        known, minutes, ends = await self.database.run(read, repeatable=True)
        if known is None:
            return None
        since = now - timedelta(hours=1)
        asked = [row["minute"] for row in minutes if row["asked"]]
        return Health(
            name=known["name"],
            name_en=known["name_en"],
            hour=together(_conduct(row) for row in minutes if row["minute"] >= since),
            day=together(map(_conduct, minutes)),
            last_asked=max(asked, default=None),
            key_ends=tuple(KeyEnd(row[0], tuple(row[1]), row[2]) for row in ends),
        )

    async def quiet(self, since: datetime) -> list[tuple[IssuerCode, TypeCode]]:
        """Bodies with an endpoint of their own that nobody asked since; one type of each.

        Raises `Unavailable`.
        """

        async def read(connection: Connection) -> Any:
            return await connection.fetch(QUIET_SQL, since)

        rows = await self.database.run(read, repeatable=True)
        return [(IssuerCode(row[0]), TypeCode(row[1])) for row in rows]

    async def sweep(self, now: datetime) -> None:
        """Drop minutes that are old. Raises `Unavailable`."""

        async def write(connection: Connection) -> None:
            await connection.execute(SWEEP_SQL, now - KEPT)

        await self.database.run(write, repeatable=True)


def _row(issuer: IssuerCode, minute: datetime, c: Conduct) -> tuple[object, ...]:
    words = sorted(c.silences)
    counts = (c.asked, c.answered, c.repeated, c.rested, c.retried, c.probes, c.conflicts)
    return (
        *(issuer, minute, *counts, c.seconds, list(c.slots)),
        *([word.value for word in words], [c.silences[word] for word in words]),
    )


def _conduct(row: Any) -> Conduct:
    silences: dict[Silence, int] = {}
    for word, count in zip(row["silences"], row["silent"], strict=True):
        silences[Silence(word)] = silences.get(Silence(word), 0) + count
    return Conduct(
        asked=row["asked"],
        answered=row["answered"],
        repeated=row["repeated"],
        rested=row["rested"],
        retried=row["retried"],
        probes=row["probes"],
        conflicts=row["conflicts"],
        seconds=row["seconds"],
        slots=tuple(row["slots"]),
        silences=silences,
    )
