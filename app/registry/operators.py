"""Operators of the console: added by command, let in by password and code or by their own key."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, select, update

from app.crypto.keys import PublicKey
from app.crypto.signing import KeyProvider
from app.domain.caller import Scope, powers_of
from app.domain.errors import Malformed, Refused
from app.domain.scheme import Scheme
from app.models import OperatorRow, OperatorSessionRow, PersonKeyRow
from app.models.operator import LOOKING
from app.registry.making.statements import VerifyKey
from app.registry.merge import Change, alone, merge
from app.registry.sessions import Connection, Database, ReadSession, WriteSession

TRIES: Final = 5
"""Times within `LOCKED` that somebody had one of password and code, and not the other; then no
password lets anybody in under that name for a while. Whoever has neither locks nobody out."""
LOCKED: Final = timedelta(minutes=15)
IDLE: Final = timedelta(minutes=15)
"""A session unused for so long is over (GB/T 22239 8.1.4.1)."""
LONGEST: Final = timedelta(hours=8)

_SCOPES: Final = {scope.value: scope for scope in Scope}

FOUND_SQL: Final = """
SELECT password, totp FROM operator
 WHERE name = $1 AND ended_at IS NULL AND password IS NOT NULL
   AND (locked_until IS NULL OR locked_until <= $2)
"""
FAILED_SQL: Final = """
WITH o AS (
    SELECT name, failed_at IS NOT NULL AND failed_at > $2::timestamptz - $4::interval AS counts,
           failures FROM operator WHERE name = $1 FOR UPDATE),
n AS (SELECT name, counts, CASE WHEN counts THEN failures ELSE 0 END + 1 AS failures FROM o)
UPDATE operator SET failures = CASE WHEN n.failures >= $3 THEN 0 ELSE n.failures END,
       failed_at = CASE WHEN n.counts THEN operator.failed_at ELSE $2 END,
       locked_until = CASE WHEN n.failures >= $3 THEN $2 + $4::interval ELSE locked_until END
  FROM n WHERE operator.name = n.name
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
KEY_SQL: Final = """
SELECT name, key_scheme, key_spki FROM operator WHERE key_id = $1 AND ended_at IS NULL
"""
BEGIN_BY_KEY_SQL: Final = """
WITH gone AS (DELETE FROM operator_answer WHERE ends_at <= $5),
taken AS (
    INSERT INTO operator_answer (digest, ends_at) VALUES ($3, $4) ON CONFLICT DO NOTHING
    RETURNING digest),
old AS (DELETE FROM operator_session WHERE ends_at <= $5)
INSERT INTO operator_session (digest, operator, begun_at, used_at, ends_at)
SELECT $6, o.name, $5, $5, $7 FROM operator o, taken
 WHERE o.name = $1 AND o.key_id = $2 AND o.ended_at IS NULL RETURNING operator
"""
"""Takes the challenge and begins the session in one: it is answered once."""
USE_SQL: Final = """
UPDATE operator_session s SET used_at = $2 FROM operator o
 WHERE s.digest = $1 AND o.name = s.operator AND o.ended_at IS NULL
   AND s.ends_at > $2 AND s.used_at > $3
RETURNING o.name, o.scopes
"""
END_SQL: Final = "DELETE FROM operator_session WHERE digest = $1"
SECRETS_SQL: Final = "SELECT name, totp FROM operator ORDER BY name FOR UPDATE"
RESEAL_SQL: Final = """
UPDATE operator o SET totp = new.totp FROM unnest($1::text[], $2::bytea[]) AS new (name, totp)
 WHERE o.name = new.name
"""


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody let in, and what they may see."""

    name: str
    scopes: frozenset[Scope]


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """An operator and the public half of their key."""

    name: str
    key: VerifyKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A challenge that was answered, by which key, and the session it begins."""

    challenge: bytes = field(repr=False)
    """Digest, 32 bytes."""
    ends_at: datetime
    """Of the challenge."""
    key_id: str
    session: bytes = field(repr=False)
    """Digest of its token."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody has to prove."""

    password: str = field(repr=False)
    secret: bytes = field(repr=False)


