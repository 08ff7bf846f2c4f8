"""The memory of this node: what was verified, on which facts, and what was answered."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from app.crypto.signing import KeyProvider
from app.domain.evidence import Evidence
from app.domain.facts import Facts
from app.domain.issuer import IssuerAnswer
from app.domain.reasons import Reason
from app.domain.verdict import Conclusion, Subject
from app.domain.verification import Receipt
from app.registry import serial
from app.registry.audit import LINK_SQL, link_values
from app.registry.auditing import event_of
from app.registry.sessions import Connection, Database

RECORD_SQL: Final = (  # no value of anybody's: numbered parameters put in place
    """
WITH seen AS (
    INSERT INTO first_seen (sha256, at) SELECT $10::bytea, $2::timestamptz WHERE $10 IS NOT NULL
    ON CONFLICT DO NOTHING
),"""  # noqa: S608
    + LINK_SQL.format(
        chain="$20::int",
        at="$21::timestamptz",
        tenant="$22::text",
        operation="$23::text",
        body="$24::bytea",
        digest="$25::bytea",
    )
    + """
INSERT INTO verification (
    id, at, conclusion, reason, subject, basis, policy, issuer, type, sha256, sm3,
    expires_at, conflict, facts, answer, evidence, report, jws, tenant
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
"""
)
"""One statement, so one transaction and one round trip: all three rows are there, or none."""

REPORT_SQL: Final = """
SELECT report, jws FROM verification
 WHERE id = $1
   AND (tenant = $3 OR tenant IS NULL AND (expires_at IS NULL OR expires_at > $2))
"""

REPLAY_SQL: Final = """
SELECT id, at, facts, answer, policy, conclusion, reason, subject, conflict, evidence
  FROM verification
 WHERE facts IS NOT NULL AND (at, id) > ($1, $2) AND at < $3
 ORDER BY at, id LIMIT $4
"""

ID_LENGTH: Final = 22
"""Characters of an id: 128 bits in base64url."""

_REASONS: Final = {reason.value: reason for reason in Reason}

BATCH: Final = 200
"""Verifications fetched at once for a replay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A verification as it was judged: everything to judge it again, and to compare."""

    id: str
    at: datetime
    facts: Facts = field(repr=False)
    answer: IssuerAnswer
    policy: str
    evidence: tuple[Evidence, ...] = field(repr=False)
    conclusion: Conclusion
    reason: Reason | None
    subject: Subject
    conflict: bool


@dataclass(frozen=True, slots=True)
class PostgresJournal:
    """Fits `services.verify.Journal`."""

    database: Database
    keys: KeyProvider = field(repr=False)
    """For the keyed hashes of the audit log."""

    async def record(self, receipt: Receipt) -> None:
        """Keep facts, answer, evidence and report; returns when they are on disk.

        Not repeated on its own: after `Unavailable` nothing is known of the row, and the caller,
        who got no answer, asks anew under a new id.

        Raises `Unavailable`.
        """
        values = (*row_of(receipt), *link_values(event_of(receipt, self.keys)))

        async def write(connection: Connection) -> None:
            await connection.execute(RECORD_SQL, *values)

        await self.database.run(write)

    async def report(
        self, id: str, now: datetime, tenant: str | None = None
    ) -> tuple[dict[str, Any], str] | None:
        """The report and its JWS; None for an id that is unknown, expired, another tenant's or no
        id at all. A tenant reads its own as long as they are kept.

        All take the same query, so they cannot be told apart by their time.

        Raises `Unavailable`.
        """
        asked = id if len(id) == ID_LENGTH and id.isascii() and "\0" not in id else ""
        found = await self._fetch(REPORT_SQL, asked, now, tenant)
        return (serial.load_report(found[0]["report"]), found[0]["jws"]) if found else None

    async def replayable(self, *, since: datetime, until: datetime) -> AsyncIterator[Kept]:
        """What was recorded from `since` (included) to `until`, oldest first, in short reads.

        Files that could not be read left no facts and are passed over. Raises `Unavailable`, and
        `Malformed` for a row that does not fit the domain any more.
        """
        after = (since, "")
        while batch := await self._fetch(REPLAY_SQL, *after, until, BATCH):
            for row in batch:
                yield _kept(row)
            after = (batch[-1]["at"], batch[-1]["id"])

    async def _fetch(self, sql: str, *values: object) -> list[Any]:
        async def read(connection: Connection) -> list[Any]:
            found: list[Any] = await connection.fetch(sql, *values)
            return found

        return await self.database.run(read, repeatable=True)


def row_of(receipt: Receipt) -> tuple[object, ...]:
    """The parameters of RECORD_SQL."""
    done = receipt.verification
    verdict, digests, facts = done.verdict, done.digests, done.facts
    trust = facts.trust if facts else None
    return (
        done.id,
        done.at,
        verdict.conclusion.value,
        verdict.reason.value if verdict.reason else None,
        verdict.subject.value,
        done.basis.value,
        done.policy,
        trust.issuer.code if trust and trust.issuer else None,
        trust.type.code if trust and trust.type else None,
        digests.sha256 if digests else None,
        digests.sm3 if digests else None,
        receipt.expires_at,
        verdict.conflict,
        serial.dump_facts(facts),
        serial.dump_answer(done.answer),
        serial.dump_evidence(done.evidence),
        serial.dump_report(receipt.content),
        receipt.jws,
        done.asker.tenant,
    )


def _kept(row: Any) -> Kept:
    return Kept(
        id=row["id"],
        at=row["at"],
        facts=serial.load_facts(row["facts"]),
        answer=serial.load_answer(row["answer"]),
        policy=row["policy"],
        evidence=serial.load_evidence(row["evidence"]),
        conclusion=Conclusion(row["conclusion"]),
        reason=_REASONS[row["reason"]] if row["reason"] else None,
        subject=Subject(row["subject"]),
        conflict=row["conflict"],
    )
