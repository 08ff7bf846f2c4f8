"""The public lists: who issues what, which types there are, whose word is followed, and how issuers
answer. Nothing of any license, caller or inquiry; read at most once a minute by each worker.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from app.domain.identifier import IssuerCode, TypeCode
from app.registry.flight import Flights
from app.registry.sessions import Connection, Database

FRESH: Final = timedelta(minutes=1)
"""How long what was read is shown."""
MAX_BODIES: Final = 20_000
MAX_TYPES: Final = 5_000
STEADY: Final = 0.99
"""Of questions of a day that were answered; below it an issuer answers with gaps."""

BODIES_SQL: Final = """
SELECT i.code, i.name, i.name_en, i.region, i.types,
       EXISTS (SELECT FROM issuer_endpoint e WHERE e.issuer = i.code),
       h.asked, h.answered
  FROM issuer i LEFT JOIN (
    SELECT issuer, sum(asked)::bigint AS asked, sum(answered)::bigint AS answered
      FROM issuer_health WHERE minute >= $1 GROUP BY issuer) h ON h.issuer = i.code
 ORDER BY i.code LIMIT $2
"""
TYPES_SQL: Final = """
SELECT code, name, name_en, must_be_sealed, max_status_age FROM license_type ORDER BY code LIMIT $1
"""
LISTS_SQL: Final = """
SELECT s.publisher, s.own, s.held, l.issued_at, l.accepted_at, l.expires_at
  FROM trust_source s
  LEFT JOIN trust_list l ON l.publisher = s.publisher AND l.number = s.held
 ORDER BY s.own DESC, s.ordinal
"""
LAST_SQL: Final = """
SELECT greatest((SELECT max(recorded_at) FROM issuer),
                (SELECT max(greatest(recorded_at, revoked_at)) FROM issuer_key),
                (SELECT max(recorded_at) FROM license_type))
"""


class Availability(StrEnum):
    """How an issuer answered over the last day, as far as the public is told: no numbers, which
    would say how many people asked about whom.
    """

    STEADY = "steady"
    GAPS = "gaps"
    SILENT = "silent"
    UNASKED = "unasked"
    NO_ENDPOINT = "no_endpoint"


@dataclass(frozen=True, slots=True)
class Body:
    """A registered issuer."""

    code: IssuerCode
    name: str
    name_en: str
    region: str | None
    types: tuple[TypeCode, ...]
    availability: Availability


@dataclass(frozen=True, slots=True)
class Kind:
    """A registered type of license."""

    code: TypeCode
    name: str
    name_en: str
    sealed: bool
    """Whether a file of it has to bear a seal."""
    status_age: timedelta
    """How old its issuer's word may be."""


@dataclass(frozen=True, slots=True)
class ListStanding:
    """A trust list this node publishes or follows."""

    publisher: str
    own: bool
    number: int
    """0: none accepted yet."""
    issued_at: datetime | None
    accepted_at: datetime | None
    expires_at: datetime | None

    def late(self, now: datetime) -> bool:
        return self.expires_at is None or self.expires_at < now


@dataclass(frozen=True, slots=True)
class Directory:
    """All of it, as it was at one moment."""

    at: datetime
    bodies: tuple[Body, ...] = ()
    kinds: tuple[Kind, ...] = ()
    lists: tuple[ListStanding, ...] = ()
    last: datetime | None = None
    """When an issuer, key or type was registered last, or a key revoked; None: nothing is."""


@dataclass(slots=True)
class PostgresDirectory:
    """Fits `routers.state.Lists`."""

    database: Database = field(repr=False)
    clock: Callable[[], datetime]
    _flights: Flights[str, Directory] = field(default_factory=Flights, repr=False)
    _kept: Directory | None = field(default=None, repr=False)

    async def look(self) -> Directory:
        """One transaction for all who wait. Raises `Unavailable`."""
        now, kept = self.clock(), self._kept
        if kept is not None and now - kept.at < FRESH:
            return kept
        return await self._flights.once("all", self._read)

    async def _read(self) -> Directory:
        now = self.clock()

        async def read(connection: Connection) -> Any:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                return (
                    await connection.fetch(BODIES_SQL, now - timedelta(days=1), MAX_BODIES),
                    await connection.fetch(TYPES_SQL, MAX_TYPES),
                    await connection.fetch(LISTS_SQL),
                    await connection.fetchval(LAST_SQL),
                )

        bodies, kinds, lists, last = await self.database.run(read, repeatable=True)
        self._kept = Directory(
            now,
            tuple(map(_body, bodies)),
            tuple(Kind(TypeCode(row[0]), *row[1:]) for row in kinds),
            tuple(ListStanding(*row) for row in lists),
            last,
        )
        return self._kept


def _body(row: Any) -> Body:
    code, name, name_en, region, types, endpoint, asked, answered = row
    return Body(
        IssuerCode(code),
        name,
        name_en,
        region,
        tuple(map(TypeCode, types)),
        availability(endpoint=endpoint, asked=asked or 0, answered=answered or 0),
    )


def availability(*, endpoint: bool, asked: int, answered: int) -> Availability:
    """In one word."""
    if asked:
        if not answered:
            return Availability.SILENT
        return Availability.STEADY if answered >= STEADY * asked else Availability.GAPS
    return Availability.UNASKED if endpoint else Availability.NO_ENDPOINT
