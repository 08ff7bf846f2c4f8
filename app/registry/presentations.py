"""Codes given out for a minute (亮证码), and used up by whoever comes first.

Kept as keyed hashes, what they stand for encrypted and bound to the hash. A code is used up before
anything is asked: an answer lost afterwards costs the holder a new code; in the other order two
verifiers could have one.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from app.crypto.signing import KeyProvider
from app.domain.presentation import (
    BYTES,
    PUBLIC,
    Offer,
    Presentation,
    Refusal,
    is_presentation,
    presentation_code,
)
from app.registry.rotation import hold_version, require_version
from app.registry.sessions import Connection, Database

KEPT: Final = timedelta(hours=1)
"""After its end a code is still told from one that never was."""

ADD_SQL: Final = """
INSERT INTO presentation
       (hash, sealed, caller, tenant, audience, purpose, made_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
LOOK_SQL: Final = """
SELECT v.newest, p.hash, p.sealed, p.audience, p.purpose, p.expires_at, p.used_at
  FROM key_version v LEFT JOIN presentation p ON p.hash = ANY ($1::bytea[])
 WHERE v.purpose = 'index'
"""
USE_SQL: Final = """
UPDATE presentation SET used_at = $2 WHERE hash = $1 AND used_at IS NULL AND expires_at > $2
RETURNING 1
"""
"""The row's lock orders those who come at once; all but the first find it used."""
FORGET_SQL: Final = "DELETE FROM presentation WHERE expires_at < $1"


@dataclass(frozen=True, slots=True)
class PostgresPresentations:
    """Fits `routers.state.Presentations`."""

    database: Database
    keys: KeyProvider = field(repr=False)

    async def give_out(self, shown: Presentation) -> str:
        """A new code, told this once. Raises `Unavailable`."""
        code = presentation_code(secrets.token_bytes(BYTES))
        whose = (shown.caller, shown.tenant, shown.audience, shown.purpose)

        async def write(connection: Connection) -> None:
            async with connection.transaction():
                await hold_version(connection, self.keys)
                hash = self._hashes(code)[-1]
                sealed = self.keys.encrypt(shown.content, _context(hash))
                values = (hash, sealed, *whose, shown.made_at, shown.expires_at)
                await connection.execute(ADD_SQL, *values)

        await self.database.run(write)
        return code

    async def use(self, offer: Offer) -> bytes | Refusal:
        """What the code stands for, to the first who may have it; from then on to nobody.

        Raises `Unavailable`: it may then be used up or not, and a new one is to be shown.
        """

        async def look(connection: Connection) -> Any:
            while True:  # another worker may have given it out under a key this one has not read
                hashes = self._hashes(offer.code) if is_presentation(offer.code) else []
                row = await connection.fetchrow(LOOK_SQL, hashes)
                if row["hash"] is not None or not await require_version(self.keys, row["newest"]):
                    return row

        row = await self.database.run(look, repeatable=True)
        refused = _refusal(row, offer)
        if refused is not None:
            return refused

        async def write(connection: Connection) -> bool:
            return await connection.fetchval(USE_SQL, row["hash"], offer.at) is not None

        if not await self.database.run(write):
            return Refusal.USED
        return self.keys.decrypt(bytes(row["sealed"]), _context(bytes(row["hash"])))

    async def forget_used(self, now: datetime) -> None:
        """Drop what ended a while ago, used or not. Raises `Unavailable`."""

        async def write(connection: Connection) -> None:
            await connection.execute(FORGET_SQL, now - KEPT)

        await self.database.run(write, repeatable=True)

    def _hashes(self, code: str) -> list[bytes]:
        """Under every version of the index key, oldest first: it may have been rotated since."""
        data = f"presentation\0{code}".encode()
        return [self.keys.hmac(version, data) for version in self.keys.hmac_versions()]


def _refusal(row: Any, offer: Offer) -> Refusal | None:
    """Whoever may not have it is told so before whether it was used."""
    if row["hash"] is None:
        return Refusal.UNKNOWN
    if row["audience"] not in (PUBLIC, offer.tenant):
        return Refusal.FOR_OTHERS
    if row["used_at"] is not None:
        return Refusal.USED
    if row["expires_at"] <= offer.at:
        return Refusal.EXPIRED
    return None if row["purpose"] == offer.purpose else Refusal.OTHER_PURPOSE


def _context(hash: bytes) -> bytes:
    return b"presentation\0" + hash
