"""What a node tells its operators: counts, health, conflicts, what ends soon, and audit rows.

Nothing of any license but its issuer and type, nothing of any person. The console and the
interface (`/v1/statistics/…`, `/v1/issuers/health`, `/v1/trust/endings`, `/v1/conflicts`,
`/v1/audit`) tell what these functions read, and nothing else.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeVar

from app.crypto.certificates import read_certificate
from app.domain.conduct import SLOTS
from app.domain.errors import Malformed
from app.registry.sessions import Connection, Database

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
SOON: Final = timedelta(days=90)
SHOWN: Final = 100
"""Rows told at once."""

COUNTS_SQL: Final = """
SELECT conclusion, reason, count(*) AS n FROM verification
 WHERE at >= $1 AND at < $2 GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
"""
SLOTS_SQL: Final = """
SELECT i AS slot, sum(n)::bigint AS n FROM issuer_health, unnest(slots) WITH ORDINALITY AS u (n, i)
 WHERE minute >= $1 GROUP BY i ORDER BY i
"""
HEALTH_SQL: Final = f"""
WITH h AS (
    SELECT issuer, sum(asked)::bigint AS asked, sum(answered)::bigint AS answered,
           sum(rested)::bigint AS rested, sum(conflicts)::bigint AS conflicts,
           sum(seconds) AS seconds, max(minute) FILTER (WHERE asked > 0) AS last_asked
      FROM issuer_health WHERE minute >= $1 GROUP BY issuer
), told AS (
    SELECT i.code, i.name, i.name_en, coalesce(h.asked, 0) AS asked,
           coalesce(h.answered, 0) AS answered, coalesce(h.rested, 0) AS rested,
           coalesce(h.conflicts, 0) AS conflicts, coalesce(h.seconds, 0) AS seconds, h.last_asked,
           CASE WHEN $2 THEN coalesce(h.asked - h.answered, 0) ELSE 0 END AS silent
      FROM issuer i LEFT JOIN h ON h.issuer = i.code
     WHERE h.issuer IS NOT NULL OR EXISTS (SELECT FROM issuer_endpoint e WHERE e.issuer = i.code)
)
SELECT * FROM told WHERE $3::bigint IS NULL OR (-silent, code) > (-$3, $4::text)
 ORDER BY silent DESC, code LIMIT {SHOWN}
"""  # noqa: S608 - a constant
CONFLICTS_SQL: Final = f"""
SELECT v.at, v.conclusion, v.reason, v.policy, v.issuer, i.name, i.name_en, v.type,
       encode(sha256(convert_to(v.id, 'UTF8')), 'hex') AS mark
  FROM verification v LEFT JOIN issuer i ON i.code = v.issuer
 WHERE v.conflict AND v.at >= $1 AND v.at < $2
   AND ($3::timestamptz IS NULL
        OR (v.at, encode(sha256(convert_to(v.id, 'UTF8')), 'hex')) < ($3, $4::text))
 ORDER BY v.at DESC, mark DESC LIMIT {SHOWN}
