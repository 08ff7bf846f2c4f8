"""Streams of rows taken apart: lines of NDJSON, or of CSV (RFC 4180) with a header. Pure.

One row, one line: a line break within a quoted field is refused, so that the number of a line is
its place, whoever counts. Text is UTF-8, with or without a byte order mark at its beginning.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from app.crypto.jose import JsonLimits, read_json_object
from app.domain.errors import Malformed, Refused

MAX_LINE: Final = 16 * 1024
"""Bytes of one line."""
MAX_COLUMNS: Final = 100
_LIMITS: Final = JsonLimits(size=MAX_LINE, depth=2, members=MAX_COLUMNS, items=100)
_BOM: Final = b"\xef\xbb\xbf"

Line: TypeAlias = bytes | None
"""Without its end; None: longer than the cutter takes, and passed over."""
Members: TypeAlias = Mapping[str, object]
Read: TypeAlias = Callable[[bytes], Members]


class RowFormat(StrEnum):
    """How rows are written."""

    NDJSON = "ndjson"
    CSV = "csv"


class LineCutter:
    """Cuts a stream into lines and never holds more than one of them."""

    def __init__(self, most: int = MAX_LINE) -> None:
        self._most = most
        self._rest = bytearray()
        self._overlong = False

    def feed(self, data: bytes) -> Iterator[Line]:
        """The lines that end in these bytes."""
        first, *whole = data.split(b"\n")
        self._grow(first)
        if not whole:
            return
        yield self._line()
        for piece in whole[:-1]:
            yield None if len(piece) > self._most else piece.removesuffix(b"\r")
        self._grow(whole[-1])

    def finish(self) -> Iterator[Line]:
        """The last line, where nothing ends it."""
        if self._rest or self._overlong:
            yield self._line()

    def _grow(self, piece: bytes) -> None:
        if self._overlong or len(self._rest) + len(piece) > self._most:
            self._overlong = True
            self._rest.clear()
        else:
            self._rest += piece

    def _line(self) -> Line:
        line = None if self._overlong else bytes(self._rest).removesuffix(b"\r")
        self._rest.clear()
        self._overlong = False
        return line


def without_mark(first: bytes) -> bytes:
    """The first line without its byte order mark."""
    return first.removeprefix(_BOM)


def read_ndjson(line: bytes) -> Members:
    """One JSON object. Raises `Refused`."""
    try:
        return read_json_object(line, _LIMITS)
    except Malformed as exc:
        raise Refused("row", f"no JSON object: {exc}") from None


def read_header(line: Line) -> tuple[str, ...]:
    """The names of the columns. Raises `Refused`."""
    try:
        names = tuple(name.strip() for name in _fields(line or b""))
    except Refused:
        names = ()
    if not names or not all(names) or len(set(names)) != len(names) or len(names) > MAX_COLUMNS:
        raise Refused("header", "the first line names the columns, each once, in UTF-8")
    return names


@dataclass(frozen=True, slots=True)
class CsvReader:
    """Reads lines below a header."""

    names: Sequence[str]

    def __call__(self, line: bytes) -> Members:
        """One row. Raises `Refused`."""
        values = _fields(line)
        if len(values) != len(self.names):
            raise Refused("row", f"{len(values)} fields below {len(self.names)} columns")
        return dict(zip(self.names, values, strict=True))


def _fields(line: bytes) -> list[str]:
    try:
        text = line.decode("utf-8")
        (row,) = csv.reader([text], strict=True)
    except UnicodeDecodeError:
        raise Refused("row", "not UTF-8; save the file as UTF-8") from None
    except (csv.Error, ValueError):
        raise Refused("row", "quotation marks do not pair within the line (RFC 4180)") from None
    return row
