"""The real application on a real port, over PostgreSQL, with the sandbox's issuers behind it.

Everything runs in threads of the test process: uvicorn as `zhengyan serve` runs it, the issuers as
`python -m sandbox serve` runs them. Tests are plain functions that speak HTTP.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from app.cli.serving import SERVER
from app.config import Settings
from app.main import create_app, production
from app.registry.catalogue import import_registration
from app.registry.sessions import Database, WriteSession
from embedded import SERVICE
from sandbox.nodes import Nodes
from sandbox.serve import Servers, serve_in_thread
from sandbox.world import World

NODE = "zhengyan-test"
LOOPBACK = ("127.0.0.0/8",)
READY_SECONDS = 30.0
VERIFICATIONS = "/v1/verifications"

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Service:
    """What a test holds of a running node."""

    url: str
    client: httpx.Client
    issuers: Servers
    database_url: str
    settings: Settings

    @property
    def world(self) -> World:
        return self.issuers.world

    def verify(
        self, content: bytes | None = None, *, status: int = 200, **members: object
    ) -> dict[str, Any]:
        """The answer to a file, or to a JSON body of these members."""
        if content is not None:
            texts = {name: str(value) for name, value in members.items()}
            answer = self.client.post(VERIFICATIONS, files={"file": content}, data=texts)
        else:
            answer = self.client.post(VERIFICATIONS, json=members)
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def told(self, content: bytes | None = None, **members: object) -> str:
        """Conclusion, reason and conflict, as one line."""
        return line(self.verify(content, status=200, **members)["report"])

    def asked(self) -> int:
        """POSTs that have reached any issuer so far."""
        return self.issuers.requests

    def write(self, work: Callable[[WriteSession], Any]) -> Any:
        """One transaction of administration."""

        async def run() -> Any:
            opened = await Database.open(self.database_url)
            try:
                async with opened.writing() as session:
                    return await work(session)
            finally:
                await opened.close()

        return asyncio.run(run())

    def sql(self, text: str, *values: object) -> list[asyncpg.Record]:
        return run_sql(self.database_url, text, *values)

    def register(self) -> None:
        """Everything the sandbox registers, as `make run` does."""
        document = self.issuers.registration()
        self.write(lambda session: import_registration(session, document, networks=LOOPBACK))


@cache
def described() -> dict[str, Any]:
    """The description of the interface, made once; nobody changes it."""
    app = create_app(lambda _: None, docs=True)  # type: ignore[arg-type,return-value]
    found: dict[str, Any] = app.openapi()
    return found


def line(report: Mapping[str, Any]) -> str:
    """Conclusion, reason and conflict of a report, as one line."""
    reason = report["reason"]["code"] if report["reason"] else ""
    conflict = " (conflict)" if report["conflict"] else ""
    return f"{report['conclusion']} {reason}".strip() + conflict


def run_sql(url: str, text: str, *values: object) -> list[asyncpg.Record]:
    """Over a connection of its own."""

    async def run() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            found: list[asyncpg.Record] = await connection.fetch(text, *values)
            return found
        finally:
            await connection.close()

    return asyncio.run(run())


def new_database(url: str, name: str) -> str:
    """A migrated, empty database beside the one of `url`; its address.

    Tests of a module need not run together, so that it may be asked for twice.
    """
    worker = url.partition("?")[0].rpartition("/")[2]
    run_sql(url, f'DROP DATABASE IF EXISTS "{worker}_{name}" WITH (FORCE)')
    run_sql(url, f'CREATE DATABASE "{worker}_{name}" TEMPLATE zhengyan')
    return url.replace(f"/{worker}?", f"/{worker}_{name}?")


@contextmanager
def running(app: FastAPI) -> Iterator[str]:
    """The application on a free port, served as `zhengyan serve` does; its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on", **SERVER))
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listening]}, name="service", daemon=True
    )
    thread.start()
    try:
        _until(lambda: server.started or not thread.is_alive())
        assert server.started, "the service did not start"
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(READY_SECONDS)
        listening.close()
        assert not thread.is_alive(), "the service did not end"


def _until(true: Callable[[], bool]) -> None:
    waiting = threading.Event()
    for _ in range(int(READY_SECONDS * 100)):
        if true():
            return
        waiting.wait(0.01)
    raise AssertionError("not in time")


def as_service(url: str) -> str:
    """The same database, for an account that owns nothing in it."""
    return url.replace("//zhengyan@", f"//{SERVICE}@")


QUOTAS = ("anonymous_per_minute", "anonymous_per_day", "document_per_minute")


@contextmanager
def serving(
    database_url: str, folder: Path, issuers: Servers, **changes: object
) -> Iterator[Service]:
    """A node with its own keys; the issuers know it."""
    values: dict[str, Any] = {
        "DATABASE_URL": as_service(database_url),
        "key_folder": folder / "keys",
        "node_id": NODE,
        "probe_after": timedelta(0),
        "answers_kept": 0,  # tests count what is asked
        # All requests of the tests come from one address.
        **dict.fromkeys(QUOTAS, 1_000_000),
        **changes,
    }
    settings = Settings(**values)
    with (
        running(create_app(production(settings), docs=settings.docs)) as url,
        httpx.Client(base_url=url, trust_env=False, verify=False, timeout=30) as client,  # no TLS
    ):
        issuers.nodes.add(
            {"node": NODE, "keys": client.get("/.well-known/jwks.json").json()["keys"]}
        )
        yield Service(url, client, issuers, database_url, settings)


@pytest.fixture(scope="session")
def sandbox_issuers() -> Iterator[Servers]:
    with serve_in_thread(World(1), nodes=Nodes()) as servers:
        yield servers


@pytest.fixture(scope="session")
def service_database(database_url: str) -> str:
    """A database no other test touches."""
    return new_database(database_url, "service")


@pytest.fixture(scope="session")
def _service(
    service_database: str, sandbox_issuers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("node")
    deadline = timedelta(seconds=2)
    with serving(service_database, folder, sandbox_issuers, body_deadline=deadline) as service:
        service.register()
        yield service


@pytest.fixture
def service(_service: Service) -> Iterator[Service]:
    """The node with everything registered, and honest issuers; put right again afterwards."""
    yield _service
    _service.issuers.reset()
