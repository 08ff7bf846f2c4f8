"""Callers and their credentials: found for a request, and administered."""

import asyncio
import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from app.crypto.digests import same
from app.crypto.keys import PublicKey, read_public_key
from app.crypto.signing import KeyProvider
from app.domain.caller import Caller, Scope, Tenant, powers_of
from app.domain.codes import region_well_formed, uscc_check_ok
from app.domain.errors import InvalidKey, Refused
from app.domain.scheme import Scheme
from app.models import (
    ApiKeyRow,
    CallerKeyRow,
    CallerRow,
    IssuerRow,
    TenantIssuerRow,
    TenantRow,
)
from app.registry.merge import Change, alone, merge, require
from app.registry.reader import refuse, seen
from app.registry.sessions import Connection, Database, ReadSession, WriteSession

PREFIX: Final = "zy"
ID_BYTES: Final = 9
SECRET_BYTES: Final = 24
"""192 bits: nothing to guess, so one pass of a keyed hash is enough."""
_SCOPES: Final = {scope.value: scope for scope in Scope}
LONGEST_KEY: Final = timedelta(days=366)

KEY_SQL: Final = """
SELECT k.key_version, k.hash, k.expires_at, k.revoked_at,
       c.id, c.scopes, c.purposes, c.per_minute, c.revoked_at, t.id, t.name, t.code, t.region
  FROM api_key k JOIN caller c ON c.id = k.caller JOIN tenant t ON t.id = c.tenant
 WHERE k.id = $1
"""
ASSERTION_SQL: Final = """
SELECT k.scheme, k.spki, k.revoked_at,
       c.id, c.scopes, c.purposes, c.per_minute, c.revoked_at, t.id, t.name, t.code, t.region
  FROM caller_key k JOIN caller c ON c.id = k.caller JOIN tenant t ON t.id = c.tenant
 WHERE k.key_id = $1
"""
USE_SQL: Final = """
INSERT INTO used_assertion (caller, jti, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
RETURNING 1
"""
FORGET_SQL: Final = "DELETE FROM used_assertion WHERE expires_at < $1"


@dataclass(frozen=True, slots=True)
class Known:
    """A caller with its contract."""

    caller: Caller
    per_minute: int


@dataclass(frozen=True, slots=True)
class AssertionKey:
    """The key of an assertion, with whose it is."""

    known: Known
    scheme: Scheme
    spki: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PostgresCallers:
    """Finds callers by what they show."""

    database: Database
    keys: KeyProvider

    async def by_api_key(self, text: str, now: datetime) -> Known | None:
        """The caller of a live key; None for anything else. Raises `Unavailable`."""
        parts = text.split("_")
        shown = parts if len(parts) == 3 and parts[0] == PREFIX else [PREFIX, "", ""]  # noqa: PLR2004
        row = await self._row(KEY_SQL, shown[1])
        version, kept, expires_at, revoked_at, *rest = row or (0, b"", now, None, *(None,) * 9)
        if version > self.keys.hmac_versions()[-1]:  # another process has rotated the key
            await asyncio.to_thread(self.keys.reload)
        known_version = version if version in self.keys.hmac_versions() else None
        # An unknown key costs the same hash as a known one.
        computed = self.keys.hmac(
            known_version or self.keys.hmac_versions()[-1], _hashed(shown[1], shown[2])
        )
        live = row is not None and known_version is not None and revoked_at is None
        if same(computed, bytes(kept)) and live and now < expires_at:
            return _known(rest)
        return None

    async def by_key_id(self, key_id: str) -> AssertionKey | None:
        """The registered key of an assertion, if it and its caller live. Raises `Unavailable`."""
        row = await self._row(ASSERTION_SQL, key_id)
        if row is None or row[2] is not None:
            return None
        known = _known(row[3:])
        return None if known is None else AssertionKey(known, Scheme(row[0]), row[1])

    async def use_once(self, caller: str, jti: str, expires_at: datetime) -> bool:
        """True for the first who says so. Raises `Unavailable`."""

        async def write(connection: Connection) -> bool:
            return await connection.fetchval(USE_SQL, caller, jti, expires_at) is not None

        return await self.database.run(write)

    async def forget_used(self, now: datetime) -> None:
        """Drop what has expired anyway. Raises `Unavailable`."""

        async def write(connection: Connection) -> None:
            await connection.execute(FORGET_SQL, now)

        await self.database.run(write, repeatable=True)

    async def _row(self, sql: str, value: str) -> Any:
        asked = value if value.isascii() and "\0" not in value else ""

        async def look(connection: Connection) -> Any:
            return await connection.fetchrow(sql, asked)

        return await self.database.run(look, repeatable=True)


def _known(row: Any) -> Known | None:
    id, scopes, purposes, per_minute, revoked_at, tenant, name, code, region = row
    if revoked_at is not None:
        return None
    caller = Caller(
        id=id,
        tenant=Tenant(tenant, name, code, region),
        scopes=frozenset(_SCOPES[scope] for scope in scopes),
        purposes=frozenset(purposes),
    )
    return Known(caller, per_minute)


def _hashed(key_id: str, secret: str) -> bytes:
    return b"api-key\0" + hashlib.sha256(f"{key_id}_{secret}".encode()).digest()


# ---- administration


async def add_tenant(session: WriteSession, tenant: Tenant) -> Change:
    """Register an organisation, or bring it up to date.

    Raises `Refused`: for a mistyped code, which stands in every row of the audit log, and for a
    name not all of it seen.
    """
    if tenant.code is not None and not uscc_check_ok(tenant.code):
        refuse(
            "code",
            "is no 统一社会信用代码 (18 characters, the last one checks the others): copy it from "
            "the organisation's certificate, in capitals",
        )
    if tenant.region is not None and not region_well_formed(tenant.region):
        refuse("region", "is no 行政区划代码: six digits of GB/T 2260, as 110000")
    seen("name", tenant.name)
    await alone(session)
    values = {"id": tenant.id, "name": tenant.name, "code": tenant.code, "region": tenant.region}
    return (await merge(session, TenantRow, [values]))[0]


