"""Decisions of one chunk: each license's timeline as it is known, with what is decided now.

Rows are added and closed, never overwritten: what was thought before stays, with its time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from app.domain.batch import LineFault
from app.domain.errors import Refused
from app.domain.issuer import State
from app.domain.lifecycle import Span, Timeline, after, kept_of, timeline_of
from app.registry.imports.prepared import StatusRow
from app.registry.imports.records import Merged
from app.registry.sessions import Connection

NUMBERS_SQL: Final = """
SELECT hmac, identifier FROM license_key WHERE hmac = ANY ($1::bytea[])
"""
BELIEVED_SQL: Final = """
SELECT identifier, state, since, until, successor, recorded_at FROM license_status
 WHERE identifier = ANY ($1::text[]) AND replaced_at IS NULL
"""
CLOSE_SQL: Final = """
UPDATE license_status AS s SET replaced_at = $4
  FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[])
    AS c (identifier, since, recorded_at)
 WHERE s.identifier = c.identifier AND s.since = c.since AND s.recorded_at = c.recorded_at
"""
_COLUMNS: Final = ("identifier", "since", "recorded_at", "until", "state", "successor")
_TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Believed:
    """What is thought of one license, row by row."""

    spans: Mapping[Span, datetime]
    """With when each was recorded."""


async def merge_statuses(
    connection: Connection, issuer: str, rows: Sequence[StatusRow], *, now: datetime
) -> tuple[Merged, list[LineFault]]:
    """Within a transaction that no other batch of the issuer shares; and what could not follow.

    Raises what asyncpg does.
    """
    named, faults = await _named(connection, issuer, rows)
    believed = await _believed(connection, sorted(set(named.values())))
    timelines = {name: timeline_of(held.spans) for name, held in believed.items()}
    counts = {True: 0, False: 0}
    for row in rows:
        if row.line not in named:
            continue
        name = named[row.line]
        try:
            made = after(timelines[name], row.change.event)
        except Refused as exc:
            faults.append(LineFault(row.line, exc.field, str(exc)))
            continue
        counts[made != timelines[name]] += 1
        timelines[name] = made
    await _write(connection, believed, timelines, now)
    return Merged(changed=counts[True], unchanged=counts[False]), faults


async def _named(
    connection: Connection, issuer: str, rows: Sequence[StatusRow]
) -> tuple[dict[int, str], list[LineFault]]:
    """The identifier of each line; and lines whose number is that of none, or of several."""
    named = {r.line: str(r.change.naming.identifier) for r in rows if r.change.naming.identifier}
    bare = [row for row in rows if row.line not in named]
    faults = list[LineFault]()
    if not bare:
        return named, faults
    wanted = [hmac for row in bare for hmac in row.hmacs]
    known: dict[bytes, set[str]] = {}
    for hmac, identifier in await connection.fetch(NUMBERS_SQL, wanted):
        if identifier.split(".")[6] == issuer:
            known.setdefault(bytes(hmac), set()).add(identifier)
    for row in bare:
        found = set[str]().union(*(known.get(hmac, ()) for hmac in row.hmacs))
        if len(found) == 1:
            named[row.line] = found.pop()
        else:
            fix = "of several licenses: name one by its identifier" if found else "of no license"
            faults.append(LineFault(row.line, "number", f"{fix} known here of this issuer"))
    return named, faults


async def _believed(connection: Connection, names: Sequence[str]) -> dict[str, _Believed]:
    spans: dict[str, dict[Span, datetime]] = {name: {} for name in names}
    for name, state, since, until, successor, recorded_at in await connection.fetch(
        BELIEVED_SQL, names
    ):
        spans[name][Span(State(state), since, until, successor)] = recorded_at
    return {name: _Believed(held) for name, held in spans.items()}


async def _write(
    connection: Connection,
    believed: Mapping[str, _Believed],
    timelines: Mapping[str, Timeline],
    now: datetime,
) -> None:
    closed, opened = list[tuple[str, datetime, datetime]](), list[tuple[Any, ...]]()
    for name, held in believed.items():
        wanted = kept_of(timelines[name])
        closed += [(name, s.since, at) for s, at in held.spans.items() if s not in wanted]
        opened += [
            (name, span.since, span.until, span.state.value, span.successor)
            for span in wanted
            if span not in held.spans
        ]
    # Knowledge does not run backwards, whatever the clock of this worker says.
    known = max([now, *(at + _TICK for _, _, at in closed)])
    if closed:
        columns = [list(column) for column in zip(*closed, strict=True)]
        await connection.execute(CLOSE_SQL, *columns, known)
    if opened:
        await connection.copy_records_to_table(
            "license_status",
            columns=_COLUMNS,
            records=[(n, since, known, until, st, nxt) for n, since, until, st, nxt in opened],
        )
