"""The registry's database, emptied; the audit tables made anew, since nothing may empty them."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from app.crypto.provider import FolderKeys
from app.registry.audit import CHAINS, PostgresAudit
from app.registry.sessions import Database

LOOSE = "SET LOCAL session_replication_role = replica"
"""A superuser's way round the triggers: the tests' way to tamper, and to begin afresh."""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await Database.open(database_url)
    async with opened.writing() as session:
        for statement in (
            LOOSE,
            "DELETE FROM audit",
            "DELETE FROM audit_head",
            "UPDATE audit_chain SET seq = 0, hash = decode(repeat('00', 32), 'hex')",
        ):
            await session.execute(text(statement))
    yield opened
    await opened.close()


@pytest.fixture
def keys(tmp_path) -> FolderKeys:
    return FolderKeys(tmp_path / "keys")


@pytest.fixture
def log(database: Database) -> PostgresAudit:
    assert CHAINS > 1
    return PostgresAudit(database)
