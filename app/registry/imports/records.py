"""Records of one chunk: copied beside, then merged, in the transaction that acknowledges them."""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from app.domain.codes import mod_37_36
from app.domain.identifier import Identifier, IssuerCode
from app.registry.imports.copying import COLUMNS, stream
from app.registry.imports.prepared import BareRow, Chunk
from app.registry.sessions import Connection

INTERNAL_ROOT: Final = "0.0.0.0.0"
"""In place of the standard's arc, for licenses that have no 证照标识: nobody else has such."""
_VERSION: Final = "001"

STAGE_SQL: Final = """
CREATE TEMP TABLE IF NOT EXISTS license_stage (
    line bigint, identifier text, type text, issuer text, valid_from date, valid_until date,
    long_term boolean, issued_on date, sealed bytea, content bytea, content_before bytea,
    as_of timestamptz, found_by bytea[], version integer
) ON COMMIT DELETE ROWS
"""
KNOWN_SQL: Final = """
SELECT k.hmac, k.identifier FROM license_key k
 WHERE k.hmac = ANY ($1::bytea[]) AND starts_with(k.identifier, $2)
"""

MERGE_SQL: Final = """
WITH fresh AS MATERIALIZED (
    SELECT DISTINCT ON (identifier) * FROM license_stage
     ORDER BY identifier, as_of DESC, line DESC
), put AS (
    INSERT INTO license AS l (identifier, type, issuer, valid_from, valid_until, long_term,
                              issued_on, sealed, content, as_of, known_since, recorded_at)
    SELECT identifier, type, issuer, valid_from, valid_until, long_term,
           issued_on, sealed, content, as_of, $1, $1 FROM fresh
    ON CONFLICT (identifier) DO UPDATE SET
        valid_from = excluded.valid_from, valid_until = excluded.valid_until,
        long_term = excluded.long_term, issued_on = excluded.issued_on,
        sealed = excluded.sealed, content = excluded.content, as_of = excluded.as_of,
        recorded_at = excluded.recorded_at
     WHERE l.content IS DISTINCT FROM excluded.content
       -- While a new key is put over the old, what is known may stand under either.
       AND NOT EXISTS (SELECT FROM fresh f WHERE f.identifier = l.identifier
                          AND f.content_before = l.content)
       AND (l.as_of IS NULL OR l.as_of <= excluded.as_of)
    RETURNING identifier, known_since
), keyed AS (
    INSERT INTO license_key (hmac, identifier, version)
    SELECT hmac, identifier, version
      FROM fresh JOIN put USING (identifier), unnest(found_by) AS hmac
    ON CONFLICT DO NOTHING
)
SELECT count(*) FILTER (WHERE known_since = $1), count(*) FILTER (WHERE known_since < $1) FROM put
"""
"""Every key is unique to its issuer, whose batches wait for one another: no two can deadlock."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of the rows of a chunk."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0


Naming: TypeAlias = Callable[[Sequence[BareRow], Sequence[Identifier]], Awaitable[bytes]]
"""Rows made ready for COPY under the identifiers that the database has told."""


async def merge_licenses(
    connection: Connection, issuer: IssuerCode, chunk: Chunk, naming: Naming, *, now: datetime
) -> Merged:
    """Within a transaction that no other batch of the issuer shares. Raises what asyncpg does.

    Args:
        connection: in that transaction.
        issuer: of all rows.
        chunk: read, with its signatures verified.
        naming: for rows without an identifier. Raises `Unavailable`.
        now: when this node knows.
    """
    rows = [chunk.ready]
    if chunk.bare:
        names = await _named(connection, issuer, chunk.bare)
        rows.append(await naming(chunk.bare, names))
    await copy_rows(connection, rows)
    added, changed = await connection.fetchrow(MERGE_SQL, now)
    return Merged(added, changed, chunk.records + len(chunk.bare) - added - changed)


async def copy_rows(connection: Connection, rows: Sequence[bytes]) -> None:
    """Beside the records, for `MERGE_SQL` in the same transaction."""
    await connection.execute(STAGE_SQL)
    source = memoryview(stream(rows))  # bytes would be taken for the name of a file
    await connection.copy_to_table("license_stage", columns=COLUMNS, source=source, format="binary")


async def _named(
    connection: Connection, issuer: IssuerCode, rows: Sequence[BareRow]
) -> list[Identifier]:
    """The internal identifier of each: that of its number, where one is known, or a new one.

    By the newest hash; rows may still stand under an older one.
    """
    newest = {hmac: row.hmacs[-1] for row in rows for hmac in row.hmacs}
    kept = await connection.fetch(KNOWN_SQL, list(newest), f"{INTERNAL_ROOT}.")
    found = {newest[bytes(row[0])]: Identifier.read(row[1]) for row in kept}
    for row in rows:
        if row.hmacs[-1] not in found:
            found[row.hmacs[-1]] = _internal(issuer, row)
    return [found[row.hmacs[-1]] for row in rows]


def _internal(issuer: IssuerCode, row: BareRow) -> Identifier:
    """A new one, which says nothing: what it names is known by its number alone."""
    type, serial = row.record.naming.type, secrets.token_hex(16).upper()
    check = mod_37_36(type + issuer + serial + _VERSION)
    return Identifier(INTERNAL_ROOT, type, issuer, serial, _VERSION, check)
