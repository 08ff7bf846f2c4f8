"""归集: a stream of rows of any length becomes records, chunk by chunk, in bounded memory.

cut into lines → read a chunk (another process) → merge it (one transaction) → acknowledged

While the database merges one chunk the next is received and read, and no more than that: a sender
who is faster waits. A batch sent again from its beginning is recognised line by line and goes on
where it stopped; other lines under the same name are refused before anything is written.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Protocol

from app.crypto.signing import KeyProvider
from app.domain.audit import AuditEvent, Operation, Result
from app.domain.batch import BatchId, Kind, Progress
from app.domain.errors import Refused, Unavailable
from app.domain.identifier import Identifier, IssuerCode, TypeCode
from app.domain.records import Terms, key_named
from app.domain.verification import Asker
from app.formats.rows import (
    Line,
    LineCutter,
    RowFormat,
    read_header,
    without_mark,
)
from app.registry.auditing import event
from app.registry.imports.prepared import START, BareRow, Chunk, Reading, Versions
from app.registry.imports.records import Naming
from app.registry.imports.store import OldKeys, Standing
from app.registry.imports.tasks import ChainLines, NameRows, ReadLines
from app.registry.imports.words import WordKeys

CHUNK_LINES: Final = 1000
CHUNK_BYTES: Final = 1024 * 1024
"""Whichever comes first ends a chunk."""
MEMORY: Final = 8 * CHUNK_BYTES
"""Bytes of one stream at most: of a chunk that is merged, and of one that is read, the lines and
what is made of them, twice on the way from one process to the other."""

KEY_TRIES: Final = 3
"""Of one chunk, where keys are made meanwhile."""


class Imports(Protocol):
    """Batches as they are kept."""

    async def right(self, issuer: IssuerCode, tenant: str | None) -> frozenset[TypeCode]: ...

    async def open(
        self, id: BatchId, kind: Kind, tenant: str | None, *, now: datetime, dry: bool
    ) -> Standing: ...

    async def progress(
        self, id: BatchId, tenant: str | None, *, after: int = 0
    ) -> Progress | None: ...

    async def word_keys(self, issuer: IssuerCode, now: datetime) -> WordKeys: ...

    async def merge(
        self, standing: Standing, chunk: Chunk, naming: Naming, event: AuditEvent, *, now: datetime
    ) -> Standing: ...

    async def try_out(
        self, standing: Standing, chunk: Chunk, naming: Naming, event: AuditEvent, *, now: datetime
    ) -> Standing: ...

    async def finish(self, standing: Standing, *, now: datetime) -> Progress: ...


class Reader(Protocol):
    """Whoever reads rows and makes them ready. All raise `Unavailable`: send the chunk again."""

    async def chunk(self, task: ReadLines) -> Chunk | None:
        """None: it has signatures, and keys for those were not told."""

    async def chained(self, task: ChainLines) -> bytes: ...

    async def named(self, task: NameRows) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What is sent, and by whom."""

    id: BatchId
    kind: Kind
    format: RowFormat
    after: int = 0
    """The first line sent is the one after this; a CSV header comes before it and is not counted
    again. 0: the whole batch."""
    dry: bool = False
    """Judge everything, keep nothing."""
    asker: Asker


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """Takes in batches."""

    imports: Imports
    reader: Reader
    keys: KeyProvider = field(repr=False)
    clock: Callable[[], datetime]
    version: str

    async def take(
        self,
        sending: Sending,
        body: AsyncIterator[bytes],
        told: Callable[[Progress], None] = lambda _: None,
    ) -> Progress:
        """All of a body; what is returned is on disk.

        Args:
            sending: what it is.
            body: its bytes, in pieces of any size.
            told: called after every chunk with how far the batch is.

        Raises `NotYours`; `Refused` for a batch that is another, or a header that cannot be read;
        `Unavailable`. Chunks acknowledged before stay.
        """
        standing = await self.imports.open(
            sending.id, sending.kind, sending.asker.tenant, now=self.clock(), dry=sending.dry
        )
        run = _Run(self, sending, standing, told)
        try:
            async for lines in chunked(body):
                await run.lines(lines)
            return await run.end()
        finally:
            await run.abandon()

    def event(self, sending: Sending, first: int, last: int) -> AuditEvent:
        """The row of the audit log that a chunk is written with."""
        licenses = sending.kind is Kind.LICENSES
        row = event(
            sending.asker,
            self.keys,
            Operation.IMPORT_RECORDS if licenses else Operation.CHANGE_STATUS,
            Result.ANSWERED,
            at=self.clock(),
            version=self.version,
            object=f"{sending.id} {first}-{last}",
        )
        return replace(row, issuer=sending.id.issuer)


async def chunked(body: AsyncIterator[bytes]) -> AsyncIterator[list[Line]]:
    """Lines, so many at a time; the last may have no end."""
    cutter, lines, size = LineCutter(), list[Line](), 0
    async for piece in body:
        for line in cutter.feed(piece):
            lines.append(line)
            size += len(line or b"")
            if len(lines) >= CHUNK_LINES or size >= CHUNK_BYTES:
                yield lines
                lines, size = [], 0
    lines += cutter.finish()
    if lines:
        yield lines


