"""The service as in production but for its issuers, who answer at once and in process; and floors.

    uvicorn --factory bench.served:create

`/bench/nothing` does nothing in the same application. `/bench/database` makes the round trips of a
verification, with the same statements and rows of the same size, and nothing else.
"""

import json
import os
import resource
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.config import settings
from app.domain.issuer import Inquiry, IssuerAnswer
from app.domain.verification import Submission
from app.main import create_app, production
from app.registry.journal import RECORD_SQL, row_of
from app.registry.sessions import POOL_WAIT, Database
from app.registry.trust import TRUST_SQL, PostgresRegistry, parameters
from app.routers.state import State
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

    verifier: Verifier
    looked_up: tuple[object, ...] = ()
    row: tuple[object, ...] = ()
    answer: bytes = b"{}"

    @property
    def database(self) -> Database:
        if not isinstance(self.verifier.registry, PostgresRegistry):
            raise TypeError("the bench is about a database")
        return self.verifier.registry.database

    async def prepare(self, content: bytes) -> None:
        receipt = await self.verifier.verify(Submission(content=content))
        license, digests = Core.read(content)
        self.looked_up = parameters(question_of(license, digests))
        self.row = row_of(receipt)
        answer = {"report": receipt.report, "jws": receipt.jws}
        self.answer = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()

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
    async def lifespan(app: FastAPI) -> AsyncIterator[State]:
        async with production(config)(app) as state:
            node = state["node"]
            verifier = replace(node.verifier, issuers=Instant())
            floor = Floor(verifier)
            await floor.prepare(os.environ["BENCH_TOKEN"].encode())
            floors.append(floor)
            yield {**state, "node": replace(node, verifier=verifier)}

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
