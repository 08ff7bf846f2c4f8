"""New keys put over what is kept, while it is read and written; docs/adr/0028.

Three rules together lose no look-up. A version is told in `key_version` before the first row stands
under it. Whoever writes rows holds that word (FOR SHARE) until its commit, so that no row comes in
under an older version once a rotation has begun. Whoever reads by a number is told the word in the
same statement, and where it is newer than its own keys reads them again and asks again.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from app.crypto.signing import KeyProvider
from app.domain.errors import Refused, Unavailable
from app.registry.imports import index
from app.registry.imports.sealing import content_of, opened, reseal
from app.registry.operators import reseal_operators
from app.registry.sessions import Connection, Database

STEP: Final = 500
"""Rows of one transaction: some milliseconds, during which only they are locked."""

PAUSE: Final = 0.05
"""Seconds between two steps, for those who look something up meanwhile."""
EVERY: Final = 60.0
"""Seconds between two looks whether something is begun."""

logger = logging.getLogger(__name__)

NEWEST_SQL: Final = "SELECT newest FROM key_version WHERE purpose = 'index'"
HOLD_SQL: Final = f"{NEWEST_SQL} FOR SHARE"
TELL_SQL: Final = "UPDATE key_version SET newest = $2 WHERE purpose = $1 AND newest < $2"

STANDING_SQL: Final = """
SELECT index_version, field_version, stage, seen, moved, begun_at, finished_at
  FROM key_rotation ORDER BY index_version DESC, field_version DESC LIMIT 1
"""
BEGIN_SQL: Final = """
INSERT INTO key_rotation (index_version, field_version, stage, at, seen, moved, begun_at)
VALUES ($1, $2, 'numbers', '', 0, 0, $3) ON CONFLICT DO NOTHING
"""
TAKE_SQL: Final = """
SELECT index_version, field_version, stage, at FROM key_rotation WHERE finished_at IS NULL
 LIMIT 1 FOR UPDATE SKIP LOCKED
"""
"""Of several workers one takes the next step; the others leave it to it."""
GO_SQL: Final = """
UPDATE key_rotation SET stage = $3, at = $4, seen = seen + $5, moved = moved + $6,
       finished_at = $7 WHERE index_version = $1 AND field_version = $2
"""

NUMBERS_SQL: Final = """
SELECT hmac, identifier, version FROM license_key
 WHERE hmac > $1 OR (hmac = $1 AND identifier > $2) ORDER BY hmac, identifier LIMIT $3 FOR UPDATE
"""
LEAVE_SQL: Final = """
DELETE FROM license_key k USING unnest($1::bytea[], $2::text[]) AS old (hmac, identifier)
 WHERE k.hmac = old.hmac AND k.identifier = old.identifier
"""
COME_SQL: Final = """
INSERT INTO license_key (hmac, identifier, version)
SELECT hmac, identifier, $3 FROM unnest($1::bytea[], $2::text[]) AS new (hmac, identifier)
ON CONFLICT DO NOTHING
"""
RECORDS_SQL: Final = """
SELECT identifier, valid_from, valid_until, long_term, issued_on, sealed, content FROM license
 WHERE identifier > $1 ORDER BY identifier LIMIT $2 FOR UPDATE
