"""Writing what is wanted over what is there: adding, changing, and counting what was neither."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from sqlalchemy import Column, Table, insert, select, text, tuple_, update
from sqlalchemy.orm import InstrumentedAttribute

from app.domain.errors import Refused
from app.models import Base
from app.registry.sessions import ReadSession, WriteSession

ONE_ADMINISTRATOR = 0x72656769
"""Advisory lock ("regi") of administration: two imports at once would read past each other."""

CHUNK = 500
"""Rows compared in one statement: below PostgreSQL's 65535 parameters with room to spare."""

Values = Mapping[str, Any]
Guard = Callable[[Values, Values], None]
"""Raises `Refused` where what is there must not become what is wanted."""


class Change(StrEnum):
    """What came of one entry."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Changes:
    """How many entries were added, changed, and left as they were."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0

    @classmethod
    def of(cls, changes: Sequence[Change]) -> Self:
        return cls(*(changes.count(change) for change in Change))

    def __add__(self, other: "Changes") -> "Changes":
        return Changes(
            self.added + other.added,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
        )


async def alone(session: WriteSession) -> None:
    """Wait until no other administration is under way; until the end of the transaction."""
    await session.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": ONE_ADMINISTRATOR})


async def merge(
    session: WriteSession, row: type[Base], wanted: Sequence[Values], guard: Guard | None = None
) -> list[Change]:
    """Make the rows of these primary keys what is wanted, in order. Absent rows are added."""
    table = _table(row)
    keys = list(table.primary_key.columns)
    present = await _present(session, table, keys, wanted)
    changes, new = list[Change](), list[Values]()
    for values in wanted:
        old = present.get(_identity(keys, values))
        if old is None:
            new.append(values)
            changes.append(Change.ADDED)
        elif all(old[name] == value for name, value in values.items()):
            changes.append(Change.UNCHANGED)
        else:
            if guard is not None:
                guard(old, values)
            here = (column == values[column.name] for column in keys)
            await session.execute(update(table).where(*here).values(**values))
            changes.append(Change.CHANGED)
    for start in range(0, len(new), CHUNK):
        await session.execute(
            insert(table), [dict(values) for values in new[start : start + CHUNK]]
        )
    return changes


async def require(
    session: ReadSession,
    column: InstrumentedAttribute[str],
    named: Iterable[tuple[str, str]],
    what: str,
) -> None:
    """Every code must be registered; the refusal names the place of the first that is not."""
    wanted = sorted(named)
    codes = sorted({code for _, code in wanted})
    known = set[str]()
    for start in range(0, len(codes), CHUNK):
        chunk = codes[start : start + CHUNK]
        known.update(await session.scalars(select(column).where(column.in_(chunk))))
    for place, code in wanted:
        if code not in known:
            raise Refused(
                place, f"{place} names {code}, not registered as {what}: register it first"
            )


async def _present(
    session: ReadSession, table: Table, keys: Sequence[Column[Any]], wanted: Sequence[Values]
) -> dict[tuple[Any, ...], Values]:
    found: dict[tuple[Any, ...], Values] = {}
    identities = [_identity(keys, values) for values in wanted]
    for start in range(0, len(identities), CHUNK):
        chosen = tuple_(*keys).in_(identities[start : start + CHUNK])
        for row in (await session.execute(select(table).where(chosen))).mappings():
            found[_identity(keys, row)] = dict(row)
    return found


def _identity(keys: Sequence[Column[Any]], values: Mapping[Any, Any]) -> tuple[Any, ...]:
    return tuple(values[column.name] for column in keys)


def _table(row: type[Base]) -> Table:
    if not isinstance(row.__table__, Table):
        raise TypeError(f"{row.__name__} is no table")
    return row.__table__