async def grant_issuer(session: WriteSession, tenant: str, issuer: str) -> Change:
    """Let a tenant push records in the name of an issuer other than itself. Raises `Refused`."""
    await alone(session)
    if await session.get(TenantRow, tenant) is None:
        refuse("tenant", "is not registered: `zhengyan caller tenant` first")
    await require(session, IssuerRow.code, [("issuer", issuer)], "an issuer")
    values = {"tenant": tenant, "issuer": issuer, "revoked_at": None}
    return (await merge(session, TenantIssuerRow, [values]))[0]


async def withdraw_issuer(session: WriteSession, tenant: str, issuer: str, at: datetime) -> Change:
    """Take that back; what was pushed stays. Raises `Refused` where nothing was granted."""
    await alone(session)
    if await session.get(TenantIssuerRow, (tenant, issuer)) is None:
        refuse("issuer", "was not granted to this tenant")
    values = {"tenant": tenant, "issuer": issuer, "revoked_at": at}
    return (await merge(session, TenantIssuerRow, [values]))[0]


async def add_caller(
    session: WriteSession,
    id: str,
    tenant: str,
    scopes: frozenset[Scope],
    purposes: frozenset[str],
    *,
    per_minute: int = 600,
) -> Change:
    """Register a system of a tenant, or change what it may do.

    Raises `Refused`: for an unknown tenant, and for scopes of two powers (三权分立).
    """
    await alone(session)
    if not scopes:
        refuse("scopes", "are missing: what is not granted is denied")
    if len(powers_of(scopes)) > 1:
        names = ", ".join(sorted(powers_of(scopes)))
        refuse("scopes", f"are of several powers ({names}); one caller, one power (三权分立)")
    if not purposes:
        refuse("purposes", "are missing: name at least one purpose the caller may state")
    if await session.get(TenantRow, tenant) is None:
        refuse("tenant", "is not registered: `zhengyan caller tenant` first")
    values = {
        "id": id,
        "tenant": tenant,
        "scopes": sorted(scopes),
        "purposes": sorted(purposes),
        "per_minute": per_minute,
    }
    return (await merge(session, CallerRow, [values]))[0]


async def revoke_caller(session: WriteSession, id: str, at: datetime) -> Change:
    """End a caller with all its credentials. Raises `Refused` where there is none."""
    await alone(session)
    if await session.get(CallerRow, id) is None:
        refuse("caller", "is not registered: see `zhengyan caller list`")
    return (await merge(session, CallerRow, [{"id": id, "revoked_at": at}]))[0]


async def new_api_key(
    session: WriteSession,
    keys: KeyProvider,
    caller: str,
    *,
    now: datetime,
    lifetime: timedelta = timedelta(days=90),
) -> str:
    """Make a key and return it, for the only time. Raises `Refused`."""
    if await session.get(CallerRow, caller) is None:
        refuse("caller", "is not registered: `zhengyan caller add` first")
    if not timedelta(0) < lifetime <= LONGEST_KEY:
        refuse("lifetime", f"is not between 1 and {LONGEST_KEY.days} days")
    id, secret = secrets.token_hex(ID_BYTES), secrets.token_hex(SECRET_BYTES)
    version = keys.hmac_versions()[-1]
    values = {
        "id": id,
        "caller": caller,
        "key_version": version,
        "hash": keys.hmac(version, _hashed(id, secret)),
        "expires_at": now + lifetime,
    }
    await merge(session, ApiKeyRow, [values])
    return f"{PREFIX}_{id}_{secret}"


async def add_caller_key(
    session: WriteSession, caller: str, key: bytes | dict[str, object], scheme: Scheme | None
) -> PublicKey:
    """Register a public key for assertions. Raises `Refused`."""
    await alone(session)
    if await session.get(CallerRow, caller) is None:
        refuse("caller", "is not registered: `zhengyan caller add` first")
    try:
        public = read_public_key(key, scheme)
    except InvalidKey as exc:
        refuse("key", f"is refused: {exc}")
    held = await session.get(CallerKeyRow, public.jwk_thumbprint)
    if held is not None and held.caller != caller:
        refuse("key", f"is that of {held.caller}: one key, one caller")
    values = {
        "key_id": public.jwk_thumbprint,
        "caller": caller,
        "scheme": public.scheme,
        "spki": public.spki,
    }
    await merge(session, CallerKeyRow, [values])
    return public


async def revoke_credential(session: WriteSession, id: str, at: datetime) -> Change:
    """End an API key (by its public part) or an assertion key. Raises `Refused`."""
    await alone(session)
    if await session.get(ApiKeyRow, id) is not None:
        return (await merge(session, ApiKeyRow, [{"id": id, "revoked_at": at}]))[0]
    if await session.get(CallerKeyRow, id) is not None:
        return (await merge(session, CallerKeyRow, [{"key_id": id, "revoked_at": at}]))[0]
    raise Refused("credential", "not registered: see `zhengyan caller list`")


async def list_callers(session: ReadSession) -> Iterable[tuple[CallerRow, str]]:
    """Callers with the names of their tenants, by id."""
    query = select(CallerRow, TenantRow.name).join(TenantRow, TenantRow.id == CallerRow.tenant)
    rows = await session.execute(query.order_by(CallerRow.id))
    return [(row[0], row[1]) for row in rows]
