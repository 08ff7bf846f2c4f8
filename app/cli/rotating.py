"""`zhengyan pepper …`: new keys for the index and the sealed fields, put over the old ones."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

from app.composition import VERSION, database, now
from app.config import settings
from app.crypto.provider import FolderKeys, Purpose
from app.domain.audit import Operation, Result
from app.domain.errors import Unavailable
from app.domain.verification import Asker
from app.registry.audit import PostgresAudit
from app.registry.auditing import event
from app.registry.rotation import PAUSE, Progress, Rotation
from app.registry.sessions import Database

pepper = typer.Typer(
    no_args_is_help=True,
    help="Keys under which records are found and sealed (索引密钥、字段密钥): replace them.",
)


@pepper.command("rotate")
def rotate(
    field: Annotated[
        bool, typer.Option("--field", help="A new key for sealed fields as well.")
    ] = False,
    background: Annotated[
        bool, typer.Option("--background", help="Only begin; a running service goes on with it.")
    ] = False,
) -> None:
    """Make a new key and bring every record under it, while look-ups and imports go on.

    Broken off, by whatever, it goes on where it was when this is said again, or by itself in a
    running service. Old keys stay in the folder: audit rows and notes of disputes stay under them.
    """
    asyncio.run(_rotate(field=field, background=background))


@pepper.command("status")
def status() -> None:
    """How far the newest rotation is."""

    async def read() -> Progress | None:
        async with database(settings()) as opened:
            return await Rotation(opened, FolderKeys(settings().key_folder), now).progress()

    found = asyncio.run(read())
    typer.echo("no rotation so far" if found is None else _told(found))


async def _rotate(*, field: bool, background: bool) -> None:
    keys = FolderKeys(settings().key_folder)
    async with database(settings()) as opened:
        rotation = Rotation(opened, keys, now)
        found = await rotation.progress()
        if found is None or found.finished_at is not None:
            if not unused(found, keys):
                keys.rotate(Purpose.INDEX)
                if field:
                    keys.rotate(Purpose.FIELD)
            found = await rotation.begin()
            await _note(opened, keys, found)
        if not background:
            await _finish(rotation)
            found = await rotation.progress() or found
    typer.echo(_told(found))


def unused(found: Progress | None, keys: FolderKeys) -> bool:
    """A newer key was made, and the rotation to it never begun: it is taken, and no other made."""
    versions = (1, 1) if found is None else (found.index_version, found.field_version)
    return keys.hmac_versions()[-1] > versions[0] or keys.field_version() > versions[1]


async def _finish(rotation: Rotation) -> None:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("")
        while (found := await rotation.progress()) and found.finished_at is None:
            bar.update(task, description=_told(found))
            try:
                await rotation.step()
            except Unavailable as exc:
                bar.update(task, description=f"{exc}: again")
                await asyncio.sleep(1)
            await asyncio.sleep(PAUSE / 5)


async def _note(opened: Database, keys: FolderKeys, found: Progress) -> None:
    row = event(
        Asker(caller="command-line"),
        keys,
        Operation.ADMINISTER,
        Result.ANSWERED,
        at=now(),
        version=VERSION,
        object=f"pepper rotate to index {found.index_version}, field {found.field_version}",
    )
    await PostgresAudit(opened).append(row)


def _told(found: Progress) -> str:
    return (
        f"to index {found.index_version}, field {found.field_version}: {found.stage}, "
        f"{found.seen} seen, {found.moved} moved, begun {found.begun_at:%Y-%m-%d %H:%M}"
    )
