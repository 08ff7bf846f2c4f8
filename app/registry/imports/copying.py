"""Rows as COPY takes them: PostgreSQL's binary format (documentation of COPY, "Binary Format").

A row is the number of its fields and then each field, a length and so many octets; -1 is NULL.
Values stand as the types' own `send` functions write them: integers in network order, days and
microseconds since 2000-01-01, texts in UTF-8.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from struct import Struct
from typing import Final, NamedTuple

_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
"""Signature, no flags, no extension."""
_END: Final = b"\xff\xff"
_NULL: Final = b"\xff\xff\xff\xff"
_BYTEA: Final = 17
"""The type's OID, which an array tells of its elements."""

_LENGTH: Final = Struct("!i").pack
_DAYS: Final = Struct("!ii").pack
_MICROSECONDS: Final = Struct("!iq").pack
_ARRAY: Final = Struct("!iiiii").pack
_FIRST: Final = Struct("!hiq").pack
"""How many fields, and the first of them."""
_NEXT: Final = Struct("!ii").pack
_YES, _NO = _LENGTH(1) + b"\1", _LENGTH(1) + b"\0"

_DAY_ZERO: Final = date(2000, 1, 1).toordinal()
_ZERO: Final = datetime(2000, 1, 1, tzinfo=UTC)


class Values(NamedTuple):
    """One row of the table that records are copied into, in the order of its columns."""

    line: int
    identifier: str
    type: str
    issuer: str
    valid_from: date | None
    valid_until: date | None
    long_term: bool
    issued_on: date | None
    sealed: bytes
    content: bytes
    content_before: bytes | None
    """The same under the key before the newest."""
    as_of: datetime
    found_by: Sequence[bytes]
    version: int


COLUMNS: Final = Values._fields


def copy_row(row: Values) -> bytes:
    """One row; its texts have no NUL, which the readers of rows see to."""
    before = row.content_before
    return b"".join(
        (
            _FIRST(len(row), 8, row.line),
            _octets(row.identifier.encode()),
            _same(row.type),
            _same(row.issuer),
            _day(row.valid_from),
            _day(row.valid_until),
            _YES if row.long_term else _NO,
            _day(row.issued_on),
            _octets(row.sealed),
            _octets(row.content),
            _NULL if before is None else _octets(before),
            _moment(row.as_of),
            _array(row.found_by),
            _NEXT(4, row.version),
        )
    )


def stream(rows: Iterable[bytes]) -> bytes:
    """All that is sent for a COPY of so many rows."""
    return b"".join((_HEAD, *rows, _END))


def _octets(value: bytes) -> bytes:
    return _LENGTH(len(value)) + value


@lru_cache(maxsize=256)
def _same(text: str) -> bytes:
    """Of columns that say the same in row after row."""
    return _octets(text.encode())


@lru_cache(maxsize=4096)
def _day(day: date | None) -> bytes:
    return _NULL if day is None else _DAYS(4, day.toordinal() - _DAY_ZERO)


@lru_cache(maxsize=256)
def _moment(at: datetime) -> bytes:
    since = at - _ZERO
    return _MICROSECONDS(8, (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


def _array(values: Sequence[bytes]) -> bytes:
    """bytea[]: dimensions, whether one is NULL, the type; of each dimension its length and first
    index; then the elements.
    """
    if not values:
        return _LENGTH(12) + bytes(8) + _LENGTH(_BYTEA)
    inner = b"".join(map(_octets, values))
    return _LENGTH(20 + len(inner)) + _ARRAY(1, 0, _BYTEA, len(values), 1) + inner
