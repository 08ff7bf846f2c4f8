"""`zhengyan worker`: works off jobs beside the service."""

import asyncio
import logging
from typing import Annotated

import typer

from app.composition import working
from app.config import settings


def worker(
    at_once: Annotated[
        int, typer.Option(min=1, max=16, help="Chunks of 25 items under way together.")
    ] = 2,
) -> None:
    """Work off jobs (`POST /v1/jobs`) until a signal ends it. Run as many as there are cores.

    Whatever was answered is kept; whatever a worker leaves, killed or not, another one answers.
    """
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    asyncio.run(_run(at_once))


async def _run(at_once: int) -> None:
    async with working(settings(), at_once) as queue:
        await queue.run()
