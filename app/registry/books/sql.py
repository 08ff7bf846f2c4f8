"""A register in a table of SQLite or PostgreSQL, asked by one SELECT for each question.

Nothing is ever written there: the connections are read-only. Names of table and columns come from
the kit's settings and are quoted; values are parameters.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import asyncpg

from app.domain.book import BookEntry
from app.domain.errors import Refused, Unavailable
from app.domain.identifier import Identifier, TypeCode
from app.domain.license import Fact
from app.domain.spelling import fold
from app.registry.books.lines import columns_of, guessable, read_entry

SECONDS: Final = 2.0
"""For one look-up: an asker waits 3 s for everything."""
MOST: Final = 16
"""Entries under one number."""
CONNECTIONS: Final = 8

Select = Callable[[str, Sequence[str]], Awaitable[list[Sequence[object]]]]


@dataclass(frozen=True, slots=True)
class SqlBook:
    """Fits `Book`."""

    table: str
    columns: Mapping[str, str]
    """Our name → the column's."""
    select: Select = field(repr=False)
    holder: str
    """How a parameter is written: `?`, or `$`, which is numbered."""
    close: Callable[[], Awaitable[None]] = field(repr=False)

    async def by_identifier(self, identifier: Identifier) -> Sequence[BookEntry]:
        return await self._find({"identifier": str(identifier)})

    async def by_number(self, number: str, type: TypeCode) -> Sequence[BookEntry]:
        """The number in the table has to be in its folded form: half width, upper case."""
        if not {"number", "type"} <= self.columns.keys():
            return ()
        return await self._find({"number": fold(Fact.NUMBER, number), "type": type})

    async def by_code(self, code: str) -> Sequence[BookEntry] | None:
        """Codes are compared letter by letter, whatever order of letters the column has."""
        if "code" not in self.columns:
            return None
        if guessable(code):  # no line may have such a one, and none is found out by asking for it
            return ()
        return [entry for entry in await self._find({"code": code}) if entry.code == code]

    async def as_of(self, now: datetime) -> datetime:
        return now

    async def aclose(self) -> None:
        await self.close()

    async def _find(self, wanted: Mapping[str, str]) -> Sequence[BookEntry]:
        if not wanted.keys() <= self.columns.keys():
            return ()
        names = tuple(self.columns)
        cells = ", ".join(quoted(self.columns[name]) for name in names)
        terms = " AND ".join(
            f"{quoted(self.columns[name])} = {self._parameter(index)}"
            for index, name in enumerate(wanted, start=1)
        )
        text = f"SELECT {cells} FROM {quoted(self.table)} WHERE {terms} LIMIT {MOST}"  # noqa: S608
        rows = await self.select(text, tuple(wanted.values()))
        try:
            return [self._entry(dict(zip(names, row, strict=True))) for row in rows]
        except Refused as exc:
            raise Unavailable(f"the register cannot be read: {exc}") from exc

    def _parameter(self, index: int) -> str:
        return f"${index}" if self.holder == "$" else self.holder

    def _entry(self, cells: Mapping[str, object]) -> BookEntry:
        return read_entry(lambda name: written(cells.get(name)), self.table)


def quoted(name: str) -> str:
    """An identifier of SQL, as `"schema"."table"`."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def written(value: object) -> str:
    """A column's value as the text that a CSV file would have."""
    match value:
        case None:
            return ""
        case datetime():
            return value.date().isoformat()
        case date():
            return value.isoformat()
        case _:
            return str(value)


def named(header: Sequence[str], renamed: Mapping[str, str], table: str) -> Mapping[str, str]:
    """Our name → the table's. Raises `Refused`."""
    found = columns_of(list(header), renamed, table)
    return MappingProxyType({name: header[index] for name, index in found.items()})


async def open_sqlite(path: Path, table: str, renamed: Mapping[str, str]) -> SqlBook:
    """Raises `Refused`: no such file or table, or columns are missing."""

    def ask(text: str, values: Sequence[str]) -> tuple[list[str], list[Sequence[object]]]:
        address = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=SECONDS)) as connection:
            found = connection.execute(text, values)
            return [column[0] for column in found.description], list(found.fetchall())

    async def select(text: str, values: Sequence[str]) -> list[Sequence[object]]:
        try:
            return (await asyncio.to_thread(ask, text, values))[1]
        except sqlite3.Error as exc:
            raise Unavailable("the register does not answer") from exc

    try:
        header, _ = await asyncio.to_thread(ask, f"SELECT * FROM {quoted(table)} LIMIT 0", ())  # noqa: S608
    except sqlite3.Error as exc:
        raise Refused("table", f"{path.name}: {exc}") from None

    async def close() -> None:
        return

    return SqlBook(table, named(header, renamed, table), select, "?", close)


async def open_postgres(url: str, table: str, renamed: Mapping[str, str]) -> SqlBook:
    """Raises `Refused`: no such server or table, or columns are missing."""
    pool: Any = asyncpg.create_pool(
        url,
        min_size=0,
        max_size=CONNECTIONS,
        command_timeout=SECONDS,
        timeout=SECONDS,
        server_settings={"default_transaction_read_only": "on"},
    )
    try:
        columns = named(await _header(pool, table), renamed, table)
    except BaseException:
        await pool.close()
        raise

    async def select(text: str, values: Sequence[str]) -> list[Sequence[object]]:
        try:
            async with pool.acquire(timeout=SECONDS) as connection:
                found: list[Sequence[object]] = await connection.fetch(text, *values)
                return [tuple(row) for row in found]
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as exc:
            raise Unavailable("the register does not answer") from exc

    return SqlBook(table, columns, select, "$", pool.close)


async def _header(pool: Any, table: str) -> list[str]:
    try:
        await pool
        async with pool.acquire(timeout=SECONDS) as connection:
            statement = await connection.prepare(f"SELECT * FROM {quoted(table)} LIMIT 0")  # noqa: S608
            return [attribute.name for attribute in statement.get_attributes()]
    except (OSError, ValueError, TimeoutError, asyncpg.PostgresError) as exc:
        raise Refused("table", f"the database cannot be asked: {type(exc).__name__}") from None
