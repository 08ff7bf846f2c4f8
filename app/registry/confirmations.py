"""Which reports others may confirm (核验码), and until when. No table of codes: a code is the id.

A report asked for anonymously can be confirmed as long as it can be read. That of a tenant is its
own alone until the tenant opens it, for a time; closing it, or its time running out, leaves the
tenant's own reading as it is.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import update

from app.domain.confirmation import Confirmed
from app.domain.reasons import Family
from app.models import VerificationRow
from app.registry import serial
from app.registry.sessions import Connection, Database, WriteSession

CONFIRM_SQL: Final = """
SELECT id, at, conclusion, basis, policy, sha256, sm3, expires_at, report FROM verification
 WHERE id = $1 AND (expires_at > $2 OR expires_at IS NULL AND tenant IS NULL)
"""
OPEN_SQL: Final = """
UPDATE verification SET expires_at = $3 WHERE id = $1 AND tenant = $2 RETURNING id
"""
CLOSE_SQL: Final = """
UPDATE verification SET expires_at = least(expires_at, $3) WHERE id = $1 AND tenant = $2
RETURNING id
"""


async def revoke_code(session: WriteSession, id: str, now: datetime) -> bool:
    """The operator's hand: from now on the code of any report opens nothing.

    False: it opened nothing before. Raises `Unavailable`.
    """
    r = VerificationRow
    lasting = r.expires_at.is_(None) & r.tenant.is_(None)
    ended = update(r).where(r.id == id, lasting | (r.expires_at > now)).values(expires_at=now)
    return await session.scalar(ended.returning(r.id)) is not None


@dataclass(frozen=True, slots=True)
class PostgresConfirmations:
    """Fits `routers.state.Confirmations`."""

    database: Database = field(repr=False)

    async def confirmed(self, id: str, now: datetime) -> Confirmed | None:
        """What the code tells; None for one that is unknown, expired, closed or not opened.

        All take the same query, so they cannot be told apart by their time. Raises `Unavailable`.
        """

        async def read(connection: Connection) -> Any:
            return await connection.fetchrow(CONFIRM_SQL, id, now)

        row = await self.database.run(read, repeatable=True)
        return None if row is None else _confirmed(row)

    async def open(self, id: str, tenant: str, until: datetime) -> bool:
        """Let others confirm a report of this tenant. False: it has none under this id.

        Raises `Unavailable`.
        """
        return await self._changed(OPEN_SQL, id, tenant, until)

    async def close(self, id: str, tenant: str, now: datetime) -> bool:
        """From now on the code of a report of this tenant opens nothing. False: it has none under
        this id.

        Raises `Unavailable`.
        """
        return await self._changed(CLOSE_SQL, id, tenant, now)

    async def _changed(self, sql: str, *values: object) -> bool:
        async def write(connection: Connection) -> Any:
            return await connection.fetchval(sql, *values)

        return await self.database.run(write, repeatable=True) is not None


def _confirmed(row: Any) -> Confirmed:
    report = serial.load_report(row["report"])
    headline = report["headline"]
    issuer = report["license"]["issuer"]
    return Confirmed(
        id=row["id"],
        at=row["at"],
        conclusion=row["conclusion"],
        headline=(headline["zh"], headline["en"]),
        outage=(report["reason"] or {}).get("family") == Family.DEPENDENCY,
        basis=row["basis"],
        policy=row["policy"],
        node=report["versions"]["node"],
        issuer=(issuer["code"], issuer["name"]["zh"], issuer["name"]["en"]) if issuer else None,
        sha256=row["sha256"].hex() if row["sha256"] else None,
        sm3=row["sm3"].hex() if row["sm3"] else None,
        until=row["expires_at"],
    )
