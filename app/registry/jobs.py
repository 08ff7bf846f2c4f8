"""Uploads answered in the background: kept encrypted, and each item answered exactly once.

The verdict of an item, its audit row and the mark that it is answered are one transaction: a worker
that dies before it leaves nothing, after it nothing to do again, and two workers at the same item
end with one verdict. What was uploaded is deleted with the answer.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from app.crypto.signing import KeyProvider
from app.domain.job import ItemForm, JobItem, JobKind, JobProgress, JobState, NewJob, Order, Outcome
from app.domain.verification import Asker, Receipt
from app.registry.audit import link_values
from app.registry.auditing import event_of
from app.registry.journal import RECORD_SQL, row_of
from app.registry.sessions import Connection, Database

PIECE: Final = 1 << 20
"""Bytes of an upload in one row."""
ROWS: Final = 500
"""Items written by one statement."""
CHUNK: Final = 25
"""Items that are worked off together."""

_OPEN: Final = "('stored', 'running')"
ADD_SQL: Final = """
INSERT INTO job (id, tenant, caller, kind, state, sealed, created_at, expires_at)
VALUES ($1, $2, $3, $4, 'stored', $5, $6, $7)
"""
OPEN_SQL: Final = f"SELECT count(*) FROM job WHERE tenant = $1 AND state IN {_OPEN}"  # noqa: S608
PROGRESS_SQL: Final = """
SELECT j.id, j.kind, j.state, j.items, j.problem, j.created_at, j.finished_at, j.expires_at,
       (SELECT count(verification) FROM job_item i WHERE i.job = j.id) AS answered,
       (SELECT count(problem) FROM job_item i WHERE i.job = j.id) AS refused
  FROM job j WHERE j.id = $1 AND j.tenant = $2 AND j.expires_at > $3
"""
FILL_SQL: Final = """
INSERT INTO job_item (job, no, line, label, form, content)
SELECT $1, * FROM unnest($2::int[], $3::int[], $4::bytea[], $5::text[], $6::bytea[])
"""
RUN_SQL: Final = """
UPDATE job SET state = 'running', items = $2 WHERE id = $1 AND state = 'stored' RETURNING 1
"""
END_SQL: Final = f"""
UPDATE job SET state = $2, problem = $3, finished_at = $4
 WHERE id = $1 AND state IN {_OPEN} RETURNING 1
"""  # noqa: S608 - no value of anybody's
DONE_SQL: Final = """
UPDATE job SET state = 'done', finished_at = $2 WHERE id = $1 AND state = 'running'
   AND NOT EXISTS (SELECT 1 FROM job_item i WHERE i.job = $1 AND i.answered_at IS NULL)
"""
WAITING_SQL: Final = """
SELECT i.no, i.line, i.label, i.form, i.content, i.tries
  FROM job_item i JOIN job j ON j.id = i.job
 WHERE i.job = $1 AND i.no BETWEEN $2 AND $3 AND i.answered_at IS NULL AND j.state = 'running'
 ORDER BY i.no
"""
BEGIN_READING_SQL: Final = """
UPDATE job SET tries = tries + (tried_by IS DISTINCT FROM $2)::int, tried_by = $2
 WHERE id = $1 AND state = 'stored'
"""
LEAVE_READING_SQL: Final = """
UPDATE job SET tries = tries - 1, tried_by = NULL
 WHERE id = $1 AND state = 'stored' AND tried_by = $2
"""
BEGIN_SQL: Final = """
UPDATE job_item SET tries = tries + (tried_by IS DISTINCT FROM $3)::int, tried_by = $3
 WHERE job = $1 AND no = ANY ($2::int[]) AND answered_at IS NULL
"""
"""The same worker that comes back to an item was not ended by it."""
LET_GO_SQL: Final = """
UPDATE job_item SET tries = tries - 1, tried_by = NULL
 WHERE job = $1 AND no = ANY ($2::int[]) AND answered_at IS NULL AND tried_by = $3
"""
REVOKED_SQL: Final = """
SELECT 1 FROM job j JOIN caller c ON c.id = j.caller
 WHERE j.id = $1 AND c.revoked_at IS NOT NULL
"""
ANSWER_SQL: Final = """
UPDATE job_item i SET verification = $3, problem = $4, answered_at = $5, content = NULL
  FROM job j
 WHERE i.job = $1 AND i.no = $2 AND i.answered_at IS NULL
   AND j.id = i.job AND j.state = 'running'
   AND NOT EXISTS (SELECT FROM caller c WHERE c.id = j.caller AND c.revoked_at IS NOT NULL)
RETURNING 1
"""
OUTCOMES_SQL: Final = """
SELECT i.no, i.line, i.label, i.problem, v.report, v.jws
  FROM job_item i LEFT JOIN verification v ON v.id = i.verification
 WHERE i.job = $1 AND i.no > $2 AND i.answered_at IS NOT NULL ORDER BY i.no LIMIT $3
