"""Accepted lists as others fetch them here: the signed form, octet for octet."""

from dataclasses import dataclass, field
from typing import Any, Final

from app.registry.sessions import Connection, Database

_COLUMNS: Final = """l.publisher, l.number, l.address,
       CASE WHEN l.address = ANY ($1::text[]) THEN NULL ELSE l.raw END"""
"""$1: addresses that whoever asks has; megabytes that are not sent are not loaded either."""
LATEST_SQL: Final = f"""
SELECT {_COLUMNS} FROM trust_source s
  JOIN trust_list l ON l.publisher = s.publisher AND l.number = s.held
 WHERE $2::text IS NULL OR s.publisher = $2
 ORDER BY s.own DESC, s.ordinal LIMIT 1
"""  # noqa: S608 - a constant list of columns
"""Without a name: the node's own list, if it publishes one, else the first it follows."""
NUMBERED_SQL: Final = f"""
SELECT {_COLUMNS} FROM trust_list l WHERE l.publisher = $2 AND l.number = $3
"""  # noqa: S608 - a constant list of columns


@dataclass(frozen=True, slots=True)
class ServedList:
    """One list, as it was accepted."""

    publisher: str
    number: int
    address: str
    raw: bytes | None = field(repr=False)
    """None: whoever asks has it."""


@dataclass(frozen=True, slots=True)
class PublishedLists:
    """Fits `routers.state.TrustLists`."""

    database: Database

    async def latest(
        self, publisher: str | None, known: frozenset[str] = frozenset()
    ) -> ServedList | None:
        """Raises `Unavailable`."""
        return await self._one(LATEST_SQL, known, publisher)

    async def numbered(
        self, publisher: str, number: int, known: frozenset[str] = frozenset()
    ) -> ServedList | None:
        """Raises `Unavailable`."""
        return await self._one(NUMBERED_SQL, known, publisher, number)

    async def _one(self, sql: str, known: frozenset[str], *values: object) -> ServedList | None:
        async def look(connection: Connection) -> Any:
            return await connection.fetchrow(sql, sorted(known), *values)

        row = await self.database.run(look, repeatable=True)
        return None if row is None else ServedList(*row)
