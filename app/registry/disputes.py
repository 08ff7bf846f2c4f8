"""Disputes as they are kept: filed, followed by their code, and answered by whoever speaks today.

Who answers is found at each look: the issuer of the record, or the body that took over from it for
that type (颁发机构调整), however many times it was handed on.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from app.crypto.signing import KeyProvider
from app.domain.audit import AuditEvent
from app.domain.dispute import By, Complaint, Dispute, DisputeState, Element, Filing, Step
from app.domain.errors import Malformed
from app.domain.identifier import IssuerCode, TypeCode
from app.registry.audit import APPEND_SQL, link_values
from app.registry.sessions import Connection, Database

SHOWN: Final = 100
"""Disputes told at once."""

DISPUTED: Final = """(SELECT min(flagged_at) FROM dispute
      WHERE dispute.record = {record} AND flagged_at IS NOT NULL AND ended_at IS NULL)"""
"""Since when a record is disputed; NULL: it is not. One probe of the index of open flags."""

FILE_SQL: Final = """
WITH kept AS (
    INSERT INTO dispute (reference, record, named, type, issuer, element, state, tenant, filed_at,
                         changed_at, flagged_at, sealed)
    SELECT $1, $2, $3, $4, (SELECT code FROM issuer WHERE code = $5), $6, 'open', $7, $8, $8, $9,
           $10
    RETURNING reference)
INSERT INTO dispute_step (reference, seq, at, state, by)
SELECT reference, 1, $8, 'open', $11 FROM kept
"""
_COLUMNS: Final = (
    "d.reference, d.record, d.named, d.type, d.issuer, d.element, d.state, d.tenant, d.filed_at, "
    "d.changed_at, d.flagged_at, d.sealed"
)
FOLLOW_SQL: Final = f"SELECT {_COLUMNS} FROM dispute d WHERE d.reference = $1"  # noqa: S608
STEPS_SQL: Final = """
SELECT seq, at, state, by, note FROM dispute_step WHERE reference = $1 ORDER BY seq
"""
_TO_ANSWER: Final = """
WITH RECURSIVE mine AS (
    SELECT i.code FROM issuer i JOIN tenant t ON t.id = $1
     WHERE t.code = i.code OR EXISTS (SELECT FROM tenant_issuer g
            WHERE g.tenant = t.id AND g.issuer = i.code AND g.revoked_at IS NULL)
), taken AS (
    SELECT issuer, type, successor FROM succession WHERE since <= $2
), inherited AS (
    SELECT k.issuer, k.type FROM taken k JOIN mine ON mine.code = k.successor
     WHERE NOT EXISTS (SELECT FROM taken on_ WHERE on_.issuer = mine.code AND on_.type = k.type)
    UNION
    SELECT k.issuer, k.type FROM taken k JOIN inherited h
        ON k.successor = h.issuer AND k.type = h.type
), theirs AS (
    SELECT d.* FROM dispute d WHERE $1::text IS NULL
        OR (d.issuer IN (SELECT code FROM mine) AND NOT EXISTS (
               SELECT FROM taken k WHERE k.issuer = d.issuer AND k.type = d.type))
        OR EXISTS (SELECT FROM inherited h WHERE h.issuer = d.issuer AND h.type = d.type)
)
"""
"""$1 tenant, NULL: the operator of the node, who sees all; $2 now."""
LIST_SQL: Final = f"""{_TO_ANSWER}
SELECT {_COLUMNS} FROM theirs d
 WHERE (d.ended_at IS NOT NULL) = $3
   AND ($4::text IS NULL OR (d.filed_at, d.reference)
        > (SELECT filed_at, reference FROM dispute WHERE reference = $4))
 ORDER BY d.filed_at, d.reference LIMIT {SHOWN}
"""  # noqa: S608 - constants put in place
ONE_SQL: Final = f"{_TO_ANSWER} SELECT {_COLUMNS} FROM theirs d WHERE d.reference = $3"  # noqa: S608

CHANGE_SQL: Final = """
WITH changed AS (
    UPDATE dispute SET state = $3, changed_at = $4, ended_at = $5,
           record = coalesce(record, $6), flagged_at = coalesce(flagged_at, $7),
           sealed = CASE WHEN $3 = 'withdrawn' THEN NULL ELSE sealed END
     WHERE reference = $1 AND state = $2
    RETURNING reference)
INSERT INTO dispute_step (reference, seq, at, state, by, note)
SELECT c.reference, (SELECT max(seq) + 1 FROM dispute_step s WHERE s.reference = c.reference),
       $4, $3, $8, $9
  FROM changed c RETURNING seq
"""
"""$2: the state it was in when it was looked at; of two who answer at once the second is told."""

TOUCHED_SQL: Final = """
SELECT greatest(
    (SELECT recorded_at FROM license WHERE identifier = $1),
    (SELECT max(greatest(recorded_at, replaced_at)) FROM license_status WHERE identifier = $1))
