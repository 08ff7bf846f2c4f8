"""`zhengyan worker`: works off jobs beside the service."""

import asyncio
import logging
import os
import signal
import sys
import threading
from typing import Annotated

import typer

from app.composition import working
from app.config import settings


def worker(
    at_once: Annotated[
        int, typer.Option(min=1, max=16, help="Chunks of 25 items under way together.")
    ] = 2,
    *,
    tied: Annotated[
        bool,
        typer.Option(
            "--tied", help="End when standard input does: with the process that started this one."
        ),
    ] = False,
) -> None:
    """Work off jobs (`POST /v1/jobs`) until a signal ends it. Run as many as there are cores, or
    let the service keep them (`ZHENGYAN_JOB_WORKERS`).

    Whatever was answered is kept; whatever a worker leaves, killed or not, another one answers.
    """
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    if tied:
        threading.Thread(target=_end_with_input, daemon=True).start()
    asyncio.run(_run(at_once))


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


async def _run(at_once: int) -> None:
    async with working(settings(), at_once) as queue:
        await queue.run()
