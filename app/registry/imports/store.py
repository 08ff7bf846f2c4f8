"""Batches in the database: who may write one, how far it is, and one chunk more of it.

A chunk is one transaction: its rows, its faults, the place the batch is at and its row in the audit
log are on disk together or not at all. Whoever sends a chunk twice finds it there.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from app.crypto.signing import KeyProvider
from app.domain.audit import AuditEvent
from app.domain.batch import BatchId, Kind, LineFault, Progress
from app.domain.errors import NotYours, Refused
from app.domain.identifier import IssuerCode, TypeCode
from app.registry.audit import APPEND_SQL, link_values
from app.registry.imports.prepared import START, Chunk, Versions
from app.registry.imports.records import Merged, Naming, merge_licenses
from app.registry.imports.speakers import word_keys
from app.registry.imports.statuses import merge_statuses
from app.registry.imports.words import WordKeys
from app.registry.rotation import hold_version
from app.registry.sessions import Connection, Database
from app.registry.statements import keep_words

FAULTS_SHOWN: Final = 100
"""Of one answer."""
FAULTS_KEPT: Final = 10_000
"""Of one batch; more are counted, and not noted one by one."""

RIGHT_SQL: Final = """
SELECT i.code = $1 AND ($2::text IS NULL OR coalesce(t.code = i.code, false) OR EXISTS (
           SELECT FROM tenant_issuer g
            WHERE g.tenant = t.id AND g.issuer = i.code AND g.revoked_at IS NULL)) AS may,
       ARRAY(SELECT l.code FROM license_type l WHERE l.code = ANY (i.types)) AS types
  FROM issuer i LEFT JOIN tenant t ON t.id = $2
 WHERE i.code = $1
"""
"""$2 NULL: the operator's own command line."""

ALONE_SQL: Final = "SELECT pg_advisory_xact_lock(x'696d706f'::int, hashtext($1))"
"""("impo") Batches of one issuer take turns, chunk by chunk."""

OPEN_SQL: Final = """
INSERT INTO import_batch (issuer, batch, kind, tenant, as_of, key_version, chain,
                          lines, added, changed, unchanged, bad)
VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING
"""
_COLUMNS: Final = (
    "issuer, batch, kind, tenant, as_of, lines, added, changed, unchanged, bad, key_version, "
    "chain, finished_at"
)
READ_SQL: Final = f"SELECT {_COLUMNS} FROM import_batch WHERE issuer = $1 AND batch = $2"  # noqa: S608
GROW_SQL: Final = f"""
UPDATE import_batch SET lines = $3, chain = $4, added = added + $5, changed = changed + $6,
       unchanged = unchanged + $7, bad = bad + $8, updated_at = $9
 WHERE issuer = $1 AND batch = $2
RETURNING {_COLUMNS}
"""  # noqa: S608
FINISH_SQL: Final = f"""
UPDATE import_batch SET finished_at = coalesce(finished_at, $4), updated_at = $4
 WHERE issuer = $1 AND batch = $2 AND lines = $3
RETURNING {_COLUMNS}
"""  # noqa: S608
FAULTS_SQL: Final = """
SELECT line, field, fix FROM import_fault
 WHERE issuer = $1 AND batch = $2 AND line > $3 ORDER BY line LIMIT $4
"""


class Moved(Refused):
    """The batch is not where the sender thought: another stream of it is under way, or was."""

    def __init__(self) -> None:
        super().__init__("batch", "is under way in another request: ask how far it is, and go on")


class OldKeys(Exception):
    """The node's keys are others than those a chunk was made with: make it again."""


