"""A real PostgreSQL for tests: one server per run, one migrated database per xdist worker.

Under xdist the controller starts the server, because a server ends with whoever started it and
workers end at different times. Without xdist it is started by the first test that asks.
"""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from demo.steps import make_account
from embedded import SERVICE, Server, start, temporary_folder

PROJECT = Path(__file__).parents[1]
ADDRESS = "zhengyan_database_url"
RUNNING = pytest.StashKey[tuple[ExitStack, Server]]()


@pytest.fixture(scope="session")
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address (SQLAlchemy, asyncpg) of this worker's own migrated database."""
    worker = getattr(request.config, "workerinput", None)
    if worker is None:
        yield _own_database(_server(request.config).url, "main")
    else:
        yield _own_database(worker[ADDRESS], worker["workerid"])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker where the server is (xdist, in the controller)."""
    node.workerinput[ADDRESS] = _server(node.config).url


def pytest_unconfigure(config: pytest.Config) -> None:
    running = config.stash.get(RUNNING, None)
    if running is not None:
        running[0].close()


def _server(config: pytest.Config) -> Server:
    """The server of this run, started and migrated at the first call."""
    if RUNNING not in config.stash:
        with ExitStack() as stack:
            folder = temporary_folder("zhengyan-tests-")
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            server = stack.enter_context(start(folder, durable=False))
            _migrate(server.url)
            make_account(server.url, SERVICE)
            config.stash[RUNNING] = (stack.pop_all(), server)
    return config.stash[RUNNING][1]


def _migrate(url: str) -> None:
    """Bring the template up to date, in a process of its own: Alembic sets up logging."""
    if not list(PROJECT.glob("migrations/versions/*.py")):
        return
    subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        check=True,
        cwd=PROJECT,
        env={**os.environ, "DATABASE_URL": url},
    )


def _own_database(template_url: str, worker: str) -> str:
    """Copy the migrated database under the worker's name."""
    plain = template_url.replace("+asyncpg", "")

    async def copy() -> None:
        # Connected elsewhere: a database in use cannot be a template.
        connection = await asyncpg.connect(plain.replace("/zhengyan?", "/postgres?"))
        try:
            await connection.execute(f'CREATE DATABASE "test_{worker}" TEMPLATE zhengyan')
        finally:
            await connection.close()

    asyncio.run(copy())
    return template_url.replace("/zhengyan?", f"/test_{worker}?")
