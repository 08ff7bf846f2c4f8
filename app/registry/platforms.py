"""Secrets of exchange platforms, as the workers of a node share them: encrypted, one row for each.

A platform may end the old secret when it gives a new one. Workers with secrets of their own would
end each other's; so the one that is in use stands here, and whoever fetches the next has the turn
for it, told by UPDATE … RETURNING. No connection is held meanwhile: a turn that is not given back
lapses.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from app.crypto.signing import KeyProvider
from app.domain.errors import Malformed, Unavailable
from app.domain.platform import AppSecret, PlatformKey, Shelved
from app.registry.sessions import Connection, Database

_HERE: Final = "issuer = $1 AND base = $2 AND refresh = $3 AND requester = $4"
LOOK_SQL: Final = f"""
SELECT number, sealed, ends_at, renew_at, coalesce(fetching_until > now(), false) AS busy
  FROM platform_secret WHERE {_HERE}
"""  # noqa: S608 - a constant condition
TAKE_SQL: Final = """
INSERT INTO platform_secret AS p (issuer, base, refresh, requester, fetching_until)
SELECT $1, $2, $3, $4, now() + $6 WHERE $5 = 0
    ON CONFLICT (issuer, base, refresh, requester) DO NOTHING
RETURNING true
"""
RETAKE_SQL: Final = f"""
UPDATE platform_secret SET fetching_until = now() + $6
 WHERE {_HERE} AND number = $5 AND coalesce(fetching_until <= now(), true)
RETURNING true
"""  # noqa: S608 - as above
PUT_SQL: Final = f"""
UPDATE platform_secret SET number = number + 1, sealed = $6, ends_at = $7, renew_at = $8,
       fetching_until = NULL, recorded_at = now()
 WHERE {_HERE} AND number = $5
"""  # noqa: S608 - as above
GIVE_BACK_SQL: Final = f"""
UPDATE platform_secret SET fetching_until = NULL WHERE {_HERE} AND number = $5
"""  # noqa: S608 - as above


@dataclass(frozen=True, slots=True)
class PostgresSecrets:
    """Fits `federation.appsecrets.Shelf`."""

    database: Database = field(repr=False)
    keys: KeyProvider = field(repr=False)

    async def look(self, key: PlatformKey) -> Shelved:
        """Raises `Unavailable`."""
        row = await self._row(LOOK_SQL, *_names(key))
        if row is None:
            return Shelved(0, None, busy=False)
        return Shelved(row["number"], self._opened(key, row), row["busy"])

    async def take(self, key: PlatformKey, number: int, within: timedelta) -> bool:
        """Whether the turn to fetch the one after `number` is ours. Raises `Unavailable`."""
        said = (*_names(key), number, within)
        found = await self._row(TAKE_SQL, *said)
        return (found or await self._row(RETAKE_SQL, *said)) is not None

    async def put(self, key: PlatformKey, number: int, secret: AppSecret) -> None:
        """For all workers, unless another turn was quicker. Raises `Unavailable`."""
        sealed = self.keys.encrypt(secret.value.encode(), _context(key))
        await self._row(PUT_SQL, *_names(key), number, sealed, secret.ends, secret.renew)

    async def give_back(self, key: PlatformKey, number: int) -> None:
        """The turn, for whoever wants it. Raises `Unavailable`."""
        await self._row(GIVE_BACK_SQL, *_names(key), number)

    def _opened(self, key: PlatformKey, row: Any) -> AppSecret | None:
        """One that cannot be read, by a lost key or an altered row, is fetched anew."""
        if row["sealed"] is None:
            return None
        try:
            value = self.keys.decrypt(bytes(row["sealed"]), _context(key)).decode()
        except (Malformed, Unavailable, UnicodeDecodeError):
            return None
        return AppSecret(value, row["ends_at"], row["renew_at"])

    async def _row(self, sql: str, *values: object) -> Any:
        async def work(connection: Connection) -> Any:
            return await connection.fetchrow(sql, *values)

        return await self.database.run(work)


def _names(key: PlatformKey) -> tuple[str, str, str, str]:
    return key.issuer, key.base, key.refresh, key.requester


def _context(key: PlatformKey) -> bytes:
    return "\0".join(("platform", *_names(key))).encode()