class _Run:
    """One body on its way in: what is read of it, and the chunk that is being merged."""

    def __init__(
        self,
        importer: Importer,
        sending: Sending,
        standing: Standing,
        told: Callable[[Progress], None],
    ) -> None:
        self._importer, self._sending, self._told = importer, sending, told
        self._standing = standing
        self._known = standing.progress.lines
        """Acknowledged before this body."""
        if sending.after and sending.after != self._known:
            where = f"after {self._known}, or " if self._known else ""
            raise Refused("after", f"send on {where}the whole batch from its beginning")
        self._chain = standing.chain if sending.after else START
        self._at = sending.after
        """Lines taken so far."""
        self._reading: Reading | None = None
        self._signed = False
        """Rows of it bring signatures."""
        self._merging: asyncio.Task[Standing] | None = None

    async def lines(self, lines: list[Line]) -> None:
        """Take more lines; returns when no more than one chunk waits for the database."""
        if self._reading is None:
            lines = self._begin(lines)
        known = min(len(lines), max(0, self._known - self._at))
        if known:
            await self._recognise(lines[:known])
        fresh = lines[known:]
        if not fresh:
            return
        if self._standing.progress.finished:
            raise Refused("batch", f"is complete with {self._known} lines: choose another name")
        chunk = await self._read(self._at + 1, fresh, self._chain)
        self._at, self._chain = chunk.last, chunk.chain
        await self._settle()
        self._merging = asyncio.create_task(self._merge(chunk, fresh))

    async def _read(self, first: int, lines: Sequence[Line], before: bytes) -> Chunk:
        """Raises `Unavailable`."""
        importer, now = self._importer, self._importer.clock()
        while True:
            keys = None
            if self._signed:
                keys = await importer.imports.word_keys(self._sending.id.issuer, now)
            task = ReadLines(
                reading=self._told_reading,
                versions=Versions.of(importer.keys),
                first=first,
                lines=lines,
                before=before,
                word_keys=keys,
                now=now,
            )
            chunk = await importer.reader.chunk(task)
            if chunk is not None:
                return chunk
            self._signed = True

    async def end(self) -> Progress:
        """The body is over."""
        await self._settle()
        if self._at < self._known:
            raise Refused(
                "batch", f"had {self._known} lines when it was sent before: send them all"
            )
        if self._sending.dry:
            return self._standing.progress
        imports, now = self._importer.imports, self._importer.clock()
        if self._standing.progress.finished:
            found = await imports.progress(self._sending.id, self._sending.asker.tenant)
            return found or self._standing.progress
        return await imports.finish(self._standing, now=now)

    async def abandon(self) -> None:
        """Whatever is under way ends before the request does; its outcome stands in the batch."""
        if self._merging is not None:
            await asyncio.gather(self._merging, return_exceptions=True)

    @property
    def _told_reading(self) -> Reading:
        if self._reading is None:
            raise RuntimeError("nothing was begun")
        return self._reading

    def _begin(self, lines: list[Line]) -> list[Line]:
        """The way to read the rows; the lines that count."""
        sending = self._sending
        if lines[0] is not None:
            lines = [without_mark(lines[0]), *lines[1:]]
        columns = None
        if sending.format is RowFormat.CSV:
            columns = _columns(lines[0], sending.kind)
            lines = lines[1:] if sending.after else lines
        self._reading = Reading(
            kind=sending.kind,
            columns=columns,
            terms=Terms(sending.id.issuer, self._standing.types, self._importer.clock()),
            as_of=self._standing.progress.as_of,
            key_version=self._standing.key_version,
        )
        return lines

    async def _recognise(self, lines: list[Line]) -> None:
        """Lines that were acknowledged before are the same, or this is another batch."""
        task = ChainLines(reading=self._told_reading, lines=lines, chain=self._chain)
        self._chain = await self._importer.reader.chained(task)
        self._at += len(lines)
        if self._at == self._known and self._chain != self._standing.chain:
            raise Refused("batch", "other lines were sent under this name: choose another")

    async def _merge(self, chunk: Chunk, lines: Sequence[Line]) -> Standing:
        sending, imports = self._sending, self._importer.imports
        work = imports.try_out if sending.dry else imports.merge
        event = self._importer.event(sending, chunk.first, chunk.last)
        for _ in range(KEY_TRIES):
            now, naming = self._importer.clock(), self._naming(chunk.versions)
            try:
                standing = await work(self._standing, chunk, naming, event, now=now)
            except OldKeys:  # made while it waited
                chunk = await self._read(chunk.first, lines, chunk.before)
            else:
                self._told(standing.progress)
                return standing
        raise Unavailable("rows: their keys change faster than they are read")

    def _naming(self, versions: Versions) -> Naming:
        reading = self._told_reading

        async def named(rows: Sequence[BareRow], names: Sequence[Identifier]) -> bytes:
            task = NameRows(reading=reading, versions=versions, rows=rows, names=names)
            return await self._importer.reader.named(task)

        return named

    async def _settle(self) -> None:
        if self._merging is not None:
            merging, self._merging = self._merging, None
            self._standing = await merging


def _columns(header: Line, kind: Kind) -> tuple[str, ...]:
    """Raises `Refused`: before any row is read, and by the number of the column."""
    names = read_header(header)
    for number, name in enumerate(names, start=1):
        if key_named(name, kind) is None:
            raise Refused("header", f"column {number} has a name that {kind} do not have")
    return names
