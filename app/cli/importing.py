"""`zhengyan import FILE`: records or decisions out of a file (归集)."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from app.cli.desk import show
from app.composition import database, importer
from app.config import settings
from app.crypto.provider import FolderKeys
from app.domain import batch as batches
from app.domain.batch import BatchId, Kind
from app.domain.errors import Refused
from app.domain.verification import Asker
from app.formats.rows import RowFormat
from app.registry.imports.apart import RowReader
from app.registry.registration import issuer_code
from app.services.importing import Imports, Sending

PIECE: Final = 256 * 1024
"""Bytes read at once."""
SHOWN: Final = 20
"""Bad lines on the screen; `--faults` takes all."""


def import_rows(
    file: Annotated[Path, typer.Argument(help="NDJSON, or CSV with a header; UTF-8.")],
    issuer: Annotated[str, typer.Option(help="颁发机构代码 of whom all rows are.")],
    name: Annotated[
        str | None,
        typer.Option("--batch", help="The batch's name; of the file, if absent."),
    ] = None,
    statuses: Annotated[
        bool, typer.Option("--statuses", help="The rows are decisions: 撤销, 吊销, 暂扣 …")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Judge every row and keep nothing.")
    ] = False,
    faults: Annotated[
        Path | None, typer.Option(help="Write every bad line to this file, one JSON object each.")
    ] = None,
) -> None:
    """Import license records (归集), or decisions about them. Repeat it after a break: it goes on.

    Rows that are known already are counted and not written again. Bad rows are named by line, field
    and fix, and keep no good one out; then the command ends with 1.
    """
    kind = Kind.STATUSES if statuses else Kind.LICENSES
    id = BatchId(issuer_code("issuer", issuer), _name(name or file.stem))
    csv = file.suffix.lower() == ".csv"
    sending = Sending(
        id=id,
        kind=kind,
        format=RowFormat.CSV if csv else RowFormat.NDJSON,
        dry=dry_run,
        asker=Asker(caller="command-line"),
    )
    done = asyncio.run(_run(file, sending, faults))
    if faults is not None and dry_run:
        faults.write_text("".join(_line(fault) for fault in done.faults), "utf-8")
    tried = "would be " if dry_run else ""
    typer.echo(
        f"{id}: {done.lines} lines; {tried}added {done.added}, changed {done.changed}, "
        f"unchanged {done.unchanged}; bad {done.bad}"
    )
    if done.bad:
        rows = [(str(f.line), f.field, f.fix) for f in done.faults[:SHOWN]]
        show(("line 行", "field 字段", "fix 怎样改"), rows)
        if done.bad > SHOWN and faults is None:
            typer.echo("more: --faults FILE writes them all")
        raise typer.Exit(1)


async def _run(file: Path, sending: Sending, faults: Path | None) -> batches.Progress:
    keys, reader = FolderKeys(settings().key_folder), RowReader(settings().key_folder)
    try:
        opened_file = file.open("rb")
    except OSError as exc:
        raise Refused("file", f"{file}: {exc.strerror}") from None
    with opened_file as stream, closing(reader):
        async with database(settings()) as opened:
            taking = importer(keys, opened, reader)
            with _bar() as bar:
                task = bar.add_task("0", total=os.fstat(stream.fileno()).st_size)
                done = await taking.take(
                    sending,
                    _pieces(stream, bar, task),
                    lambda progress: bar.update(task, description=str(progress.lines)),
                )
            if faults is not None and not sending.dry:
                await _write_faults(taking.imports, sending.id, faults)
    return done


def _bar() -> Progress:
    columns = (
        TextColumn("line {task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True)


async def _pieces(stream: BinaryIO, bar: Progress, task: TaskID) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(stream.read, PIECE):
        yield piece
        bar.advance(task, len(piece))


async def _write_faults(imports: Imports, id: BatchId, file: Path) -> None:
    after = 0
    with file.open("w", encoding="utf-8") as out:
        while (page := await imports.progress(id, None, after=after)) and page.faults:
            out.writelines(_line(fault) for fault in page.faults)
            after = page.faults[-1].line


def _line(fault: batches.LineFault) -> str:
    told = {"line": fault.line, "field": fault.field, "fix": fault.fix}
    return json.dumps(told, ensure_ascii=False) + "\n"


def _name(text: str) -> str:
    """A name for a batch; a file's own, as far as it can be one."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-")[:64]
    if not name:
        raise Refused("batch", "give the batch a name of letters, digits and hyphens: --batch")
    return name
