"""The queue that workers take jobs from: procrastinate, in a schema of its own (ADR 0031).

The tables of `app.registry.jobs` are the truth; what stands in the queue only says what to do next.
It is made good from them every few seconds, so that it may lose, repeat or forget entries.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from procrastinate import App, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import AlreadyEnqueued, ProcrastinateException
from sqlalchemy.ext.asyncio import create_async_engine

from app.domain.errors import Unavailable
from app.domain.job import JobState
from app.registry.jobs import PostgresJobs
from app.registry.sessions import read_address

QUEUE: Final = "jobs"
SCHEMA: Final = "queue"
BEAT: Final = 2.0
"""Seconds between two signs of life of a worker."""
LOST: Final = 10.0
"""Seconds without one, after which its work is given to others."""
LOOK: Final = 1.0
"""Seconds between two looks for work that is not in the queue."""
PAUSE: Final = 1.0
"""Seconds before it is tried again where the database is away."""

logger = logging.getLogger(__name__)

Read = Callable[[str], Awaitable[None]]
"""Counts the items of an upload."""
Answer = Callable[[str, int], Awaitable[None]]
"""Answers a chunk of them."""


@dataclass(frozen=True, slots=True)
class Queue:
    """Runs one worker."""

    url: str
    jobs: PostgresJobs
    read: Read
    answer: Answer
    at_once: int = 2
    """Chunks under way together."""

    async def run(self) -> None:
        """Until a signal ends it. A database that is away is waited for."""
        while True:
            try:
                await self._until_stopped()
            except (ProcrastinateException, psycopg.Error, Unavailable, OSError) as exc:
                logger.warning("queue: %s; tried again", type(exc).__name__)
                await asyncio.sleep(PAUSE)
            else:
                return

    async def _until_stopped(self) -> None:
        app = App(
            connector=PsycopgConnector(min_size=1, max_size=4, kwargs=connection_of(self.url))
        )
        tasks = _Tasks.of(app, self.read, self.answer)
        async with app.open_async():
            feeding = asyncio.create_task(self._feed(app, tasks))
            working = asyncio.create_task(
                app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=self.at_once,
                    delete_jobs="always",
                    fetch_job_polling_interval=LOOK,
                    update_heartbeat_interval=BEAT,
                    stalled_worker_timeout=LOST,
                    shutdown_graceful_timeout=LOST,
                )
            )
            try:
                done, _ = await asyncio.wait(
                    {feeding, working}, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    task.result()
            finally:
                for task in (feeding, working):
                    task.cancel()
                await asyncio.gather(feeding, working, return_exceptions=True)

    async def _feed(self, app: App, tasks: "_Tasks") -> None:
        while True:
            for lost in await app.job_manager.get_stalled_jobs(
                queue=QUEUE, seconds_since_heartbeat=LOST
            ):
                await app.job_manager.retry_job(lost)
            known = {
                job.queueing_lock
                for status in ("todo", "doing")
                for job in await app.job_manager.list_jobs_async(queue=QUEUE, status=status)
            }
            for job in await self.jobs.open_jobs():
                if job.state is JobState.STORED:
                    await _enter(tasks.read, known, f"{job.id}", job=job.id)
                for chunk in job.chunks:
                    await _enter(tasks.answer, known, f"{job.id}:{chunk}", job=job.id, chunk=chunk)
            await asyncio.sleep(LOOK)


@dataclass(frozen=True, slots=True)
class _Tasks:
    read: Any
    answer: Any

    @classmethod
    def of(cls, app: App, read: Read, answer: Answer) -> "_Tasks":
        again = RetryStrategy(wait=1, retry_exceptions=[Unavailable])

        @app.task(name="read", queue=QUEUE, retry=again)
        async def read_upload(job: str) -> None:
            await read(job)

        @app.task(name="answer", queue=QUEUE, retry=again)
        async def answer_chunk(job: str, chunk: int) -> None:
            await answer(job, chunk)

        return cls(read_upload, answer_chunk)


async def _enter(task: Any, known: set[str | None], lock: str, **arguments: object) -> None:
    """In the queue once: one that waits by its lock, one that is done beside it by the tables."""
    if lock in known:
        return
    try:
        await task.configure(queueing_lock=lock, lock=lock).defer_async(**arguments)
    except AlreadyEnqueued:  # by another worker, a moment ago
        return


def connection_of(url: str) -> dict[str, Any]:
    """What psycopg connects with, for an address as of `DATABASE_URL`. Raises `Refused`."""
    address = read_address(url)
    _, given = create_async_engine(address).dialect.create_connect_args(address)
    names = {"database": "dbname", "ssl": "sslmode"}
    known = {"host", "port", "user", "password", "database", "ssl"}
    found = {names.get(name, name): value for name, value in given.items() if name in known}
    return {
        **found,
        "connect_timeout": 5,
        "application_name": "zhengyan-worker",
        "options": f"-c search_path={SCHEMA},public -c statement_timeout=10s",
    }