class _Undone(Exception):
    """Rolls a dry run back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A batch and what it takes to go on with it."""

    progress: Progress
    tenant: str | None
    types: frozenset[TypeCode]
    key_version: int
    chain: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PostgresImports:
    """Fits `services.importing.Imports`."""

    database: Database
    keys: KeyProvider = field(repr=False)

    async def right(self, issuer: IssuerCode, tenant: str | None) -> frozenset[TypeCode]:
        """The types of licenses that may be written. Raises `NotYours`, `Unavailable`."""
        return await self.database.run(lambda c: _right(c, issuer, tenant), repeatable=True)

    async def open(
        self, id: BatchId, kind: Kind, tenant: str | None, *, now: datetime, dry: bool
    ) -> Standing:
        """A batch, begun now or before. Raises `NotYours`, `Refused` and `Unavailable`."""
        version = self.keys.hmac_versions()[-1]

        async def work(connection: Connection) -> tuple[frozenset[TypeCode], Any]:
            types = await _right(connection, id.issuer, tenant)
            if not dry:
                values = (id.issuer, id.name, kind.value, tenant, now, version, START)
                await connection.execute(OPEN_SQL, *values)
            return types, await connection.fetchrow(READ_SQL, id.issuer, id.name)

        types, row = await self.database.run(work, repeatable=True)
        if dry or row is None:
            progress = Progress(id=id, kind=kind, as_of=now)
            return Standing(
                progress=progress, tenant=tenant, types=types, key_version=version, chain=START
            )
        found = _standing(row, types)
        if found.progress.kind is not kind or found.tenant != tenant:
            raise Refused("batch", "another batch has this name: choose a new one")
        return found

    async def progress(self, id: BatchId, tenant: str | None, *, after: int = 0) -> Progress | None:
        """How far a batch is, with its first faults after a line; None: no batch of this tenant.

        Raises `Unavailable`.
        """

        async def look(connection: Connection) -> Progress | None:
            row = await connection.fetchrow(READ_SQL, id.issuer, id.name)
            if row is None or (tenant is not None and row["tenant"] != tenant):
                return None
            return await _with_faults(connection, _progress(row), after)

        return await self.database.run(look, repeatable=True)

    async def word_keys(self, issuer: IssuerCode, now: datetime) -> WordKeys:
        """Keys by which signatures over rows are judged. Raises `Unavailable`."""
        return await self.database.run(lambda c: word_keys(c, issuer, now), repeatable=True)

    async def merge(
        self, standing: Standing, chunk: Chunk, naming: Naming, event: AuditEvent, *, now: datetime
    ) -> Standing:
        """Acknowledge a chunk: when this returns, all of it is on disk.

        Raises `OldKeys`, `Moved`, `NotYours` where the right was taken back meanwhile, and
        `Unavailable`; after that nothing is known, and the same chunk may be sent again.
        """
        id, tenant = standing.progress.id, standing.tenant

        async def work(connection: Connection) -> Any:
            async with connection.transaction():
                await connection.execute(ALONE_SQL, id.issuer)
                await _right(connection, id.issuer, tenant)
                row = await connection.fetchrow(READ_SQL, id.issuer, id.name)
                if (row["lines"], bytes(row["chain"])) == (chunk.last, chunk.chain):
                    return row  # it was committed, and its acknowledgement lost
                if (row["lines"], bytes(row["chain"])) != (chunk.first - 1, chunk.before):
                    raise Moved
                merged, faults = await self._merged(connection, standing, chunk, naming, now)
                await _note_faults(connection, id, faults, row["bad"])
                await connection.execute(APPEND_SQL, *link_values(event))
                return await connection.fetchrow(
                    GROW_SQL,
                    id.issuer,
                    id.name,
                    chunk.last,
                    chunk.chain,
                    merged.added,
                    merged.changed,
                    merged.unchanged,
                    len(faults),
                    now,
                )

        row = await self.database.run(work, repeatable=True)
        return _standing(row, standing.types)

    async def try_out(
        self, standing: Standing, chunk: Chunk, naming: Naming, event: AuditEvent, *, now: datetime
    ) -> Standing:
        """What `merge` would say, of a chunk by itself; nothing is kept. Raises as it does."""
        del event
        id, found = standing.progress.id, list[tuple[Merged, list[LineFault]]]()

        async def work(connection: Connection) -> None:
            async with connection.transaction():
                await connection.execute(ALONE_SQL, id.issuer)
                await _right(connection, id.issuer, standing.tenant)
                found.append(await self._merged(connection, standing, chunk, naming, now))
                raise _Undone

        with suppress(_Undone):
            await self.database.run(work)
        merged, faults = found[-1]
        before = standing.progress
        return replace(
            standing,
            chain=chunk.chain,
            progress=replace(
                before,
                lines=chunk.last,
                added=before.added + merged.added,
                changed=before.changed + merged.changed,
                unchanged=before.unchanged + merged.unchanged,
                bad=before.bad + len(faults),
                faults=(*before.faults, *faults)[:FAULTS_SHOWN],
            ),
        )

    async def finish(self, standing: Standing, *, now: datetime) -> Progress:
        """Its last line was acknowledged. Raises `Moved`, `Unavailable`."""
        id = standing.progress.id

        async def work(connection: Connection) -> Progress | None:
            row = await connection.fetchrow(
                FINISH_SQL, id.issuer, id.name, standing.progress.lines, now
            )
            return None if row is None else await _with_faults(connection, _progress(row), 0)

        done = await self.database.run(work, repeatable=True)
        if done is None:
            raise Moved
        return done

    async def _merged(
        self,
        connection: Connection,
        standing: Standing,
        chunk: Chunk,
        naming: Naming,
        now: datetime,
    ) -> tuple[Merged, list[LineFault]]:
        if chunk.versions != Versions.of(self.keys):
            await asyncio.to_thread(self.keys.reload)
        await hold_version(connection, self.keys)
        if chunk.versions != Versions.of(self.keys):
            raise OldKeys
        id, faults, merged = standing.progress.id, list(chunk.faults), Merged()
        if chunk.records or chunk.bare:
            merged = await merge_licenses(connection, id.issuer, chunk, naming, now=now)
        if chunk.statuses:
            merged, more = await merge_statuses(connection, id.issuer, chunk.statuses, now=now)
            faults += more
        refused = {fault.line for fault in faults}
        words = [word for line, word in chunk.words if line not in refused]
        await keep_words(connection, words, now)
        return merged, sorted(faults, key=lambda fault: fault.line)


