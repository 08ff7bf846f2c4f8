"""A worker at one chunk of a job, killed by its own hand while it verifies an item called `poison`,
or reads an upload that holds `deadly` and nothing else.

`python -m tests.jobs.dying JOB` is a nest of such workers, one after another: each is a process of
its own, killed with SIGKILL and nothing else, until one comes to an end. Prints how many died.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from app.composition import working
from app.config import settings
from app.domain.job import JobItem, JobKind, Order
from app.domain.verification import Submission
from app.services.jobs import Works

MOST: Final = 9
POISON: Final = "poison"
DEADLY: Final = b"deadly"


async def work(job: str) -> None:
    async with working(settings(), 1) as queue:
        whole: Works = queue.answer.__self__  # type: ignore[attr-defined]
        submit = whole.submit

        def dying(item: JobItem, order: Order) -> Submission:
            if item.label == POISON:
                os.kill(os.getpid(), signal.SIGKILL)
            return submit(item, order)

        items = whole.items

        def reading(kind: JobKind, content: bytes) -> Sequence[JobItem]:
            if content == DEADLY:
                os.kill(os.getpid(), signal.SIGKILL)
            return items(kind, content)

        works = replace(whole, submit=dying, items=reading)
        await works.read(job)
        await works.answer(job, 0)


def main() -> None:
    died = 0
    while died < MOST:
        child = os.fork()
        if child == 0:
            asyncio.run(work(sys.argv[1]))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            break
        died += 1
    print(died, os.WEXITSTATUS(status))  # noqa: T201 - what the test reads


if __name__ == "__main__":
    main()
