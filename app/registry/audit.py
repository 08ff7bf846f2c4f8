"""The audit log: rows chained in the very transaction that makes them true, heads signed.

Eight chains, so that writers do not wait for one another's disk. A writer takes one, locks its
head, and appends; the database computes the link, so a row costs no extra round trip. Events are
digested with SM3; the links are SHA-256, which the database has (docs/adr/0011). Rows by themselves
that are wanted at the same time go into one chain by one statement (docs/adr/0034).
"""

import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from app.crypto.digests import digest
from app.crypto.jose import to_base64url
from app.crypto.schemes import JOSE_BY_SCHEME
from app.crypto.signing import Signer
from app.domain.audit import AuditEvent, Finding, Flaw, Head, Link
from app.domain.errors import Unavailable
from app.domain.scheme import Digest
from app.registry.gathering import Gathering
from app.registry.sessions import Connection, Database, WriteSession

CHAINS: Final = 8
START: Final = bytes(32)
"""The hash before the first row of a chain."""
BATCH: Final = 2_000

LINK_SQL: Final = """
linked AS (
    UPDATE audit_chain
       SET seq = seq + 1, hash = sha256(hash || int8send(seq + 1) || {digest})
     WHERE chain = {chain}
    RETURNING chain, seq, hash
), logged AS (
    INSERT INTO audit (chain, seq, at, tenant, operation, body, digest, hash)
    SELECT chain, seq, {at}, {tenant}, {operation}, {body}, {digest}, hash FROM linked
)
"""
"""Two steps of a WITH, for a statement that records something else as well."""

APPEND_SQL: Final = (  # no value of anybody's: numbered parameters put in place
    "WITH "  # noqa: S608
    + LINK_SQL.format(
        chain="$1::int",
        at="$2::timestamptz",
        tenant="$3",
        operation="$4",
        body="$5::bytea",
        digest="$6::bytea",
    )
    + " SELECT chain, seq FROM linked"
)

_APPEND_ALL: Final = """
WITH RECURSIVE head AS MATERIALIZED (
    {head}
), linked (n, chain, seq, hash) AS (
    SELECT 0, chain, seq, hash FROM head
    UNION ALL
    SELECT n + 1, chain, seq + 1, sha256(hash || int8send(seq + 1) || ($6::bytea[])[n + 1])
      FROM linked WHERE n < cardinality($6::bytea[])
), moved AS (
    UPDATE audit_chain c SET seq = linked.seq, hash = linked.hash FROM linked
     WHERE c.chain = linked.chain AND n = cardinality($6::bytea[])
)
INSERT INTO audit (chain, seq, at, tenant, operation, body, digest, hash)
SELECT chain, seq, ($2::timestamptz[])[n], ($3::text[])[n], ($4::text[])[n], ($5::bytea[])[n],
       ($6::bytea[])[n], hash
  FROM linked WHERE n > 0
"""
"""$1 a chain to begin with, then at, tenant, operation, body and digest of each row, in order."""

APPEND_ALL_SQL: Final = _APPEND_ALL.format(
    head=f"""SELECT chain, seq, hash FROM audit_chain
     ORDER BY (chain + $1::int) % {CHAINS} LIMIT 1 FOR UPDATE SKIP LOCKED"""  # noqa: S608
)
"""Into the first chain on which nobody is at work; no row at all where somebody is at each."""
APPEND_WAITING_SQL: Final = _APPEND_ALL.format(
    head="SELECT chain, seq, hash FROM audit_chain WHERE chain = $1::int FOR UPDATE"
)
"""Into that chain, whoever has to be waited for."""
_NONE: Final = "INSERT 0 0"


def link_values(event: AuditEvent) -> tuple[object, ...]:
    """chain, at, tenant, operation, body, digest."""
    return (secrets.randbelow(CHAINS), *_row_values(event))


def _row_values(event: AuditEvent) -> tuple[object, ...]:
    """at, tenant, operation, body, digest."""
    body = event.canonical()
    return (
        event.at,
        event.tenant,
        event.operation.value,
        body,
        digest(Digest.SM3, body),
    )


async def append_within(session: WriteSession, event: AuditEvent) -> None:
    """One row in a transaction of administration: both are kept, or neither."""
    connection = await session.connection()
    await connection.exec_driver_sql(APPEND_SQL, link_values(event))


