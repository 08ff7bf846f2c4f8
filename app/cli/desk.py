"""What commands of administration have in common: one transaction with its row in the audit log,
files and times as they are given, tables as they are shown.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from app.composition import VERSION, database, now
from app.config import settings
from app.crypto.jose import JsonLimits, read_json_object
from app.crypto.provider import FolderKeys
from app.domain.audit import AuditEvent, Operation, Result
from app.domain.errors import Malformed, Refused
from app.domain.identifier import TypeCode
from app.domain.trust import Window
from app.domain.verification import Asker
from app.registry.audit import append_within
from app.registry.auditing import event
from app.registry.registration import type_code
from app.registry.sessions import ReadSession, WriteSession

MAX_FILE: Final = 16 * 1024 * 1024
"""Bytes of a file with a key, a certificate or a revocation list."""

Write = Callable[[WriteSession], Awaitable[Any]]
Since = Annotated[str | None, typer.Option(help="From when, RFC 3339; now if absent.")]
Until = Annotated[str | None, typer.Option(help="Until when, RFC 3339; open if absent.")]
Types = Annotated[
    list[str], typer.Option("--type", help="License type code, 21 characters; repeatable.")
]


def written(what: str, work: Write) -> Any:
    """One transaction of administration, with its row in the audit log.

    what: the command, and what it is about. Raises `Refused`, `Unavailable`; then neither is kept.
    """

    async def run() -> Any:
        async with database(settings()) as opened, opened.writing() as session:
            done = await work(session)
            await append_within(session, _administered(what))
            return done

    return asyncio.run(run())


def _administered(what: str) -> AuditEvent:
    return event(
        Asker(caller="command-line"),
        FolderKeys(settings().key_folder),
        Operation.ADMINISTER,
        Result.ANSWERED,
        at=now(),
        version=VERSION,
        object=what,
    )


def read(work: Callable[[ReadSession], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with database(settings()) as opened, opened.reading() as session:
            return await work(session)

    return asyncio.run(run())


def content_of(file: Path) -> bytes:
    """Raises `Refused` naming the file."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_FILE + 1)
    except OSError as exc:
        raise Refused("file", f"{file}: {exc.strerror}") from None
    if len(content) > MAX_FILE:
        raise Refused("file", f"{file}: over {MAX_FILE} bytes, which no key or list needs")
    return content


def json_of(field: str, content: bytes) -> dict[str, object]:
    try:
        return read_json_object(content, JsonLimits())
    except Malformed as exc:
        raise Refused(field, f"not a JWK: {exc}") from None


def time_of(field: str, text: str) -> datetime:
    """RFC 3339, with an offset: a bare local time is eight hours wrong somewhere."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Refused(field, "not a time with its offset: write 2026-11-01T00:00:00+08:00")
    return at


def window_of(since: str | None, until: str | None) -> Window:
    start = time_of("since", since) if since else now()
    return Window(start, time_of("until", until) if until else None)


def types_of(codes: Sequence[str]) -> frozenset[TypeCode]:
    return frozenset(type_code("type", code) for code in codes)


def show(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = Table()
    for column in columns:
        table.add_column(column, overflow="fold")  # a code cut off is of no use
    for row in rows:
        table.add_row(*row)
    Console().print(table)
