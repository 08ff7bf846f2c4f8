"""Records of one chunk: copied beside, then merged, in the transaction that acknowledges them."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.crypto.signing import KeyProvider
from app.domain.codes import mod_37_36
from app.domain.identifier import Identifier, IssuerCode
from app.registry.imports import index
from app.registry.imports.prepared import LicenseRow, sealed_of
from app.registry.sessions import Connection

INTERNAL_ROOT: Final = "0.0.0.0.0"
"""In place of the standard's arc, for licenses that have no 证照标识: nobody else has such."""
_VERSION: Final = "001"

SLICE: Final = 200
"""Rows written out for COPY in one go: it is done where requests are answered meanwhile."""

STAGE_SQL: Final = """
CREATE TEMP TABLE IF NOT EXISTS license_stage (
    line bigint, identifier text, type text, issuer text, valid_from date, valid_until date,
    long_term boolean, issued_on date, sealed bytea, content bytea, content_before bytea,
    as_of timestamptz, found_by bytea[], version integer
) ON COMMIT DELETE ROWS
"""
_COLUMNS: Final = (
    *("line", "identifier", "type", "issuer", "valid_from", "valid_until", "long_term"),
    *("issued_on", "sealed", "content", "content_before", "as_of", "found_by", "version"),
)

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


async def merge_licenses(
    connection: Connection,
    issuer: IssuerCode,
    rows: Sequence[LicenseRow],
    keys: KeyProvider,
    *,
    as_of: datetime,
    now: datetime,
) -> Merged:
    """Within a transaction that no other batch of the issuer shares. Raises what asyncpg does.

    Args:
        connection: in that transaction.
        issuer: of all rows.
        rows: read and verified.
        keys: the node's, to seal with.
        as_of: of rows that do not say their own.
        now: when this node knows.
    """
    named = await _named(connection, issuer, rows, keys)
    await connection.execute(STAGE_SQL)
    for first in range(0, len(rows), SLICE):
        await connection.copy_records_to_table(
            "license_stage",
            columns=_COLUMNS,
            records=[
                _values(row, named[row.line], keys, as_of) for row in rows[first : first + SLICE]
            ],
        )
    added, changed = await connection.fetchrow(MERGE_SQL, now)
    return Merged(added, changed, len(rows) - added - changed)


async def _named(
    connection: Connection, issuer: IssuerCode, rows: Sequence[LicenseRow], keys: KeyProvider
) -> Mapping[int, Identifier]:
    """The identifier of each line: its own, or the internal one of its number, known or new."""
    named = {row.line: row.record.naming.identifier for row in rows}
    bare = [row for row in rows if row.record.naming.identifier is None and row.hmac is not None]
    if not bare:
        return {line: identifier for line, identifier in named.items() if identifier is not None}
    found = await _known(connection, keys, bare)
    for row in bare:
        hmac = row.hmac or b""
        identifier = found.get(hmac) or _internal(issuer, row)
        found[hmac] = named[row.line] = identifier
    return {line: identifier for line, identifier in named.items() if identifier is not None}


async def _known(
    connection: Connection, keys: KeyProvider, rows: Sequence[LicenseRow]
) -> dict[bytes, Identifier]:
    """By the newest hash; rows may still stand under an older one."""
    newest: dict[bytes, bytes] = {}
    for row in rows:
        naming = row.record.naming
        every = index.levels(keys, index.number_key(naming.type, naming.number or ""))
        newest |= dict.fromkeys(every, every[-1])
    kept = await connection.fetch(KNOWN_SQL, list(newest), f"{INTERNAL_ROOT}.")
    return {newest[bytes(row[0])]: Identifier.read(row[1]) for row in kept}


def _internal(issuer: IssuerCode, row: LicenseRow) -> Identifier:
    """A new one, which says nothing: what it names is known by its number alone."""
    type, serial = row.record.naming.type, secrets.token_hex(16).upper()
    check = mod_37_36(type + issuer + serial + _VERSION)
    return Identifier(INTERNAL_ROOT, type, issuer, serial, _VERSION, check)


def columns() -> tuple[str, ...]:
    """Of `license_stage`, in the order of `prepared_values`."""
    return _COLUMNS


def prepared_values(row: LicenseRow, keys: KeyProvider, as_of: datetime) -> tuple[object, ...]:
    """A row for COPY, of a license that has an identifier. Raises `Unavailable`."""
    identifier = row.record.naming.identifier
    if identifier is None:
        raise ValueError("only the database knows the name of a license without an identifier")
    return _values(row, identifier, keys, as_of)


def _values(
    row: LicenseRow, identifier: Identifier, keys: KeyProvider, as_of: datetime
) -> tuple[object, ...]:
    record, name = row.record, str(identifier)
    sealed = row.sealed or sealed_of(record, name, row.plain, keys)
    return (
        row.line,
        name,
        identifier.type,
        identifier.issuer,
        record.valid_from,
        record.valid_until,
        record.long_term,
        record.issued_on,
        sealed.octets,
        sealed.content,
        sealed.content_before,
        record.as_of or as_of,
        [*([] if row.hmac is None else [row.hmac]), *row.holders],
        row.version,
    )
