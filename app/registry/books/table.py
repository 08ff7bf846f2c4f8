"""A register in a CSV file, read whole, and again whenever it changes.

A file that cannot be read exactly is not used at all, and neither is what it held before: it may be
the very revocation in it that cannot be read. Until it is mended nobody is answered. Nor is a file
used that was written to a moment ago: half of one would deny what stands in the other half.
"""

import asyncio
import csv
import io
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from app.domain.book import BookEntry
from app.domain.errors import Refused, Unavailable
from app.domain.identifier import Identifier, TypeCode
from app.domain.license import Fact
from app.domain.spelling import fold
from app.registry.books.lines import columns_of, read_entry
from app.registry.reader import refuse

MAX_SIZE: Final = 256 * 1024 * 1024
"""Bytes of a file; larger registers belong into a database."""
MAX_ROWS: Final = 1_000_000
SETTLED: Final = 1.0
"""Seconds without a change after which a file is taken to be whole."""
PATIENCE: Final = 2.0
"""Seconds to wait for that; an asker waits 3."""


class Rows(Protocol):
    """A `csv.reader`."""

    @property
    def line_num(self) -> int: ...

    def __iter__(self) -> Iterator[list[str]]: ...


class Book(Protocol):
    """A register that can be asked."""

    async def by_identifier(self, identifier: Identifier) -> Sequence[BookEntry]:
        """Raises `Unavailable`: then nobody is answered."""

    async def by_number(self, number: str, type: TypeCode) -> Sequence[BookEntry]:
        """By number, however it is spelled, and type. Raises `Unavailable`."""

    async def by_code(self, code: str) -> Sequence[BookEntry] | None:
        """By the code of an official address, letter by letter; None where it keeps no codes.

        Raises `Unavailable`.
        """

    async def as_of(self, now: datetime) -> datetime:
        """The time it is true for. Raises `Unavailable`."""

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Page:
    """All entries, as read once."""

    by_identifier: Mapping[str, Sequence[BookEntry]]
    by_number: Mapping[tuple[str, str], Sequence[BookEntry]]
    by_code: Mapping[str, BookEntry] | None
    """None: there is no such column, and nothing is said of codes."""
    written: datetime
    """When the file was last changed."""
    rows: int


def read_csv(path: Path, renamed: Mapping[str, str]) -> Page:
    """The whole file: UTF-8, or GB 18030 as spreadsheets in China write it.

    Raises `Refused`: it names row and column.
    """
    name = path.name
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SIZE + 1)
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as exc:
        refuse(name, f"cannot be read: {exc.strerror}")
    if len(content) > MAX_SIZE:
        refuse(name, f"is over {MAX_SIZE} bytes: put it into a database")
    identifiers = defaultdict[str, list[BookEntry]](list)
    numbers = defaultdict[tuple[str, str], list[BookEntry]](list)
    codes: dict[str, BookEntry] = {}
    rows = 0
    columns, entries = _sheet(_text(name, content), renamed, name)
    for entry in entries:
        rows += 1
        if entry.key is not None:
            if entry.key in identifiers:
                refuse(f"{name} entry {rows}, identifier", "stands there twice")
            identifiers[entry.key].append(entry)
        if entry.code is not None and codes.setdefault(entry.code, entry) is not entry:
            refuse(f"{name} entry {rows}, code", "stands there twice, and is of one license")
        if entry.number is not None:
            numbers[fold(Fact.NUMBER, entry.number), entry.type].append(entry)
    kept = codes if "code" in columns else None
    return Page(dict(identifiers), dict(numbers), kept, written, rows)


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("gb18030")
    except UnicodeDecodeError as exc:
        refuse(name, f"is neither UTF-8 nor GB 18030 (byte {exc.start})")


def _sheet(
    text: str, renamed: Mapping[str, str], name: str
) -> tuple[Mapping[str, int], Iterator[BookEntry]]:
    """Its columns, and its entries."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
    except csv.Error as exc:
        refuse(f"{name} row 1", f"is no CSV: {exc}")
    columns = columns_of(header, renamed, f"{name} row 1")
    return columns, _entries(reader, len(header), columns, name)


def _entries(
    reader: Rows, width: int, columns: Mapping[str, int], name: str
) -> Iterator[BookEntry]:
    try:
        for row in reader:
            place = f"{name} row {reader.line_num}"
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != width:
                refuse(place, f"has {len(row)} cells, and the first row {width}")
            if reader.line_num > MAX_ROWS:
                refuse(name, f"has more than {MAX_ROWS} rows: put it into a database")
            yield read_entry(_Cells(row, columns).text, place)
    except csv.Error as exc:
        refuse(f"{name} row {reader.line_num}", f"is no CSV: {exc}")


@dataclass(frozen=True, slots=True)
class _Cells:
    row: Sequence[str] = field(repr=False)
    columns: Mapping[str, int]

    def text(self, name: str) -> str:
        return self.row[self.columns[name]] if name in self.columns else ""


@dataclass(slots=True)
class CsvBook:
    """Fits `Book`."""

    path: Path
    renamed: Mapping[str, str]
    exported: bool
    """It is a copy, true for when it was written; else the register itself, true now."""
    settled: float = SETTLED
    _page: Page | None = None
    _seen: tuple[int, int] = (0, 0)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def by_identifier(self, identifier: Identifier) -> Sequence[BookEntry]:
        return (await self._read()).by_identifier.get(str(identifier), ())

    async def by_number(self, number: str, type: TypeCode) -> Sequence[BookEntry]:
        return (await self._read()).by_number.get((fold(Fact.NUMBER, number), type), ())

    async def by_code(self, code: str) -> Sequence[BookEntry] | None:
        codes = (await self._read()).by_code
        if codes is None:
            return None
        return (codes[code],) if code in codes else ()

    async def as_of(self, now: datetime) -> datetime:
        written = (await self._read()).written
        return min(written, now) if self.exported else now

    async def aclose(self) -> None:
        self._page = None

    async def _read(self) -> Page:
        """The file as it stands now."""
        async with self._lock:
            try:
                seen = await asyncio.to_thread(_about, self.path)
                if self._page is None or seen != self._seen:
                    self._page = None
                    seen = await self._whole()
                    page = await asyncio.to_thread(read_csv, self.path, self.renamed)
                    if await asyncio.to_thread(_about, self.path) != seen:
                        raise Unavailable("the register is being written")
                    self._page, self._seen = page, seen
            except (OSError, Refused) as exc:
                raise Unavailable(f"the register cannot be read: {exc}") from exc
            return self._page

    async def _whole(self) -> tuple[int, int]:
        """Waits until nobody writes. Raises `Unavailable`."""
        for _ in range(int(PATIENCE / 0.1)):
            about = await asyncio.to_thread(_about, self.path)
            if time.time() - about[0] / 1e9 >= self.settled:
                return about
            await asyncio.sleep(0.1)
        raise Unavailable("the register is being written")


def _about(path: Path) -> tuple[int, int]:
    about = path.stat()
    return about.st_mtime_ns, about.st_size