async def _right(
    connection: Connection, issuer: IssuerCode, tenant: str | None
) -> frozenset[TypeCode]:
    row = await connection.fetchrow(RIGHT_SQL, issuer, tenant)
    if row is None or not row["may"]:
        raise NotYours("no registered issuer by that code whose records are yours to write")
    return frozenset(map(TypeCode, row["types"]))


async def _note_faults(
    connection: Connection, id: BatchId, faults: list[LineFault], before: int
) -> None:
    kept = faults[: max(0, FAULTS_KEPT - before)]
    if kept:
        await connection.copy_records_to_table(
            "import_fault",
            columns=("issuer", "batch", "line", "field", "fix"),
            records=[(id.issuer, id.name, f.line, f.field, f.fix) for f in kept],
        )


async def _with_faults(connection: Connection, progress: Progress, after: int) -> Progress:
    id = progress.id
    rows = await connection.fetch(FAULTS_SQL, id.issuer, id.name, after, FAULTS_SHOWN)
    return replace(progress, faults=tuple(LineFault(*row) for row in rows))


def _progress(row: Any) -> Progress:
    return Progress(
        id=BatchId(IssuerCode(row["issuer"]), row["batch"]),
        kind=Kind(row["kind"]),
        as_of=row["as_of"],
        lines=row["lines"],
        added=row["added"],
        changed=row["changed"],
        unchanged=row["unchanged"],
        bad=row["bad"],
        finished=row["finished_at"] is not None,
    )


def _standing(row: Any, types: frozenset[TypeCode]) -> Standing:
    return Standing(
        progress=_progress(row),
        tenant=row["tenant"],
        types=types,
        key_version=row["key_version"],
        chain=bytes(row["chain"]),
    )