"""


class AnsweredBefore(Exception):
    """The item has its answer, or its job is over: what was to be kept is not."""


@dataclass(frozen=True, slots=True)
class Open:
    """A job that is not over, and which chunks of it wait; none before its items are counted."""

    id: str
    state: JobState
    chunks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """An item without an answer."""

    no: int
    item: JobItem
    tries: int
    """Workers that began it and came to no end; not one of them may have been its fault."""


@dataclass(frozen=True, slots=True)
class PostgresJobs:
    """Keeps jobs."""

    database: Database
    keys: KeyProvider = field(repr=False)

    async def keep(self, job: NewJob) -> None:
        """Returns when all of the upload is on disk. Raises `Unavailable`; then none of it is."""
        id, caller = job.id, job.order.asker
        sealed = self.keys.encrypt(_order_json(job.order), _context("order", id))
        row = (id, caller.tenant, caller.caller, job.kind.value, sealed)
        pieces = [
            (id, no, self.keys.encrypt(job.content[at : at + PIECE], _context("piece", id, no)))
            for no, at in enumerate(range(0, len(job.content), PIECE))
        ]

        async def write(connection: Connection) -> None:
            async with connection.transaction():
                await connection.execute(ADD_SQL, *row, job.created_at, job.expires_at)
                for piece in pieces:
                    await connection.execute("INSERT INTO job_piece VALUES ($1, $2, $3)", *piece)

        await self.database.run(write)

    async def open_of(self, tenant: str) -> int:
        """How many of a tenant's are not over. Raises `Unavailable`."""
        return int((await self._fetch(OPEN_SQL, tenant))[0][0])

    async def progress(self, id: str, tenant: str, now: datetime) -> JobProgress | None:
        """None: unknown, expired, or another tenant's. Raises `Unavailable`."""
        rows = await self._fetch(PROGRESS_SQL, _asked(id), tenant, now)
        if not rows:
            return None
        row = dict(rows[0])
        return JobProgress(**row | {"kind": JobKind(row["kind"]), "state": JobState(row["state"])})

    async def to_read(self, id: str) -> int | None:
        """How many workers began to read an upload and came to no end; None: it is read, or over.

        Raises `Unavailable`.
        """
        rows = await self._fetch("SELECT tries FROM job WHERE id = $1 AND state = 'stored'", id)
        return int(rows[0]["tries"]) if rows else None

    async def begin_reading(self, id: str, worker: str) -> None:
        """As `begin`, of the whole upload. Raises `Unavailable`."""
        await self._fetch(BEGIN_READING_SQL, id, worker)

    async def leave_reading(self, id: str, worker: str) -> None:
        """As `let_go`, of the whole upload. Raises `Unavailable`."""
        await self._fetch(LEAVE_READING_SQL, id, worker)

    async def upload(self, id: str) -> tuple[JobKind, bytes] | None:
        """What was uploaded, where its items are not counted yet. Raises `Unavailable`."""
        kinds = await self._fetch("SELECT kind FROM job WHERE id = $1 AND state = 'stored'", id)
        if not kinds:
            return None
        pieces = "SELECT no, sealed FROM job_piece WHERE job = $1 ORDER BY no"
        content = b"".join(
            self.keys.decrypt(bytes(row["sealed"]), _context("piece", id, row["no"]))
            for row in await self._fetch(pieces, id)
        )
        return JobKind(kinds[0]["kind"]), content

    async def fill(self, id: str, items: Sequence[JobItem]) -> None:
        """All items at once, in place of the upload; nothing where they are there, or the job is
        over. Raises `Unavailable`.
        """
        columns = [
            (
                no,
                item.line,
                self.keys.encrypt(item.label.encode(), _context("label", id, no)),
                item.form.value,
                self.keys.encrypt(item.content, _context("item", id, no)),
            )
            for no, item in enumerate(items, 1)
        ]

        async def write(connection: Connection) -> None:
            async with connection.transaction():
                if await connection.fetchval(RUN_SQL, id, len(items)) is None:
                    return
                for at in range(0, len(columns), ROWS):
                    some = columns[at : at + ROWS]
                    await connection.execute(FILL_SQL, id, *map(list, zip(*some, strict=True)))
                await connection.execute("DELETE FROM job_piece WHERE job = $1", id)

        await self.database.run(write)

    async def end(
        self, id: str, state: JobState, now: datetime, problem: str | None = None
    ) -> bool:
        """Cancelled or refused: what was uploaded and not answered is deleted. False: it was over
        before. Raises `Unavailable`.
        """

        async def write(connection: Connection) -> bool:
            async with connection.transaction():
                if await connection.fetchval(END_SQL, id, state.value, problem, now) is None:
                    return False
                await connection.execute("DELETE FROM job_piece WHERE job = $1", id)
                await connection.execute(
                    "DELETE FROM job_item WHERE job = $1 AND answered_at IS NULL", id
                )
                return True

        return await self.database.run(write)

    async def done(self, id: str, now: datetime) -> None:
        """Over, if every item is answered. Raises `Unavailable`."""
        await self._fetch(DONE_SQL, id, now)

    async def order(self, id: str) -> Order | None:
        """For whom and how. Raises `Unavailable`."""
        rows = await self._fetch("SELECT sealed FROM job WHERE id = $1", id)
        if not rows:
            return None
        found = json.loads(self.keys.decrypt(bytes(rows[0]["sealed"]), _context("order", id)))
        asker = Asker(**found["asker"])
        return Order(asker=asker, scopes=frozenset(found["scopes"]), terms=found["terms"])

    async def revoked(self, id: str) -> bool:
        """Whether its caller may ask nothing any more. Raises `Unavailable`."""
        return bool(await self._fetch(REVOKED_SQL, id))

    async def waiting(self, id: str, chunk: int) -> list[Waiting]:
        """Items of a chunk (from 0) without an answer. Raises `Unavailable`."""
        first = chunk * CHUNK + 1
        rows = await self._fetch(WAITING_SQL, id, first, first + CHUNK - 1)
        return [Waiting(row["no"], self._item(id, row), row["tries"]) for row in rows]

    async def begin(self, id: str, numbers: Sequence[int], worker: str) -> None:
        """Noted on disk before they are touched. Raises `Unavailable`."""
        await self._fetch(BEGIN_SQL, id, list(numbers), worker)

    async def let_go(self, id: str, numbers: Sequence[int], worker: str) -> None:
        """The worker lives, and leaves what it has not answered. Raises `Unavailable`."""
        await self._fetch(LET_GO_SQL, id, list(numbers), worker)

    async def refuse(self, id: str, no: int, problem: str, now: datetime) -> None:
        """The item has a problem in place of a verdict. Raises `Unavailable`."""

        async def write(connection: Connection) -> None:
            async with connection.transaction():
                with suppress(AnsweredBefore):
                    await _mark(connection, id, no, now, problem=problem)

        await self.database.run(write)

    async def open_jobs(self) -> list[Open]:
        """Everything there is to do. Raises `Unavailable`."""
        chunks = (
            "SELECT DISTINCT (no - 1) / $2 AS chunk FROM job_item "
            "WHERE job = $1 AND answered_at IS NULL ORDER BY 1"
        )
        jobs = f"SELECT id, state FROM job WHERE state IN {_OPEN} ORDER BY created_at"  # noqa: S608
        return [
            Open(
                row["id"],
                JobState(row["state"]),
                tuple(found["chunk"] for found in await self._fetch(chunks, row["id"], CHUNK)),
            )
            for row in await self._fetch(jobs)
        ]

    async def outcomes(self, id: str, after: int, most: int) -> list[Outcome]:
        """Answered items after a number, in order. Raises `Unavailable`."""
        return [
            Outcome(
                row["no"],
                self.keys.decrypt(bytes(row["label"]), _context("label", id, row["no"])).decode(),
                row["line"],
                row["report"],
                row["jws"],
                row["problem"],
            )
            for row in await self._fetch(OUTCOMES_SQL, id, after, most)
        ]

    async def forget_used(self, now: datetime) -> None:
        """Delete what has expired, with everything of it. Raises `Unavailable`."""
        await self._fetch("DELETE FROM job WHERE expires_at < $1", now)

    def _item(self, id: str, row: Any) -> JobItem:
        label = self.keys.decrypt(bytes(row["label"]), _context("label", id, row["no"]))
        content = self.keys.decrypt(bytes(row["content"]), _context("item", id, row["no"]))
        return JobItem(label.decode(), row["line"], content, ItemForm(row["form"]))

    async def _fetch(self, sql: str, *values: object) -> list[Any]:
        async def look(connection: Connection) -> list[Any]:
            found: list[Any] = await connection.fetch(sql, *values)
            return found

        return await self.database.run(look, repeatable=True)


