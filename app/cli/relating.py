"""`zhengyan holdings`: a body's other licenses (一照关联), for the operator of a node."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from app.cli.desk import content_of, show
from app.composition import database, now, relating
from app.config import settings
from app.crypto.jose import JsonLimits, read_json_object
from app.crypto.provider import FolderKeys
from app.domain.errors import Malformed, Refused
from app.domain.holdings import Holdings
from app.domain.lookup import Shown, Told
from app.domain.verification import Asker
from app.schemas.holdings import HoldingsIn
from app.schemas.verification import refused

_ASKER = Asker(caller="command-line")


def holdings(
    file: Annotated[Path, typer.Argument(help="JSON, as `POST /v1/holdings` takes it.")],
) -> None:
    """A body's other licenses, from its business license 一照关联: their states, and no fields.

    Out of a file, because what stands in a command line stands in its history. The file states the
    purpose; question and answer leave their row in the audit log, as any caller's.
    """
    try:
        asked = HoldingsIn.model_validate(read_json_object(content_of(file), JsonLimits()))
    except Malformed as exc:
        raise Refused("file", str(exc)) from None
    except ValidationError as exc:
        raise refused(exc) from None
    if Shown(asked.show) is not Shown.COMPARED:
        raise Refused("show", "fields are for callers with their scope; here: compared")
    if asked.purpose is None:
        raise Refused("purpose", "state why, for the audit log")
    told, next = asyncio.run(_ask(asked, asked.purpose))
    if told is None:
        typer.echo("no such business license of that holder 没有该持证主体的此营业执照")
        raise typer.Exit(1)
    show(
        ("license 证照标识", "type 类型", "issuer 颁发机构", "state 状态"),
        [_line(each) for each in (told.source, *told.others)],
    )
    if next is not None:
        typer.echo(f"after {next}")


async def _ask(asked: HoldingsIn, purpose: str) -> tuple[Holdings | None, str | None]:
    async with database(settings()) as opened:
        telling = relating(FolderKeys(settings().key_folder), opened)
        wanted = asked.asked(now(), detail=False)
        told = await telling.holdings(
            wanted,
            _ASKER,
            types=asked.wanted_types,
            after=telling.opened(wanted, asked.after),
            purpose=purpose,
            matter=asked.matter,
        )
        return told, None if told is None else telling.sealed(wanted, told.last)


def _line(told: Told) -> tuple[str, str, str, str]:
    found, held = told.found, told.found.held
    name = "–" if found.internal else str(found.identifier)
    return name, found.type, found.issuer, held.state.value if held else "issued"
