"""A migrated, empty database for each test, and the sandbox's registration to put into it."""

from collections.abc import AsyncIterator
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.registry.sessions import Database
from sandbox.registration import registration
from sandbox.world import World

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LOOPBACK = ("127.0.0.0/8",)
TABLES = (
    "first_seen, verification, statement, license_status, license, delegation, issuer_endpoint,"
    " issuer_key, issuer_organisation, issuer, license_type, anchor, intermediate, revocation_list, ocsp_response,"
    " api_key, caller_key, used_assertion, caller, tenant, bucket, trust_source, trust_list,"
    " trust_refusal, revocation_source"
)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await Database.open(database_url)
    async with opened.writing() as session:
        await session.execute(text(f"TRUNCATE {TABLES} CASCADE"))
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def world() -> World:
    return World(1, TODAY)


@pytest.fixture(scope="session")
def _document(world: World) -> dict[str, Any]:
    urls = {b.code: f"http://127.0.0.1:{9000 + i}/ivp" for i, b in enumerate(world.answering)}
    return registration(world, urls)


@pytest.fixture
def document(_document: dict[str, Any]) -> dict[str, Any]:
    """Each test may spoil its own."""
    return deepcopy(_document)