"""
SEAL_SQL: Final = """
UPDATE license AS l SET sealed = new.sealed, content = new.content
  FROM unnest($1::text[], $2::bytea[], $3::bytea[]) AS new (identifier, sealed, content)
 WHERE l.identifier = new.identifier
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a rotation is."""

    index_version: int
    field_version: int
    stage: str
    """`numbers`, `records` or `done`."""
    seen: int
    moved: int
    begun_at: datetime
    finished_at: datetime | None


async def hold_version(connection: Connection, keys: KeyProvider) -> None:
    """For a transaction that writes rows: none of them will be older than what is told.

    Keys that others made are read again. Raises `Unavailable` where this node cannot have them.
    """
    told = await connection.fetchval(NEWEST_SQL)
    if told < keys.hmac_versions()[-1]:
        await connection.execute(TELL_SQL, "index", keys.hmac_versions()[-1])
    await require_version(keys, await connection.fetchval(HOLD_SQL))


async def require_version(keys: KeyProvider, told: int) -> bool:
    """True: the keys had to be read again. Raises `Unavailable` where they are not to be had."""
    if told <= keys.hmac_versions()[-1]:
        return False
    await asyncio.to_thread(keys.reload)
    if told > keys.hmac_versions()[-1]:
        raise Unavailable(f"key folder: rows stand under version {told} of the index key")
    return True


@dataclass(frozen=True, slots=True)
class Rotation:
    """Brings rows under the newest keys, step by step; a step broken off leaves nothing behind."""

    database: Database = field(repr=False)
    keys: KeyProvider = field(repr=False)
    clock: Callable[[], datetime]

    async def progress(self) -> Progress | None:
        """Of the newest rotation; None: there was none. Raises `Unavailable`."""

        async def read(connection: Connection) -> Any:
            return await connection.fetchrow(STANDING_SQL)

        row = await self.database.run(read, repeatable=True)
        return None if row is None else Progress(**dict(row))

    async def begin(self) -> Progress:
        """From now on everything is brought under the newest keys there are.

        Raises `Unavailable`, and `Refused` while another rotation is under way: look-ups ask under
        two versions of the index key, and not under three.
        """
        wanted = (self.keys.hmac_versions()[-1], self.keys.field_version())

        async def write(connection: Connection) -> bool:
            async with connection.transaction():
                row = await connection.fetchrow(STANDING_SQL)
                if row is not None and row["finished_at"] is None:
                    return (row["index_version"], row["field_version"]) == wanted
                # Waits for those who write rows now; those after them know of it.
                await connection.execute(TELL_SQL, "index", wanted[0])
                await connection.execute(TELL_SQL, "field", wanted[1])
                await connection.execute(BEGIN_SQL, *wanted, self.clock())
                return True

        if not await self.database.run(write, repeatable=True):
            raise Refused("rotation", "another one is under way: `zhengyan pepper status`")
        found = await self.progress()
        if found is None:
            raise Unavailable("key rotation: begun, and not there")
        return found

    async def step(self) -> bool:
        """Some rows more. False: nothing is under way, or another worker is at it.

        Raises `Unavailable`; after it the same step is taken again.
        """

        async def work(connection: Connection) -> bool:
            async with connection.transaction():
                row = await connection.fetchrow(TAKE_SQL)
                if row is None:
                    return False
                await require_version(self.keys, row["index_version"])
                if row["stage"] == "numbers":
                    await self._numbers(connection, row)
                else:
                    await self._records(connection, row)
                return True

        return await self.database.run(work, repeatable=True)

    async def forever(self, pause: float = PAUSE, every: float = EVERY) -> None:
        """Until cancelled: whatever is begun, here or elsewhere, is brought to its end."""
        while True:
            try:
                went = await self.step()
            except Unavailable as exc:
                logger.warning("key rotation: %s", exc)
                went = False
            await asyncio.sleep(pause if went else every)

    async def _numbers(self, connection: Connection, row: Any) -> None:
        version = row["index_version"]
        hmac, _, identifier = row["at"].partition(" ")
        found = await connection.fetch(NUMBERS_SQL, bytes.fromhex(hmac), identifier, STEP)
        old = [each for each in found if each["version"] < version]
        if old:
            names = [each["identifier"] for each in old]
            lifted = await asyncio.to_thread(self._lifted, old, version)
            await connection.execute(LEAVE_SQL, [each["hmac"] for each in old], names)
            await connection.execute(COME_SQL, lifted, names, version)
        if len(found) < STEP:
            await self._go(connection, row, "records", "", seen=len(found), moved=len(old))
        else:
            at = f"{found[-1]['hmac'].hex()} {found[-1]['identifier']}"
            await self._go(connection, row, "numbers", at, seen=len(found), moved=len(old))

    def _lifted(self, rows: Sequence[Any], version: int) -> list[bytes]:
        """Nested under every version in between."""
        made = list[bytes]()
        later = self.keys.hmac_versions()
        for row in rows:
            value = bytes(row["hmac"])
            for each in later:
                if row["version"] < each <= version:
                    value = index.nested(self.keys, each, value)
            made.append(value)
        return made

    async def _records(self, connection: Connection, row: Any) -> None:
        found = await connection.fetch(RECORDS_SQL, row["at"], STEP)
        made, held = await asyncio.to_thread(self._resealed, found)
        if made:
            await connection.execute(SEAL_SQL, *[list(each) for each in zip(*made, strict=True)])
        if held:
            hmacs, names = zip(*held, strict=True)
            version = self.keys.hmac_versions()[-1]
            await connection.execute(COME_SQL, list(hmacs), list(names), version)
        if len(found) < STEP:
            moved = len(made) + await reseal_operators(connection, self.keys)
            await self._go(connection, row, "done", "", seen=len(found), moved=moved)
        else:
            await self._go(
                connection,
                row,
                "records",
                found[-1]["identifier"],
                seen=len(found),
                moved=len(made),
            )

    def _resealed(
        self, rows: Sequence[Any]
    ) -> tuple[list[tuple[str, bytes, bytes]], list[tuple[bytes, str]]]:
        """Those that stand under an older key; the others are left as they are. And by which of
        its holders each is found, which was not kept of records from before there was 一照关联.
        """
        version, made = self.keys.hmac_versions()[-1], list[tuple[str, bytes, bytes]]()
        held = list[tuple[bytes, str]]()
        for row in rows:
            if row["sealed"] is None:
                continue
            name, dates = row["identifier"], tuple(row)[1:5]
            plain, sealed = reseal(self.keys, name, bytes(row["sealed"]))
            content = content_of(self.keys, version, name, dates, plain)
            if (sealed, content) != (row["sealed"], row["content"]):
                made.append((name, sealed, content))
            for each in index.holder_keys(opened(plain).holders):
                held.append((index.newest(self.keys, each)[0], name))
        return made, held

    async def _go(
        self, connection: Connection, row: Any, stage: str, at: str, *, seen: int, moved: int
    ) -> None:
        ended = self.clock() if stage == "done" else None
        key = (row["index_version"], row["field_version"])
        await connection.execute(GO_SQL, *key, stage, at, seen, moved, ended)
