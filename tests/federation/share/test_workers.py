"""Two workers of a node before one exchange platform, which knows one secret at a time: its old one
is over as soon as it gives a new one.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.crypto.provider import FolderKeys, Purpose
from app.domain.errors import Unavailable
from app.domain.identifier import IssuerCode
from app.domain.issuer import Answered, Code, Inquiry, IssuerAnswer, Silence, Unreachable
from app.domain.platform import AppSecret, PlatformKey
from app.federation.gateway import HttpIssuers
from app.registry.platforms import PostgresSecrets
from app.registry.sessions import Database
from sandbox.platform import REFRESH, Platform
from sandbox.world import World
from tests.federation.share.test_share import asking_of, assert_good, endpoint, question

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 1, tzinfo=UTC)
KEY = PlatformKey(IssuerCode("639901"), "https://p.example", REFRESH, "rid")
SECRET = AppSecret("secret-canary-4711", NOW + timedelta(hours=1), NOW + timedelta(minutes=50))
TURN = timedelta(minutes=5)


@pytest.fixture(scope="module")
def world() -> World:
    return World(1)


@pytest.fixture
async def platform(world: World) -> AsyncIterator[Platform]:
    async with Platform(world) as running:
        yield running


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await Database.open(database_url)
    async with opened.writing() as session:
        await session.execute(text("TRUNCATE platform_secret"))
    yield opened
    await opened.close()


@pytest.fixture
def keys(tmp_path: Path) -> FolderKeys:
    return FolderKeys(tmp_path / "keys")


@asynccontextmanager
async def workers(
    platform: Platform, shelf: PostgresSecrets | None, number: int = 2
) -> AsyncIterator[list[HttpIssuers]]:
    running = [asking_of(platform, shelf=shelf) for _ in range(number)]
    try:
        yield running
    finally:
        for each in running:
            await each.aclose()


def patient(platform: Platform) -> Inquiry:
    """Nothing here hangs on how fast a busy machine is."""
    where = replace(endpoint(platform), deadline=timedelta(seconds=30))
    return question(platform, where=where)


async def in_turn(asking: list[HttpIssuers], platform: Platform, times: int = 3) -> None:
    for _ in range(times):
        for worker in asking:
            assert_good(await worker.ask(patient(platform)))


async def test_workers_with_one_secret_between_them_fetch_it_once(
    platform: Platform, database: Database, keys: FolderKeys
) -> None:
    async with workers(platform, PostgresSecrets(database, keys)) as asking:
        await in_turn(asking, platform)
        assert (platform.refreshed, platform.expiries) == (1, 0)
    # The twin: with secrets of their own they end each other's, question by question.
    async with workers(platform, None) as apart:
        await in_turn(apart, platform)
        assert platform.refreshed > 4
        assert platform.expiries > 3


async def test_whoever_waits_for_another_workers_fetch_takes_what_came_of_it(
    platform: Platform, database: Database, keys: FolderKeys
) -> None:
    platform.delay = 0.2
    async with workers(platform, PostgresSecrets(database, keys), 4) as asking:
        for round_ in (1, 2):
            answers = await asyncio.gather(
                *(worker.ask(patient(platform)) for worker in asking for _ in range(3))
            )
            assert [code_of(answer) for answer in answers] == [Code.IN_FORCE] * 12
            assert platform.refreshed == round_
            platform.forget()  # over for all of them at once


def code_of(answer: IssuerAnswer) -> Code | Silence | None:
    match answer:
        case Answered():
            return answer.code
        case Unreachable():
            return answer.why
        case _:
            return None


async def test_a_worker_that_comes_later_asks_for_none(
    platform: Platform, database: Database, keys: FolderKeys
) -> None:
    shelf = PostgresSecrets(database, keys)
    async with workers(platform, shelf, 1) as first:
        await in_turn(first, platform, 1)
    async with workers(platform, shelf, 1) as second:
        await in_turn(second, platform, 1)
    assert platform.refreshed == 1


async def test_a_turn_that_failed_is_given_back(
    platform: Platform, database: Database, keys: FolderKeys
) -> None:
    async with workers(platform, PostgresSecrets(database, keys)) as asking:
        platform.behaviour = "refresh fails"
        for worker in asking:
            answer = await worker.ask(patient(platform))
            assert isinstance(answer, Unreachable)
            assert answer.why is Silence.STATUS
        platform.behaviour = "honest"
        await in_turn(asking, platform, 1)
    assert platform.refreshed == 1


async def test_a_worker_that_died_at_its_turn_holds_nobody_up_for_long(
    platform: Platform, database: Database, keys: FolderKeys
) -> None:
    shelf = PostgresSecrets(database, keys)
    where = endpoint(platform)
    async with workers(platform, shelf, 1) as (asking,):
        await in_turn([asking], platform, 1)
        platform.forget()
        key = next(iter(asking._app_secrets._held))
        assert await shelf.take(key, 1, TURN)
        assert not await shelf.take(key, 1, TURN)
        brief = replace(where, deadline=timedelta(milliseconds=300))
        answer = await asking.ask(question(platform, where=brief))
        assert isinstance(answer, Unreachable)
        assert answer.why is Silence.TIMEOUT
        assert platform.refreshed == 1
        async with database.writing() as session:  # time passes
            await session.execute(text("UPDATE platform_secret SET fetching_until = now()"))
        assert_good(await asking.ask(patient(platform)))
    assert platform.refreshed == 2


async def test_without_the_database_it_is_an_outage(
    platform: Platform, database: Database, keys: FolderKeys
) -> None:
    class Gone(PostgresSecrets):
        async def look(self, key: PlatformKey) -> Any:
            raise Unavailable("database")

    async with workers(platform, PostgresSecrets(database, keys), 1) as asking:
        await in_turn(asking, platform, 1)
    async with workers(platform, Gone(database, keys), 1) as (asking,):
        answer = await asking.ask(patient(platform))
        assert isinstance(answer, Unreachable)
        assert answer.why is Silence.CONNECTION


# ---- the row


async def test_what_is_stored_is_encrypted_and_bound_to_its_place(
    database: Database, keys: FolderKeys
) -> None:
    shelf = PostgresSecrets(database, keys)
    assert await shelf.take(KEY, 0, TURN)
    await shelf.put(KEY, 0, SECRET)
    assert (await shelf.look(KEY)).secret == SECRET
    async with database.reading() as session:
        row = (await session.execute(text("SELECT * FROM platform_secret"))).one()
    assert b"canary" not in row.sealed
    assert "canary" not in repr(row)
    async with database.writing() as session:
        await session.execute(text("UPDATE platform_secret SET requester = 'other'"))
    moved = await shelf.look(replace(KEY, requester="other"))
    assert (moved.secret, moved.number) == (None, 1)


async def test_one_of_many_has_the_turn_and_a_late_one_puts_nothing(
    database: Database, keys: FolderKeys
) -> None:
    shelf = PostgresSecrets(database, keys)
    turns = await asyncio.gather(*(shelf.take(KEY, 0, TURN) for _ in range(8)))
    assert turns.count(True) == 1
    assert (await shelf.look(KEY)).busy
    await shelf.put(KEY, 0, SECRET)
    late = replace(SECRET, value="of a turn that lapsed")
    await shelf.put(KEY, 0, late)
    await shelf.give_back(KEY, 0)
    found = await shelf.look(KEY)
    assert (found.number, found.secret, found.busy) == (1, SECRET, False)


async def test_under_a_new_field_key_it_is_read_and_without_the_old_one_fetched_anew(
    database: Database, keys: FolderKeys, tmp_path: Path
) -> None:
    shelf = PostgresSecrets(database, keys)
    assert await shelf.take(KEY, 0, TURN)
    await shelf.put(KEY, 0, SECRET)
    keys.rotate(Purpose.FIELD)
    assert (await shelf.look(KEY)).secret == SECRET
    other = PostgresSecrets(database, FolderKeys(tmp_path / "other"))
    assert (await other.look(KEY)).secret is None
