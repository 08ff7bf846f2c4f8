"""`zhengyan batch`: a file of many items, one answered line each, a bar meanwhile."""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, BinaryIO, TextIO

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from app.cli.verifying import exit_code
from app.composition import now, verifier
from app.config import settings
from app.domain.errors import Refused, ServiceError, Unavailable
from app.domain.verdict import Verdict
from app.domain.verification import PUBLIC_CHECK, Submission
from app.routers.batches import Item, items_of
from app.routers.problems import problem_of
from app.routers.verifications import stated, token_of
from app.schemas.batch import BatchItemIn
from app.services.many import as_done
from app.services.verify import Verifier

AT_ONCE = 8
"""Items under way together."""


def batch(
    file: Annotated[
        Path,
        typer.Argument(help="NDJSON: what POST /v1/verifications takes, with an id, a line each."),
    ],
    *,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the lines here, not to the screen.")
    ] = None,
    trust: Annotated[
        Path | None, typer.Option(help="As of `zhengyan verify`: no database, no record.")
    ] = None,
    network: Annotated[
        list[str] | None, typer.Option(help="As of `zhengyan verify`; with --trust.")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no issuer.")] = False,
) -> None:
    """Verify many licenses out of a file 批量核验: NDJSON in, NDJSON out as they are done.

    Each line out has the `id` and line number of its item, and a report with its JWS or a problem.
    Exit codes as of `zhengyan verify`; an item that could not be read makes it **1**.
    """
    if network and trust is None:
        raise Refused("network", "goes with --trust; in a database each endpoint has its own")
    ground = verifier(settings(), trust, offline=offline, networks=network or ())
    try:
        with file.open("rb") as source:
            if out is None:
                done = asyncio.run(_run(source, sys.stdout, ground))
            else:
                with out.open("w", encoding="utf-8") as sink:
                    done = asyncio.run(_run(source, sink, ground))
    except OSError as exc:
        raise Refused("file", f"{exc.filename}: {exc.strerror}") from None
    counted = dict.fromkeys(("valid", "invalid", "indeterminate"), 0)
    for verdict in done.verdicts:
        counted[verdict.conclusion.value] += 1
    told = ", ".join(f"{name} {count}" for name, count in counted.items())
    asked = len(done.verdicts) + done.refused
    typer.echo(f"{asked} items: {told}; not read {done.refused}", err=True)
    raise typer.Exit(exit_code(asked, done.verdicts))


@dataclass(slots=True)
class _Done:
    verdicts: list[Verdict]
    refused: int = 0


async def _run(
    source: BinaryIO, sink: TextIO, ground: AbstractAsyncContextManager[Verifier]
) -> _Done:
    done, limit = _Done([]), settings().max_json
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("0 items 条", total=os.fstat(source.fileno()).st_size)
        items = items_of(_lines(source, limit, bar, task), limit)
        async with ground as judge:

            async def one(item: Item) -> tuple[Verdict | None, str]:
                return await _one(item, judge)

            async with aclosing(as_done(items, one, AT_ONCE)) as answers:
                async for verdict, line in answers:
                    sink.write(line + "\n")
                    if verdict is None:
                        done.refused += 1
                    else:
                        done.verdicts.append(verdict)
                    count = len(done.verdicts) + done.refused
                    bar.update(task, description=f"{count} items 条")
    return done


def _lines(source: BinaryIO, limit: int, bar: Progress, task: TaskID) -> Iterator[bytes]:
    """Of a line over the limit comes the piece that shows it; its rest is passed over."""
    while line := source.readline(limit + 2):
        bar.advance(task, len(line))
        piece = line
        while piece and not piece.endswith(b"\n"):
            piece = source.readline(limit + 2)
            bar.advance(task, len(piece))
        yield line.removesuffix(b"\n")


async def _one(item: Item, judge: Verifier) -> tuple[Verdict | None, str]:
    head = {"id": item.id, "line": item.line}
    try:
        receipt = await judge.verify(_submission(item))
    except Unavailable:
        raise  # a batch without a journal is none: it is run again
    except ServiceError as exc:
        problem = json.loads(bytes(problem_of(exc).body))
        return None, json.dumps({**head, "problem": problem}, ensure_ascii=False)
    told = {**head, "report": receipt.report, "jws": receipt.jws}
    return receipt.verification.verdict, json.dumps(told, ensure_ascii=False)


def _submission(item: Item) -> Submission:
    match item.ask:
        case BatchItemIn() as asked:
            asked.not_in_future(now())
            age = asked.max_status_age
            return Submission(
                content=None if asked.token is None else token_of(asked.token),
                stated=None if asked.token is not None else stated(asked),
                purpose=asked.purpose or PUBLIC_CHECK,
                at=asked.at,
                max_status_age=None if age is None else timedelta(seconds=age),
                matter=asked.matter,
                policy=asked.policy,
                sm_only=asked.sm_only is not None,
            )
        case ServiceError() as wrong:
            raise wrong
        case bytes():
            raise ValueError("a line is no file")  # items_of makes none
