"""What commands of making trust lists (信任清单) have in common: who one is, drafts, and what is
written and shown.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from app.cli.desk import content_of
from app.composition import VERSION, database
from app.config import settings
from app.crypto.jose import JsonLimits, read_json_object
from app.crypto.keys import PublicKey, read_public_key
from app.crypto.provider import FolderKeys
from app.domain.errors import InvalidKey, Malformed, Refused
from app.registry.making.record import Recorder
from app.registry.sessions import WriteSession
from app.reports.terminal import clean, wrap

DRAFT: Final = "zhengyan-trust-draft/1"
DRAFT_LIMITS: Final = JsonLimits(size=4 * 1024 * 1024)
WIDTH: Final = 100

By = Annotated[str, typer.Option("--as", help="Who you are: a name of `person list`.")]
Key = Annotated[Path, typer.Option("--key", help="Your private key, made by `person key`.")]
Why = Annotated[str, typer.Option(help="Why; signed and kept.")]
Networks = Annotated[
    list[str] | None,
    typer.Option("--network", help="Network its endpoints may lie in though not public."),
]


class Lang(StrEnum):
    """Of the text."""

    ZH = "zh"
    EN = "en"


Work = Callable[[WriteSession, Recorder], Awaitable[Any]]


def recorded(work: Work) -> Any:
    """One transaction, with the audit rows that the work writes."""
    record = Recorder(FolderKeys(settings().key_folder), VERSION)

    async def run() -> Any:
        async with database(settings()) as opened, opened.writing() as session:
            return await work(session, record)

    return asyncio.run(run())


def json_object(content: bytes, file: Path) -> dict[str, object]:
    try:
        return read_json_object(content, DRAFT_LIMITS)
    except Malformed as broken:
        raise Refused("file", f"{file}: {broken}") from None


def write_json(out: Path, document: Mapping[str, object]) -> None:
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1)
    out.write_text(text + "\n", encoding="utf-8")


def written_lines(found: Iterable[str], *, err: bool = False) -> None:
    """Cleaned of what could move the cursor: names in certificates are strangers'."""
    for line in found:
        for piece in wrap(clean(line), WIDTH):
            typer.echo(piece, err=err)


def public_half(key: Path) -> PublicKey:
    """The key in a file of a person. Raises `Refused`, for a private one before it is read."""
    content = content_of(key)
    if b"PRIVATE KEY" in content:
        raise Refused("key", f"{key} is a private key: give its public half, {key}.pub")
    public = json_object(content, key) if content.lstrip().startswith(b"{") else content
    try:
        return read_public_key(public)
    except InvalidKey as exc:
        message = f"the key is refused: {exc}. Give the public half, FILE.pub"
        raise Refused("key", message) from None
