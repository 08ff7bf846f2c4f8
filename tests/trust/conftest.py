"""People with keys, and a database in which nobody has made a list yet."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.crypto.provider import FileSigner, FolderKeys, new_key_file
from app.domain.caller import Scope
from app.models import Decided
from app.registry.making import persons, proposals, publishing
from app.registry.making.changes import Change
from app.registry.making.proposals import Proposal
from app.registry.making.publishing import Published
from app.registry.making.record import Recorder
from app.registry.sessions import Database
from sandbox.world import World

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PUBLISHER = "city.example"
BOTH = frozenset({Scope.TRUST_PROPOSE, Scope.TRUST_APPROVE})
TABLES = (
    "person, person_key, trust_proposal, trust_decision, trust_draft, trust_source, trust_list,"
    " trust_refusal"
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
    return World(1, NOW.date())


@dataclass
class Making:
    """One node and its people: each step a transaction of its own."""

    database: Database
    record: Recorder
    keys: dict[str, FileSigner]
    now: datetime = NOW

    @asynccontextmanager
    async def as_(self, name: str, key: str | None = None) -> AsyncIterator[Any]:
        async with self.database.writing() as session:
            yield session, await persons.acting(session, name, self.keys[key or name])

    async def add(self, name: str, scopes=BOTH, key: str | None = None):
        signer = self.keys[key or name]
        async with self.database.writing() as session:
            return await persons.add_person(session, name, signer.public_jwk, scopes, self.now)

    async def begin(self, *names: str, threshold: int = 2):
        async with self.database.writing() as session:
            return await publishing.begin(
                session, PUBLISHER, names, threshold, self.now, record=self.record
            )

    async def propose(self, name: str, *changes: Change, key: str | None = None) -> int:
        async with self.as_(name, key) as (session, who):
            source = await publishing.own_source(session)
            sections = await publishing.held_sections(session, source)
            return await proposals.propose(
                *(session, PUBLISHER, sections, changes, who, self.now),
                note="why",
                record=self.record,
            )

    async def approve(self, name: str, number: int, *, key: str | None = None) -> Proposal:
        return await self.decide(name, number, Decided.APPROVED, key=key)

    async def reject(self, name: str, number: int) -> Proposal:
        return await self.decide(name, number, Decided.REJECTED)

    async def decide(self, name, number, verdict, *, key=None) -> Proposal:
        async with self.as_(name, key) as (session, who):
            return await proposals.decide(
                session, number, verdict, who, self.now, why="", record=self.record
            )

    async def publish(self, name: str, **options: Any) -> Published:
        async with self.as_(name) as (session, who):
            return await publishing.publish(session, who, self.now, record=self.record, **options)

    async def sections(self) -> dict[str, Any]:
        async with self.database.reading() as session:
            source = await publishing.own_source(session)
            return await publishing.held_sections(session, source)

    async def sql(self, statement: str, **values: object) -> list[Any]:
        async with self.database.writing() as session:
            found = await session.execute(text(statement), values)
            return list(found.all()) if found.returns_rows else []

    async def audited(self) -> Counter[str]:
        """What was administered so far, by what the rows say."""
        rows = await self.sql(
            "SELECT convert_from(body, 'UTF8')::json->>'object' AS o FROM audit "
            "WHERE operation = 'administer'"
        )
        return Counter(row.o for row in rows)


@pytest.fixture
def new_key(tmp_path: Path) -> Callable[[str], FileSigner]:
    return lambda name: new_key_file(tmp_path / f"{name}.key")


@pytest.fixture
async def making(database, tmp_path, new_key) -> Making:
    """chen and li make the list, wang signs too, zhao only proposes; nobody else is known."""
    keys = {name: new_key(name) for name in ("chen", "li", "wang", "zhao", "thief")}
    made = Making(database, Recorder(FolderKeys(tmp_path / "node"), "test"), keys)
    for name in ("chen", "li", "wang"):
        await made.add(name)
    await made.add("zhao", frozenset({Scope.TRUST_PROPOSE}))
    await made.begin("chen", "li", "wang")
    return made