"""


@dataclass(frozen=True, slots=True)
class PostgresDisputes:
    """Fits `services.disputing.Store`."""

    database: Database = field(repr=False)
    keys: KeyProvider = field(repr=False)

    async def file(self, filing: Filing, by: By, event: AuditEvent) -> None:
        """Keep it, with its row in the audit log. Raises `Unavailable`."""
        sealed = self.keys.encrypt(_plain(filing.complaint), _context(filing.reference))
        values = (
            filing.reference,
            filing.record,
            str(filing.named) if filing.named else None,
            filing.type,
            filing.issuer,
            filing.element.value,
            filing.tenant,
            filing.at,
            filing.at if filing.flagged else None,
            sealed,
            by.value,
        )

        async def write(connection: Connection) -> None:
            async with connection.transaction():
                await connection.execute(FILE_SQL, *values)
                await connection.execute(APPEND_SQL, *link_values(event))

        await self.database.run(write)

    async def followed(self, reference: str) -> Dispute | None:
        """With its trace, and nothing of what was said. Raises `Unavailable`."""

        async def read(connection: Connection) -> tuple[Any, Sequence[Any]]:
            row = await connection.fetchrow(FOLLOW_SQL, reference)
            return row, await connection.fetch(STEPS_SQL, reference)

        row, steps = await self.database.run(read, repeatable=True)
        if row is None:
            return None
        return replace(_dispute(row, None), steps=tuple(self._step(reference, s) for s in steps))

    async def listed(
        self, tenant: str | None, now: datetime, *, ended: bool, after: str | None
    ) -> list[Dispute]:
        """Those that a tenant may answer today, oldest first; None: all, for the operator.

        Raises `Unavailable`.
        """

        async def read(connection: Connection) -> Sequence[Any]:
            found: Sequence[Any] = await connection.fetch(LIST_SQL, tenant, now, ended, after)
            return found

        rows = await self.database.run(read, repeatable=True)
        return [self._opened(row) for row in rows]

    async def one(self, reference: str, tenant: str | None, now: datetime) -> Dispute | None:
        """One that a tenant may answer, with its trace. Raises `Unavailable`."""

        async def read(connection: Connection) -> tuple[Any, Sequence[Any]]:
            row = await connection.fetchrow(ONE_SQL, tenant, now, reference)
            return row, await connection.fetch(STEPS_SQL, reference)

        row, steps = await self.database.run(read, repeatable=True)
        if row is None:
            return None
        return replace(self._opened(row), steps=tuple(self._step(reference, s) for s in steps))

    async def change(
        self, before: Dispute, step: Step, event: AuditEvent, *, record: str | None, flag: bool
    ) -> bool:
        """Add a step. False: it is not any more where it was. Raises `Unavailable`."""
        reference, sealed = before.reference, None
        if step.note is not None:
            context = _context(f"{reference}\0{step.at.isoformat()}")
            sealed = self.keys.encrypt(step.note.encode(), context)
        values = (
            reference,
            before.state.value,
            step.state.value,
            step.at,
            step.at if step.state.ended else None,
            record,
            step.at if flag else None,
            step.by.value,
            sealed,
        )

        async def write(connection: Connection) -> bool:
            async with connection.transaction():
                if await connection.fetchval(CHANGE_SQL, *values) is None:
                    return False
                await connection.execute(APPEND_SQL, *link_values(event))
                return True

        return await self.database.run(write)

    async def touched(self, record: str) -> datetime | None:
        """When the record, or its history, last changed here; None: there is none."""

        async def read(connection: Connection) -> Any:
            return await connection.fetchval(TOUCHED_SQL, record)

        found: datetime | None = await self.database.run(read, repeatable=True)
        return found

    def _opened(self, row: Any) -> Dispute:
        if row["sealed"] is None:
            return _dispute(row, None)
        plain = self.keys.decrypt(row["sealed"], _context(row["reference"]))
        return _dispute(row, _complaint(plain))

    def _step(self, reference: str, row: Any) -> Step:
        note = row["note"]
        if note is not None:
            context = _context(f"{reference}\0{row['at'].isoformat()}")
            note = self.keys.decrypt(note, context).decode()
        return Step(at=row["at"], state=DisputeState(row["state"]), by=By(row["by"]), note=note)


def _context(place: str) -> bytes:
    return f"dispute\0{place}".encode()


def _plain(complaint: Complaint) -> bytes:
    members = [complaint.text, complaint.number, complaint.holder, complaint.holder_code]
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()


def _complaint(plain: bytes) -> Complaint:
    try:
        text, number, holder, holder_code = json.loads(plain)
    except ValueError:
        raise Malformed("sealed dispute: not of this format") from None
    return Complaint(text=text, number=number, holder=holder, holder_code=holder_code)


def _dispute(row: Any, complaint: Complaint | None) -> Dispute:
    return Dispute(
        reference=row["reference"],
        record=row["record"],
        named=row["named"],
        type=TypeCode(row["type"]),
        issuer=None if row["issuer"] is None else IssuerCode(row["issuer"]),
        element=Element(row["element"]),
        state=DisputeState(row["state"]),
        tenant=row["tenant"],
        filed_at=row["filed_at"],
        changed_at=row["changed_at"],
        flagged_at=row["flagged_at"],
        complaint=complaint,
    )