@dataclass(slots=True)
class PostgresAudit:
    """Appends, and finds what was tampered with."""

    database: Database
    _rows: Gathering[tuple[object, ...], None] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._rows = Gathering(self._append_all)

    async def append(self, event: AuditEvent) -> None:
        """One row by itself; returns when it is on disk. Raises `Unavailable`."""
        await self._rows.one(_row_values(event))

    async def _append_all(self, rows: Sequence[tuple[object, ...]]) -> list[None]:
        """Rows in order, in one chain and one transaction: all of them are on disk, or none."""
        values = (secrets.randbelow(CHAINS), *map(list, zip(*rows, strict=True)))

        async def write(connection: Connection) -> str:
            for sql in (APPEND_ALL_SQL, APPEND_WAITING_SQL):
                status: str = await connection.execute(sql, *values)
                if status != _NONE:
                    break
            return status

        if await self.database.run(write) != f"INSERT 0 {len(rows)}":
            raise Unavailable("database: the audit log has no chain to append to")
        return [None] * len(rows)

    async def heads(self) -> dict[int, Head]:
        """Where every chain stands. Raises `Unavailable`."""

        async def look(connection: Connection) -> list[Any]:
            found: list[Any] = await connection.fetch(
                "SELECT chain, seq, hash FROM audit_chain ORDER BY chain"
            )
            return found

        rows = await self.database.run(look, repeatable=True)
        return {chain: Head(chain, seq, hash) for chain, seq, hash in rows}

    async def sign_heads(self, signer: Signer) -> str:
        """Sign where all chains stand, keep it, and give it out. Raises `Unavailable`."""
        token = _signed(await self.heads(), signer)

        async def write(connection: Connection) -> None:
            await connection.execute(
                "INSERT INTO audit_head (id, jws) "
                "SELECT coalesce(max(id), 0) + 1, $1 FROM audit_head",
                token,
            )

        await self.database.run(write)
        return token

    async def sign_when_due(self, signer: Signer, before: datetime) -> bool:
        """Sign where all chains stand, unless a worker did since `before`. Raises `Unavailable`."""

        async def look(connection: Connection) -> bool:
            sql = "SELECT NOT EXISTS (SELECT FROM audit_head WHERE at > $1)"
            return bool(await connection.fetchval(sql, before))

        due = await self.database.run(look, repeatable=True)
        if due:
            await self.sign_heads(signer)
        return due

    async def signed_heads(self) -> list[str]:
        """Every signed head, oldest first. Raises `Unavailable`."""

        async def look(connection: Connection) -> list[Any]:
            found: list[Any] = await connection.fetch("SELECT jws FROM audit_head ORDER BY id")
            return found

        return [row[0] for row in await self.database.run(look, repeatable=True)]

    async def links(self, chain: int) -> AsyncIterator[Link]:
        """A chain from its beginning, in short reads. Raises `Unavailable`."""
        after = 0
        while True:
            batch = await self._links(chain, after)
            for row in batch:
                yield Link(chain, *row)
            if len(batch) < BATCH:
                return
            after = batch[-1][0]

    async def _links(self, chain: int, after: int) -> list[Any]:
        async def look(connection: Connection) -> list[Any]:
            found: list[Any] = await connection.fetch(
                "SELECT seq, body, digest, hash FROM audit "
                "WHERE chain = $1 AND seq > $2 ORDER BY seq LIMIT $3",
                chain,
                after,
                BATCH,
            )
            return found

        return await self.database.run(look, repeatable=True)

    async def verify(self, signed: Iterable[Mapping[int, Head]] = ()) -> tuple[int, list[Finding]]:
        """Rows read, and every flaw with its place. `signed`: heads whose signature was checked.

        Raises `Unavailable`.
        """
        heads, anchored = await self.heads(), list(signed)
        total, flaws = 0, list[Finding]()
        for chain in range(CHAINS):
            check = ChainCheck(chain, [h[chain] for h in anchored if chain in h])
            async for link in self.links(chain):
                check.take(link)
            flaws += check.finish(heads.get(chain, Head(chain, 0, START)))
            total += check.rows
        return total, flaws


class ChainCheck:
    """Walks one chain. Pure; a flaw does not hide those behind it."""

    def __init__(self, chain: int, signed: Iterable[Head]) -> None:
        """`signed`: where it was signed to stand; two that disagree are two histories."""
        self.rows = 0
        self._chain = chain
        self._signed: dict[int, set[bytes]] = {}
        for head in signed:
            self._signed.setdefault(head.seq, set()).add(head.hash)
        self._last, self._hash = 0, START
        self._flaws: list[Finding] = []

    def take(self, link: Link) -> None:
        """The next row."""
        self.rows += 1
        for gone in range(self._last + 1, link.seq):
            self._flaw(gone, Flaw.MISSING)
        gap = link.seq != self._last + 1
        if digest(Digest.SM3, link.body) != link.digest:
            self._flaw(link.seq, Flaw.CHANGED)
        elif not gap and link_hash(self._hash, link.seq, link.digest) != link.hash:
            self._flaw(link.seq, Flaw.BROKEN)
        if self._signed.get(link.seq, {link.hash}) != {link.hash}:
            self._flaw(link.seq, Flaw.FORKED)
        self._last, self._hash = link.seq, link.hash

    def finish(self, head: Head) -> list[Finding]:
        """Held against where the chain is said to stand, and where it was signed to stand."""
        for gone in range(self._last + 1, head.seq + 1):
            self._flaw(gone, Flaw.MISSING)
        if self._last == head.seq and self._hash != head.hash:
            self._flaw(head.seq, Flaw.BROKEN)
        latest = max(self._signed, default=0)
        if latest > max(self._last, head.seq):
            self._flaw(latest, Flaw.TRUNCATED)
        return self._flaws

    def _flaw(self, seq: int, flaw: Flaw) -> None:
        self._flaws.append(Finding(self._chain, seq, flaw))


def link_hash(before: bytes, seq: int, digested: bytes) -> bytes:
    """What the database computes for each row."""
    return hashlib.sha256(before + seq.to_bytes(8, "big") + digested).digest()


HEAD_TYP: Final = "audit-head+jwt"


def _signed(heads: Mapping[int, Head], signer: Signer) -> str:
    header = {"alg": JOSE_BY_SCHEME[signer.scheme], "kid": signer.kid, "typ": HEAD_TYP}
    payload = {"chains": [[h.chain, h.seq, h.hash.hex()] for h in heads.values()]}
    signed = ".".join(
        to_base64url(json.dumps(part, separators=(",", ":"), sort_keys=True).encode())
        for part in (header, payload)
    )
    return f"{signed}.{to_base64url(signer.sign(signed.encode()))}"
