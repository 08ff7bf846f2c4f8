"""The service as in production but for its issuers, who answer at once and in process; and floors.

    uvicorn --factory bench.served:create

`/bench/nothing` does nothing in the same application. `/bench/database` makes the round trips of a
verification, with the same statements and rows of the same size, and nothing else: whatever a real
one did between `POST /bench/recording` and `POST /bench/floor`, whose body is the answer it got.
"""

import json
import resource
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.config import settings
from app.domain.audit import AuditEvent, Operation, Result
from app.domain.issuer import Inquiry, IssuerAnswer
from app.domain.verification import Asker
from app.main import create_app, production
from app.registry.auditing import event
from app.registry.sessions import Database
from app.registry.trust import PostgresRegistry
from app.routers.door import Append
from app.routers.hot import HOT
from app.routers.state import State
from app.services.verify import Verifier
from bench.materials import in_force

Trip = tuple[str, tuple[Any, ...]]
"""Name of a connection's method, and its arguments: the statement first."""
Work = Callable[[Any], Awaitable[Any]]


class Instant:
    """The issuer of every good license, with no network in between. Fits `services.Issuers`."""

    async def ask(self, inquiry: Inquiry) -> IssuerAnswer:
        del inquiry
        return in_force()


@dataclass(frozen=True, slots=True)
class Listening:
    """A connection that writes down what is done over it."""

    connection: Any
    trips: list[Trip]

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self.connection, name)

        def noted(*arguments: Any) -> Any:
            self.trips.append((name, arguments))
            return method(*arguments)

        return noted


@dataclass(slots=True)
class Floor:
    """What one verification sends to the database and answers, taken from a real one."""

    database: Database
    trips: list[Trip] = field(default_factory=list)
    id: str = ""
    answer: bytes = b"{}"
    _once: Any = Database._once  # noqa: SLF001 - the one place every statement passes

    async def record(self, _: Request) -> Response:
        """From now on, write down."""
        trips, once = self.trips, self._once
        trips.clear()

        async def listening(database: Database, work: Work) -> Any:
            return await once(database, lambda connection: work(Listening(connection, trips)))

        Database._once = listening  # type: ignore[assignment]  # noqa: SLF001
        return Response(b"{}", media_type="application/json")

    async def lay(self, request: Request) -> Response:
        """What was written down is the floor; the body is the answer."""
        Database._once = self._once  # type: ignore[method-assign]  # noqa: SLF001
        self.answer = await request.body()
        self.id = json.loads(self.answer)["report"]["id"]
        if not any(self.id in arguments for _, arguments in self.trips):
            raise ValueError("the verification's row is not among the round trips")
        names = [arguments[0].split(None, 1)[0] for _, arguments in self.trips]
        return Response(json.dumps(names), media_type="application/json")

    async def repeat(self, request: Request) -> Response:
        """The round trips, under a new id."""
        await request.body()
        id = secrets.token_urlsafe(16)
        for name, arguments in self.trips:
            values = [id if value == self.id else value for value in arguments]

            async def work(connection: Any, name: str = name, values: list[Any] = values) -> object:
                found: object = await getattr(connection, name)(*values)
                return found

            await self.database.run(work)
        return Response(self.answer, media_type="application/json")


SELECT_SQL = """
SELECT identifier, type, issuer, valid_from, valid_until, long_term, issued_on, as_of, recorded_at
  FROM license WHERE identifier = $1
"""


@dataclass(frozen=True, slots=True)
class Selecting:
    """One record by its primary key, and nothing of what a look-up has to do beside."""

    database: Database
    append: Append
    row: AuditEvent

    async def select(self, request: Request) -> Response:
        return Response(await self._row(request), media_type="application/json")

    async def durable(self, request: Request) -> Response:
        """The same, told when a row in the audit log is on disk: gathered, as those of look-ups."""
        answer = await self._row(request)
        await self.append(self.row)
        return Response(answer, media_type="application/json")

    async def _row(self, request: Request) -> bytes:
        identifier = json.loads(await request.body())["identifier"]

        async def work(connection: Any) -> Any:
            return await connection.fetchrow(SELECT_SQL, identifier)

        row = await self.database.run(work, repeatable=True)
        return json.dumps(dict(row), default=str).encode()


async def nothing(request: Request) -> Response:
    await request.body()
    return Response(b"{}", media_type="application/json")


async def usage(_: Request) -> Response:
    """CPU seconds of this process so far, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Response(f"{used.ru_utime + used.ru_stime}", media_type="text/plain")


def create() -> FastAPI:
    """The factory for uvicorn."""
    config = settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[State]:
        async with production(config)(app) as state:
            node = state["node"]
            verifier = replace(node.verifier, issuers=Instant())
            floor = Floor(database_of(verifier))
            door, asker = node.door, Asker(caller="bench", address="127.0.0.1/32")
            row = event(
                asker, door.keys, Operation.LOOK_UP, Result.ANSWERED, at=door.clock(), version="0"
            )
            selecting = Selecting(floor.database, door.append, row)
            for path, endpoint in (
                ("/bench/recording", floor.record),
                ("/bench/floor", floor.lay),
                ("/bench/database", floor.repeat),
                ("/bench/select", selecting.select),
                ("/bench/durable", selecting.durable),
            ):
                app.router.routes.insert(len(HOT), Route(path, endpoint, methods=["POST"]))
            yield {**state, "node": replace(node, verifier=verifier)}

    app = create_app(lifespan, docs=False)
    app.router.routes[len(HOT) : len(HOT)] = [  # as in production, what is hot comes first
        Route("/bench/nothing", nothing, methods=["POST"]),
        Route("/bench/usage", usage),
    ]
    return app


def database_of(verifier: Verifier) -> Database:
    if not isinstance(verifier.registry, PostgresRegistry):
        raise TypeError("the bench is about a database")
    return verifier.registry.database
