"""Operators of the console: added by command, let in by password and code, locked by failures."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, select, update

from app.crypto.signing import KeyProvider
from app.domain.caller import Scope, powers_of
from app.domain.errors import Refused
from app.models import OperatorRow, OperatorSessionRow
from app.models.operator import LOOKING
from app.registry.merge import Change, alone, merge
from app.registry.sessions import Connection, Database, ReadSession, WriteSession

TRIES: Final = 5
"""Wrong passwords or codes in a row; then nobody is let in under that name for a while."""
LOCKED: Final = timedelta(minutes=15)
IDLE: Final = timedelta(minutes=15)
"""A session unused for so long is over (GB/T 22239 8.1.4.1)."""
LONGEST: Final = timedelta(hours=8)

_SCOPES: Final = {scope.value: scope for scope in Scope}

FOUND_SQL: Final = """
SELECT password, totp FROM operator
 WHERE name = $1 AND ended_at IS NULL AND (locked_until IS NULL OR locked_until <= $2)
"""
FAILED_SQL: Final = """
UPDATE operator SET failures = CASE WHEN failures + 1 >= $3 THEN 0 ELSE failures + 1 END,
       locked_until = CASE WHEN failures + 1 >= $3 THEN $2 ELSE locked_until END
 WHERE name = $1
"""
BEGIN_SQL: Final = """
WITH taken AS (
    UPDATE operator SET totp_step = $2, failures = 0
     WHERE name = $1 AND totp_step < $2 AND ended_at IS NULL
       AND (locked_until IS NULL OR locked_until <= $4)
    RETURNING name),
old AS (DELETE FROM operator_session WHERE ends_at <= $4)
INSERT INTO operator_session (digest, operator, begun_at, used_at, ends_at)
SELECT $3, name, $4, $4, $5 FROM taken RETURNING operator
"""
"""Takes the code and begins the session in one: of two who bring the same code, one is let in."""
USE_SQL: Final = """
UPDATE operator_session s SET used_at = $2 FROM operator o
 WHERE s.digest = $1 AND o.name = s.operator AND o.ended_at IS NULL
   AND s.ends_at > $2 AND s.used_at > $3
RETURNING o.name, o.scopes
"""
END_SQL: Final = "DELETE FROM operator_session WHERE digest = $1"


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody let in, and what they may see."""

    name: str
    scopes: frozenset[Scope]


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody has to prove."""

    password: str = field(repr=False)
    secret: bytes = field(repr=False)


async def add_operator(
    session: WriteSession, keys: KeyProvider, operator: Operator, credentials: Credentials
) -> Change:
    """Register somebody, or give them a new password and secret; their sessions end.

    Raises `Refused` for scopes of two powers (三权分立).
    """
    if not operator.scopes <= set(LOOKING):
        raise Refused("scope", f"the console shows {', '.join(LOOKING)}")
    if len(powers_of(operator.scopes)) != 1:
        raise Refused("scope", "scopes of one operator are of one power (三权分立)")
    await alone(session)
    s = OperatorSessionRow
    await session.execute(delete(s).where(s.operator == operator.name))
    wanted = {
        "name": operator.name,
        "scopes": sorted(operator.scopes),
        "password": credentials.password,
        "totp": keys.encrypt(credentials.secret, _context(operator.name)),
        "failures": 0,
        "locked_until": None,
    }
    return (await merge(session, OperatorRow, [wanted]))[0]


async def end_operator(session: WriteSession, name: str, now: datetime) -> None:
    """Nobody is let in under that name any more, and their sessions end. Raises `Refused`."""
    r, s = OperatorRow, OperatorSessionRow
    ended = update(r).where(r.name == name, r.ended_at.is_(None)).values(ended_at=now)
    if await session.scalar(ended.returning(r.name)) is None:
        raise Refused("name", "there is no such operator, or no longer")
    await session.execute(delete(s).where(s.operator == name))


async def list_operators(session: ReadSession) -> Sequence[tuple[str, list[str], datetime | None]]:
    """By name: scopes, and since when they are no longer let in."""
    r = OperatorRow
    found = await session.execute(select(r.name, r.scopes, r.ended_at).order_by(r.name))
    return [(row[0], row[1], row[2]) for row in found]


def _context(name: str) -> bytes:
    return f"operator\0{name}".encode()


@dataclass(frozen=True, slots=True)
class PostgresOperators:
    """Fits `services.console.Operators`."""

    database: Database = field(repr=False)
    keys: KeyProvider = field(repr=False)

    async def found(self, name: str, now: datetime) -> Credentials | None:
        """None: nobody of that name, ended, or locked; they all look alike. `Unavailable`."""
        row = await self._row(FOUND_SQL, name, now)
        if row is None:
            return None
        return Credentials(row["password"], self.keys.decrypt(row["totp"], _context(name)))

    async def failed(self, name: str, now: datetime) -> None:
        """One more failure; the fifth in a row locks. Raises `Unavailable`."""
        await self._row(FAILED_SQL, name, now + LOCKED, TRIES)

    async def begin(self, name: str, step: int, digest: bytes, now: datetime) -> bool:
        """A session; False: the code was used before. Raises `Unavailable`."""
        return await self._row(BEGIN_SQL, name, step, digest, now, now + LONGEST) is not None

    async def use(self, digest: bytes, now: datetime) -> Operator | None:
        """Whose session it is; None: there is none, or it is over. Raises `Unavailable`."""
        row = await self._row(USE_SQL, digest, now, now - IDLE)
        if row is None:
            return None
        return Operator(row["name"], frozenset(_SCOPES[each] for each in row["scopes"]))

    async def end(self, digest: bytes) -> None:
        """Raises `Unavailable`."""
        await self._row(END_SQL, digest)

    async def _row(self, sql: str, *values: object) -> Any:
        async def work(connection: Connection) -> Any:
            return await connection.fetchrow(sql, *values)

        return await self.database.run(work)
