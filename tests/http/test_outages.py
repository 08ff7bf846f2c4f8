"""What this node cannot do without: then it says 503 and when to come back, and never a verdict."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from app.crypto.provider import FileSigner
from app.domain.errors import Unavailable
from app.main import create_app, production
from app.services.supervision import LASTS, Supervisor
from app.services.upkeep import Upkeep
from sandbox.serve import Servers
from tests.service import (
    VERIFICATIONS,
    Service,
    new_database,
    run_sql,
    running,
    serving,
)


def unavailable(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) > 0
    told = answer.json()
    assert told["type"] == "/problems/unavailable"
    assert "says nothing about the license" in told["title"]
    assert "report" not in told
    assert "conclusion" not in answer.text


@pytest.fixture
def token(service: Service) -> bytes:
    return service.world.token(service.world.pick("traffic"))


@pytest.fixture(scope="session")
def other_database(database_url: str) -> str:
    """One that tests may break."""
    return new_database(database_url, "outages")


@pytest.fixture
def other(other_database: str, sandbox_issuers: Servers, tmp_path: Path) -> Iterator[Service]:
    with serving(other_database, tmp_path, sandbox_issuers) as node:
        node.register()
        yield node


def post(service: Service, token: bytes) -> httpx.Response:
    return service.client.post(VERIFICATIONS, files={"file": token})


# ---- ready, degraded, red


def test_alive_and_ready(service: Service) -> None:
    assert service.client.get("/livez").json() == {"status": "alive"}
    ready = service.client.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    parts = ready.json()["parts"]
    for name in ("database", "migrations", "signing_key", "trust", "background"):
        assert parts.pop(name) == "ok"
    assert parts["sm2"].startswith("libcrypto")


def looked_anew(client: httpx.Client) -> httpx.Response:
    """A look at the node lasts a moment: after it."""
    time.sleep(LASTS + 0.05)
    return client.get("/readyz")


def test_a_background_task_that_dies_is_shown_and_begun_anew(
    service: Service,
    sandbox_issuers: Servers,
    tmp_path: Path,
    token: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not silently: what signs the log and drops what is over ends by a fault of its own."""
    monkeypatch.setattr("app.main.Supervisor", partial(Supervisor, pause=0.05))
    whole, failed, begun_anew = Upkeep.once, threading.Event(), threading.Event()

    async def once(self: Upkeep) -> None:
        if not failed.is_set():
            failed.set()
            raise KeyError("canary")
        await whole(self)
        begun_anew.set()

    monkeypatch.setattr(Upkeep, "once", once)
    with serving(service.database_url, tmp_path, sandbox_issuers) as node:
        assert failed.wait(10)
        shown = looked_anew(node.client)
        assert (shown.status_code, shown.json()["status"]) == (200, "degraded")
        assert "upkeep (KeyError at upkeep.py:" in shown.json()["parts"]["background"]
        assert "canary" not in shown.text
        assert begun_anew.wait(10)
        assert node.told(token) == "valid"  # the twin: nothing else is unwell


def test_nobody_registered_is_degraded(
    database_url: str, sandbox_issuers: Servers, tmp_path: Path, token: bytes
) -> None:
    with serving(new_database(database_url, "empty"), tmp_path, sandbox_issuers) as node:
        ready = node.client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
        assert "zhengyan issuer import" in ready.json()["parts"]["trust"]
        assert node.told(token).startswith("indeterminate")
        node.register()
        assert looked_anew(node.client).json()["status"] == "ready"
        assert node.told(token) == "valid"


def test_tables_that_are_behind_are_red(other: Service, token: bytes) -> None:
    assert other.client.get("/readyz").status_code == 200
    for change in (
        "UPDATE alembic_version SET version_num = '0000'",
        "DELETE FROM alembic_version",
    ):
        (row,) = other.sql("SELECT version_num FROM alembic_version")
        other.sql(change)
        red = looked_anew(other.client)
        assert (red.status_code, red.json()["status"]) == (503, "unready")
        assert "make migrate" in red.json()["parts"]["migrations"]
        assert other.client.get("/livez").status_code == 200
        other.sql("DELETE FROM alembic_version")
        other.sql("INSERT INTO alembic_version VALUES ($1)", row["version_num"])
    assert looked_anew(other.client).json()["status"] == "ready"
    assert other.told(token) == "valid"


class DeafKeys:
    """A key provider whose device has been unplugged."""

    def __init__(self, real: FileSigner) -> None:
        self.kid, self.scheme = real.kid, real.scheme

    def signer(self) -> "DeafKeys":
        return self

    def sign(self, message: bytes) -> bytes:
        del message
        raise Unavailable("device: gone")


def test_a_key_that_does_not_sign_is_red_and_no_verdict(
    service: Service, other_database: str, token: bytes
) -> None:
    @asynccontextmanager
    async def without_key(app: Any) -> Any:
        async with production(replace_database(service, other_database))(app) as state:
            node = state["node"]
            keys = DeafKeys(node.verifier.publisher.keys.signer())
            publisher = replace(node.verifier.publisher, keys=keys)
            node.health.inner._keys = keys
            verifier = replace(node.verifier, publisher=publisher)
            yield {**state, "node": replace(node, verifier=verifier)}

    with (
        running(create_app(without_key, docs=False)) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=30) as client,
    ):
        red = client.get("/readyz")
        assert (red.status_code, red.json()["parts"]["signing_key"]) == (503, "device: gone")
        unavailable(client.post(VERIFICATIONS, files={"file": token}))
    assert service.told(token) == "valid"