async def add_operator(
    session: WriteSession,
    keys: KeyProvider,
    operator: Operator,
    credentials: Credentials | None,
    *,
    key: PublicKey | None = None,
) -> Change:
    """Register somebody, or give them new ways in, in place of those before; their sessions end.

    Args:
        session: of one transaction.
        keys: encrypts the secret of the codes.
        operator: who, and what they may see.
        credentials: password and codes; None: a key only.
        key: public half of their own key; None: password and codes only.

    Raises:
        Refused: scopes of two powers (三权分立), no way in, another's key.
    """
    if not operator.scopes <= set(LOOKING):
        raise Refused("scope", f"the console shows {', '.join(LOOKING)}")
    if len(powers_of(operator.scopes)) != 1:
        raise Refused("scope", "scopes of one operator are of one power (三权分立)")
    if credentials is None and key is None:
        raise Refused("password", "a password or a key is needed")
    await alone(session)
    if key is not None:
        await _require_own(session, operator.name, key.jwk_thumbprint)
    s = OperatorSessionRow
    await session.execute(delete(s).where(s.operator == operator.name))
    context = _context(operator.name)
    wanted = {
        "name": operator.name,
        "scopes": sorted(operator.scopes),
        "password": credentials.password if credentials else None,
        "totp": keys.encrypt(credentials.secret, context) if credentials else None,
        "key_id": key.jwk_thumbprint if key else None,
        "key_scheme": key.scheme if key else None,
        "key_spki": key.spki if key else None,
        "failures": 0,
        "failed_at": None,
        "locked_until": None,
    }
    return (await merge(session, OperatorRow, [wanted]))[0]


async def _require_own(session: ReadSession, name: str, key_id: str) -> None:
    """Raises `Refused` for a key of somebody else, here or among those who make trust lists."""
    r, k = OperatorRow, PersonKeyRow
    for held in (
        select(r.name).where(r.key_id == key_id),
        select(k.person).where(k.key_id == key_id),
    ):
        owner = await session.scalar(held)
        if owner not in {None, name}:
            raise Refused("key", f"is that of {owner}: one key, one person")


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


async def reseal_operators(connection: Connection, keys: KeyProvider) -> int:
    """Bring the secrets of codes under the newest field key, in the transaction under way: how
    many. A node has few operators, ended ones among them, so it is done at once.

    Raises `Unavailable`.
    """
    newest, made = keys.field_version(), dict[str, bytes]()
    for row in await connection.fetch(SECRETS_SQL):
        name, sealed = row["name"], bytes(row["totp"])
        with suppress(Malformed):  # altered: it lets nobody in under any key, and stays as it is
            if keys.sealed_version(sealed) != newest:
                plain = keys.decrypt(sealed, _context(name))
                made[name] = keys.encrypt(plain, _context(name))
    if made:
        await connection.execute(RESEAL_SQL, list(made), list(made.values()))
    return len(made)


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

    async def holder(self, key_id: str) -> KeyHolder | None:
        """Whose key it is; None: nobody's, or of somebody who ended. Raises `Unavailable`."""
        row = await self._row(KEY_SQL, key_id)
        if row is None:
            return None
        return KeyHolder(row["name"], VerifyKey(key_id, Scheme(row["key_scheme"]), row["key_spki"]))

    async def begin_by_key(self, name: str, answer: Answer, now: datetime) -> bool:
        """A session; False: the challenge was answered before. Raises `Unavailable`."""
        row = await self._row(
            BEGIN_BY_KEY_SQL, name, answer.key_id, answer.challenge, answer.ends_at, now,
            answer.session, now + LONGEST,
        )  # fmt: skip
        return row is not None

    async def failed(self, name: str, now: datetime) -> None:
        """One more with half of what it takes; the fifth locks. Raises `Unavailable`."""
        await self._row(FAILED_SQL, name, now, TRIES, LOCKED)

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