"""  # noqa: S608 - a constant
"""Of a report's id, which opens it, only a digest is told: 128 random bits are not guessed back."""
ENDS_SQL: Final = f"""
SELECT kind, name, at FROM (
    SELECT 'key' AS kind, owner || ' ' || key_id AS name, not_after AS at FROM issuer_key
     WHERE revoked_at IS NULL
    UNION ALL SELECT 'node_key', k.node || ' ' || k.key_id, k.not_after
      FROM peer_key k JOIN peer_node n ON n.id = k.node
     WHERE k.revoked_at IS NULL AND n.revoked_at IS NULL
    UNION ALL SELECT 'delegation', issuer || ' ' || delegate || ' ' || type || ' ' || kind,
           not_after FROM delegation WHERE revoked_at IS NULL
    UNION ALL SELECT 'crl', sha256, next_update FROM (
        SELECT DISTINCT ON (issuer) sha256, next_update FROM revocation_list
         ORDER BY issuer, this_update DESC) AS newest
    UNION ALL SELECT 'list', l.publisher || ' #' || l.number, l.expires_at
      FROM trust_list l JOIN trust_source s ON s.publisher = l.publisher AND s.held = l.number
) AS e WHERE at > $1 AND at <= $2
   AND ($3::timestamptz IS NULL OR (at, kind COLLATE "C", name COLLATE "C") > ($3, $4, $5))
 ORDER BY at, kind COLLATE "C", name COLLATE "C" LIMIT {SHOWN}
"""  # noqa: S608 - a constant
CERTIFICATES_SQL: Final = """
SELECT 'anchor' AS kind, sha256, der, until FROM anchor
UNION ALL SELECT 'intermediate', sha256, der, NULL FROM intermediate
"""
AUDIT_SQL: Final = f"""
SELECT chain, seq, at, tenant, operation, body FROM audit
 WHERE at >= $1 AND at < $2 AND ($3::text IS NULL OR operation = $3)
   AND ($4::text IS NULL OR tenant = $4)
   AND ($5::timestamptz IS NULL OR at < $5 OR (at = $5 AND (-chain, seq) < (-$6::int, $7::bigint)))
 ORDER BY at DESC, chain, seq DESC LIMIT {SHOWN}
"""  # noqa: S608 - a constant

Row = Any


