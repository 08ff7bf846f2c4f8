"""`zhengyan dispute …`: what is said against records (数据质量异议), for the operator of a node."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError

from app.cli.desk import content_of, show
from app.composition import database, disputes, now
from app.config import settings
from app.crypto.jose import JsonLimits, read_json_object
from app.crypto.provider import FolderKeys
from app.domain.dispute import ANSWERS, MAX_NOTE, Dispute, DisputeState, Element
from app.domain.errors import Malformed, Refused
from app.domain.verification import Asker
from app.schemas.dispute import DisputeIn
from app.schemas.verification import refused
from app.services.disputing import OPERATOR, Disputes

dispute = typer.Typer(no_args_is_help=True, help="Disputes about records (数据质量异议).")

_ASKER = Asker(caller=OPERATOR)
_Done = TypeVar("_Done")


def _with(work: Callable[[Disputes], Awaitable[_Done]]) -> _Done:
    async def run() -> _Done:
        async with database(settings()) as opened:
            return await work(disputes(FolderKeys(settings().key_folder), opened))

    return asyncio.run(run())


@dispute.command("file")
def dispute_file(
    file: Annotated[Path, typer.Argument(help="JSON, as `POST /v1/disputes` takes it.")],
) -> None:
    """File what somebody said at a counter or by telephone. Its code is shown this once.

    Out of a file, because what stands in a command line stands in its history.
    """
    try:
        asked = DisputeIn.model_validate(read_json_object(content_of(file), JsonLimits()))
    except Malformed as exc:
        raise Refused("file", str(exc)) from None
    except ValidationError as exc:
        raise refused(exc) from None
    wanted, element = asked.asked(now()), Element(asked.element)
    filed = _with(lambda taking: taking.file(wanted, element, asked.text, _ASKER))
    typer.echo(f"code {filed.code}\nreference {filed.reference}")


@dispute.command("list")
def dispute_list(
    ended: Annotated[bool, typer.Option("--ended", help="Those that have ended.")] = False,
    after: Annotated[str | None, typer.Option(help="Go on after this reference.")] = None,
) -> None:
    """Disputes that wait, oldest first; a hundred at a time. Nothing of what is said in them."""
    found = _with(lambda taking: taking.listed(None, _ASKER, ended=ended, after=after))
    show(
        (
            "reference 编号",
            "filed 提出",
            "issuer 颁发机构",
            "type 类型",
            "element 要素",
            "state 状态",
        ),
        (
            (
                each.reference,
                f"{each.filed_at:%Y-%m-%d}",
                each.issuer or "–",
                each.type,
                each.element,
                f"{each.state}{' ⚑' if each.flagged_at and not each.state.ended else ''}",
            )
            for each in found
        ),
    )


@dispute.command("show")
def dispute_show(
    reference: Annotated[str, typer.Argument(help="As `dispute list` names it.")],
) -> None:
    """All of one dispute: what was said, and its trace."""
    found = _with(lambda taking: taking.shown(reference, None, _ASKER))
    if found is None:
        raise Refused("reference", "no dispute by that name: `zhengyan dispute list`")
    said = found.complaint
    for name, value in (
        ("identifier", found.named),
        ("record", found.record),
        ("type", found.type),
        ("issuer", found.issuer),
        ("number", said and said.number),
        ("holder", said and said.holder),
        ("holder_code", said and said.holder_code),
        ("element", found.element),
        ("text", said.text if said else "withdrawn"),
    ):
        if value is not None:
            typer.echo(f"{name}: {value}")
    _trace(found)


@dispute.command("answer")
def dispute_answer(
    reference: Annotated[str, typer.Argument(help="As `dispute list` names it.")],
    state: Annotated[DisputeState, typer.Argument(help=f"One of {', '.join(sorted(ANSWERS))}.")],
    note: Annotated[
        Path | None, typer.Option(help="File with what is told to whoever has the code.")
    ] = None,
) -> None:
    """Answer in the issuer's stead, as it told you. `corrected` needs the record pushed anew."""
    text = None if note is None else _text(note)
    found = _with(lambda taking: taking.answer(reference, state, text, tenant=None, asker=_ASKER))
    if found is None:
        raise Refused("reference", "no dispute by that name: `zhengyan dispute list`")
    typer.echo(f"{reference}: {found.state}")


@dispute.command("follow")
def dispute_follow(
    code: Annotated[str, typer.Argument(help="As it was told when the dispute was filed.")],
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take the dispute back.")] = False,
) -> None:
    """How far a dispute is, by its code."""

    async def work(taking: Disputes) -> Dispute | None:
        made = taking.withdraw if withdraw else taking.follow
        return await made(code, _ASKER)

    try:
        found = _with(work)
    except Malformed as exc:
        raise Refused("code", str(exc)) from None
    if found is None:
        raise Refused("code", "nobody filed a dispute under it")
    _trace(found)


def _trace(found: Dispute) -> None:
    for step in found.steps:
        note = f": {step.note}" if step.note else ""
        typer.echo(f"{step.at:%Y-%m-%d %H:%M} {step.state} ({step.by}){note}")


def _text(file: Path) -> str:
    try:
        text = content_of(file).decode("utf-8").strip()
    except UnicodeDecodeError:
        raise Refused("note", f"{file}: not UTF-8") from None
    if not 0 < len(text) <= MAX_NOTE:
        raise Refused("note", f"{file}: from 1 to {MAX_NOTE} characters")
    return text
