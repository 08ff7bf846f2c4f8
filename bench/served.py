"""The service as in production but for its issuers, who answer at once and in process; and floors.

    uvicorn --factory bench.served:create

`/bench/nothing` does nothing in the same application. `/bench/database` makes the round trips of a
verification, with the same statements and rows of the same size, and nothing else.
"""

import asyncio
import os
import resource
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.composition import now, publisher
from app.config import settings
from app.crypto.provider import FolderKeys
from app.domain.issuer import Inquiry, IssuerAnswer
from app.domain.verification import Submission
from app.main import NodeHealth, create_app
from app.registry.journal import RECORD_SQL, PostgresJournal, row_of
from app.registry.sessions import POOL_WAIT, Database
from app.registry.trust import TRUST_SQL, PostgresRegistry, parameters
from app.routers.body import Limits
from app.routers.state import Node, State
from app.services.verify import Verifier, question_of
from bench.materials import Core, in_force


class Instant:
    """The issuer of every good license, with no network in between. Fits `services.Issuers`."""

    async def ask(self, inquiry: Inquiry) -> IssuerAnswer:
        del inquiry
        return in_force()


@dataclass(slots=True)
class Floor:
    """What one verification sends to the database and answers, taken from a real one."""

    database: Database
    looked_up: tuple[object, ...] = ()
    row: tuple[object, ...] = ()
    answer: bytes = b"{}"

    async def prepare(self, verifier: Verifier, content: bytes) -> None:
        submission = Submission(content=content)
        receipt = await verifier.verify(submission)
        license, digests = Core.read(content)
        self.looked_up = parameters(question_of(license, digests))
        self.row = row_of(receipt)
        # As long as a real answer; the report stands in the row as JSON already.
        report = str(self.row[-2])
        self.answer = f'{{"report":{report},"jws":"{receipt.jws}"}}'.encode()

    async def trips(self, request: Request) -> Response:
        await request.body()
        async with self.database.pool.acquire(timeout=POOL_WAIT) as connection:
            await connection.fetchrow(TRUST_SQL, *self.looked_up)
        values = (secrets.token_urlsafe(16), *self.row[1:])
        async with self.database.pool.acquire(timeout=POOL_WAIT) as connection:
            await connection.execute(RECORD_SQL, *values)
        return Response(self.answer, media_type="application/json")

    async def nothing(self, request: Request) -> Response:
        await request.body()
        return Response(b"{}", media_type="application/json")


def usage(_: Request) -> Response:
    """CPU seconds of this process so far, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Response(f"{used.ru_utime + used.ru_stime}", media_type="text/plain")


def create() -> FastAPI:
    """The factory for uvicorn; BENCH_TOKEN is the token the floor is measured from."""
    config = settings()
    floors: list[Floor] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        keys = FolderKeys(config.key_folder)
        database = await Database.open(config.database_url)
        journal = PostgresJournal(database)
        verifier = Verifier(
            registry=PostgresRegistry(database, now),
            issuers=Instant(),
            publisher=publisher(config, keys),
            journal=journal,
            clock=now,
        )
        floor = Floor(database)
        await floor.prepare(verifier, os.environ["BENCH_TOKEN"].encode())
        floors.append(floor)
        yield {
            "node": Node(
                verifier=verifier,
                reports=journal,
                health=NodeHealth(database, keys),
                keys=(),
                id=config.node_id,
                limits=Limits(config.max_upload, config.max_json, config.body_deadline),
                clock=now,
                slots=asyncio.Semaphore(config.max_concurrent),
            )
        }
        await database.close()

    async def trips(request: Request) -> Response:
        return await floors[0].trips(request)

    async def nothing(request: Request) -> Response:
        return await floors[0].nothing(request)

    app = create_app(lifespan, docs=False)
    app.router.routes[:0] = [
        Route("/bench/nothing", nothing, methods=["POST"]),
        Route("/bench/database", trips, methods=["POST"]),
        Route("/bench/usage", usage),
    ]
    return app