@dataclass(frozen=True, slots=True)
class ItemJournal:
    """Fits `services.verify.Journal`, for one item: its verdict is kept once, or not at all."""

    database: Database
    keys: KeyProvider = field(repr=False)
    job: str
    no: int

    async def record(self, receipt: Receipt) -> None:
        """Raises `AnsweredBefore`, `Unavailable`."""
        values = (*row_of(receipt), *link_values(event_of(receipt, self.keys)))
        done = receipt.verification

        async def write(connection: Connection) -> None:
            async with connection.transaction():
                await _mark(connection, self.job, self.no, done.at, verification=done.id)
                await connection.execute(RECORD_SQL, *values)

        await self.database.run(write)


async def _mark(
    connection: Connection,
    job: str,
    no: int,
    at: datetime,
    *,
    verification: str | None = None,
    problem: str | None = None,
) -> None:
    if await connection.fetchval(ANSWER_SQL, job, no, verification, problem, at) is None:
        raise AnsweredBefore


def _order_json(order: Order) -> bytes:
    members = {
        "asker": asdict(order.asker),
        "scopes": sorted(order.scopes),
        "terms": dict(order.terms),
    }
    return json.dumps(members, ensure_ascii=False).encode()


def _context(what: str, job: str, no: int | None = None) -> bytes:
    return f"job\0{what}\0{job}\0{'' if no is None else no}".encode()


def _asked(id: str) -> str:
    return id if id.isascii() and "\0" not in id else ""