@dataclass(frozen=True, slots=True)
class Span:
    """From a moment up to another, which is not in it."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Count:
    """Verdicts of one conclusion and reason."""

    conclusion: str
    reason: str | None
    """None: valid."""
    count: int


@dataclass(frozen=True, slots=True)
class Slot:
    """Questions to issuers that took up to so many seconds, and longer than those before."""

    seconds: float | None
    """None: longer than all others."""
    count: int


class Ends(StrEnum):
    """What comes to an end."""

    KEY = "key"
    """Of a body: signs licenses, copies or answers."""
    NODE_KEY = "node_key"
    """Of a node that asks this one."""
    DELEGATION = "delegation"
    ANCHOR = "anchor"
    INTERMEDIATE = "intermediate"
    CRL = "crl"
    LIST = "list"


class Ending(NamedTuple):
    """Something that ends; they compare in the order they are told in."""

    at: datetime
    kind: Ends
    name: str
    """Owner and key id; issuer, delegate, type and kind; publisher and number; else SHA-256."""


@dataclass(frozen=True, slots=True)
class Fare:
    """How one issuer's interface fared within a day."""

    issuer: str
    name: str
    name_en: str
    asked: int
    answered: int
    rested: int
    conflicts: int
    seconds: float
    last_asked: datetime | None

    @property
    def silent(self) -> int:
        """Questions without an answer that could be used."""
        return self.asked - self.answered

    @property
    def availability(self) -> int | None:
        """Per cent, rounded down; None: nobody asked."""
        return self.answered * 100 // self.asked if self.asked else None

    @property
    def mean(self) -> int | None:
        """Milliseconds; None: nobody asked."""
        return round(self.seconds * 1000 / self.asked) if self.asked else None


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A verdict whose sources contradicted each other."""

    at: datetime
    conclusion: str
    reason: str | None
    policy: str
    issuer: str | None
    name: str | None
    name_en: str | None
    type: str | None
    mark: str
    """Tells it from others of the same moment; opens nothing."""


@dataclass(frozen=True, slots=True)
class Logged:
    """One row of the audit log, as far as it is told."""

    at: datetime
    chain: int
    seq: int
    operation: str
    tenant: str | None
    caller: str | None
    address: str | None
    """Network prefix, as the log holds it."""
    result: str | None
    conclusion: str | None
    reason: str | None
    issuer: str | None
    type: str | None


class AfterFare(NamedTuple):
    """The last body of the page before."""

    silent: int
    issuer: str


class AfterContradiction(NamedTuple):
    """The last verdict of the page before."""

    at: datetime
    mark: str


class AfterLogged(NamedTuple):
    """The last row of the page before."""

    at: datetime
    chain: int
    seq: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows of the audit log."""

    span: Span
    operation: str | None = None
    tenant: str | None = None


Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class PostgresOverview:
    """Reads, in one short statement each; each raises `Unavailable`. Lists come `SHOWN` at once."""

    database: Database = field(repr=False)

    async def counts(self, span: Span) -> list[Count]:
        """Verdicts by conclusion and reason, most first."""
        return await self._told(lambda row: Count(*row), COUNTS_SQL, span.since, span.until)

    async def latency(self, now: datetime) -> list[Slot]:
        """Questions of a day by how long their answers took, every slot there is."""
        rows = await self._told(tuple, SLOTS_SQL, now - DAY)
        counted = dict(rows)
        return [Slot(end, counted.get(i, 0)) for i, end in enumerate((*SLOTS, None), start=1)]

    async def health(
        self, now: datetime, *, worst_first: bool, after: AfterFare | None = None
    ) -> list[Fare]:
        """Of a day, every body that has an endpoint or was asked: by code, or those with most
        questions unanswered first.
        """
        place = after or (None, None)
        return await self._told(_fare, HEALTH_SQL, now - DAY, worst_first, *place)

    async def conflicts(
        self, span: Span, after: AfterContradiction | None = None
    ) -> list[Contradiction]:
        """Verdicts where sources contradicted each other, newest first."""
        place = after or (None, None)
        values = (span.since, span.until, *place)
        return await self._told(lambda row: Contradiction(*row), CONFLICTS_SQL, *values)

    async def ends(self, span: Span, after: Ending | None = None) -> list[Ending]:
        """Keys, authorities, revocation and trust lists that end after `since` and not after
        `until`, soonest first.

        An authority ends where its certificate does, or earlier, where trust in it does.
        """
        place = after or (None, None, None)
        rows = await self._told(_ending, ENDS_SQL, span.since, span.until, *place)
        certificates = await self._told(tuple, CERTIFICATES_SQL)
        found = [
            each
            for each in _authorities(certificates)
            if span.since < each.at <= span.until and (after is None or each > after)
        ]
        return sorted([*rows, *found])[:SHOWN]

    async def audit(self, wanted: Wanted, after: AfterLogged | None = None) -> list[Logged]:
        """Rows of the audit log, newest first."""
        span, place = wanted.span, after or (None, None, None)
        values = (span.since, span.until, wanted.operation, wanted.tenant, *place)
        return await self._told(_logged, AUDIT_SQL, *values)

    async def _told(self, of: Callable[[Row], Told], sql: str, *values: object) -> list[Told]:
        async def read(connection: Connection) -> Any:
            return await connection.fetch(sql, *values)

        return [of(row) for row in await self.database.run(read, repeatable=True)]


def _fare(row: Row) -> Fare:
    return Fare(
        issuer=row["code"],
        name=row["name"],
        name_en=row["name_en"],
        asked=row["asked"],
        answered=row["answered"],
        rested=row["rested"],
        conflicts=row["conflicts"],
        seconds=row["seconds"],
        last_asked=row["last_asked"],
    )


def _ending(row: Row) -> Ending:
    return Ending(row["at"], Ends(row["kind"]), row["name"])


def _authorities(rows: Iterable[Row]) -> Iterable[Ending]:
    for kind, sha256, der, until in rows:
        try:
            ends = read_certificate(bytes(der)).not_after
        except Malformed:  # `trust doctor` speaks of it
            if until is None:
                continue
            ends = until
        yield Ending(min(ends, until) if until else ends, Ends(kind), sha256)


def _logged(row: Row) -> Logged:
    event = json.loads(row["body"])
    return Logged(
        at=row["at"],
        chain=row["chain"],
        seq=row["seq"],
        operation=row["operation"],
        tenant=row["tenant"],
        caller=event.get("caller"),
        address=event.get("address"),
        result=event.get("result"),
        conclusion=event.get("conclusion"),
        reason=event.get("reason"),
        issuer=event.get("issuer"),
        type=event.get("type"),
    )