def replace_database(service: Service, url: str) -> Any:
    return service.settings.model_copy(update={"database_url": url})


# ---- the database


def test_no_database_at_all(
    service: Service, sandbox_issuers: Servers, tmp_path: Path, token: bytes
) -> None:
    """Nothing listens there; the node starts, is red, and answers nothing."""
    assert service.told(token) == "valid"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    dead = f"postgresql+asyncpg://zhengyan@127.0.0.1:{port}/zhengyan"
    before = service.asked()
    with serving(dead, tmp_path, sandbox_issuers) as node:
        unavailable(post(node, token))
        unavailable(node.client.get(f"{VERIFICATIONS}/{'A' * 22}"))
        unavailable(node.client.post(VERIFICATIONS, json={"token": token.decode()}))
        assert node.client.get("/livez").status_code == 200
        red = node.client.get("/readyz")
        assert (red.status_code, red.json()["status"]) == (503, "unready")
        assert node.client.get("/").status_code == 200
    assert service.asked() == before


def test_a_database_that_goes_and_comes_back(other: Service, token: bytes) -> None:
    """Its connections are cut and no new ones let in, in the middle of work."""
    assert other.told(token) == "valid"
    name = other.database_url.partition("?")[0].rpartition("/")[2]
    elsewhere = other.database_url.replace(f"/{name}?", "/postgres?")
    run_sql(elsewhere, f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
    run_sql(elsewhere, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)  # fmt: skip
    try:
        for _ in range(3):
            unavailable(post(other, token))
        assert looked_anew(other.client).status_code == 503
    finally:
        run_sql(elsewhere, f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')
    assert other.told(token) == "valid"
    assert looked_anew(other.client).status_code == 200


# ---- the journal


@contextmanager
def broken_journal(service: Service) -> Iterator[None]:
    """No row can be added; everything can be read."""
    service.sql("ALTER TABLE verification ADD CONSTRAINT full_disk CHECK (false) NOT VALID")
    try:
        yield
    finally:
        service.sql("ALTER TABLE verification DROP CONSTRAINT full_disk")


def test_what_cannot_be_recorded_is_not_answered(other: Service, token: bytes) -> None:
    assert other.told(token) == "valid"
    (kept,) = other.sql("SELECT count(*) AS n FROM verification")
    with broken_journal(other):
        unavailable(post(other, token))
        unavailable(other.client.post(VERIFICATIONS, json={"token": token.decode()}))
        unavailable(post(other, b"eyJ9.e30.AA"))  # a failing document as well
    assert other.sql("SELECT count(*) AS n FROM verification")[0]["n"] == kept["n"]
    assert other.told(token) == "valid"
    assert other.sql("SELECT count(*) AS n FROM verification")[0]["n"] == kept["n"] + 1


def test_every_answer_has_been_recorded(service: Service, token: bytes) -> None:
    for content in (token, b"eyJ9.e30.AA", service.world.ofd(service.world.pick("market"))):
        answer = service.verify(content)
        (row,) = service.sql(
            "SELECT conclusion, jws FROM verification WHERE id = $1", answer["report"]["id"]
        )
        assert row["conclusion"] == answer["report"]["conclusion"]
        assert row["jws"] == answer["jws"]


# ---- too much at once, and faults of ours


def test_more_than_there_is_room_for(
    other_database: str, sandbox_issuers: Servers, tmp_path: Path, token: bytes
) -> None:
    with serving(other_database, tmp_path, sandbox_issuers, max_buffered=4096) as node:
        node.register()
        busy = post(node, b"eyJ9." + b"A" * 8000)
        assert (busy.status_code, busy.json()["type"]) == (429, "/problems/busy")
        assert int(busy.headers["retry-after"]) > 0
        for _ in range(5):  # what was taken is given back
            assert node.told(token) == "valid"


class Faulty:
    """A verifier with a bug."""

    async def verify(self, submission: object) -> None:
        del submission
        raise ZeroDivisionError("CANARY of the inside")


def test_a_fault_of_ours_tells_nothing_of_the_inside(service: Service, token: bytes) -> None:
    @asynccontextmanager
    async def with_a_bug(app: Any) -> Any:
        async with production(service.settings)(app) as state:
            yield {**state, "node": replace(state["node"], verifier=Faulty())}

    with (
        running(create_app(with_a_bug, docs=False)) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=30) as client,
    ):
        answer = client.post(VERIFICATIONS, files={"file": token})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/internal"
    assert "CANARY" not in answer.text
    assert service.told(token) == "valid"


def test_the_launcher_cannot_reach_a_database_that_is_closed(other: Service) -> None:
    """The means of the test above: a closed database is closed for its owner, too."""
    name = other.database_url.partition("?")[0].rpartition("/")[2]
    elsewhere = other.database_url.replace(f"/{name}?", "/postgres?")
    run_sql(elsewhere, f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
    try:
        with pytest.raises(asyncpg.PostgresError):
            run_sql(other.database_url, "SELECT 1")
    finally:
        run_sql(elsewhere, f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')
