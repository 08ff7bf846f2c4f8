"""Connections: bounded in number and time, durable or refused, discreet about what went wrong."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import func, insert, select, text

from app.domain.errors import Refused, Unavailable
from app.models import IssuerRow
from app.registry.sessions import POOL_SIZE, Database, read_address
from tests.registry.test_trust import options

SETTINGS = {
    "statement_timeout": "2s",
    "lock_timeout": "500ms",
    "idle_in_transaction_session_timeout": "5s",
    "synchronous_commit": "on",
    "TimeZone": "UTC",
    "application_name": "zhengyan",
}


def row(code: str, name: str = "局") -> dict[str, object]:
    return {"code": code, "name": name, "name_en": "Bureau", "types": []}


@pytest.mark.parametrize("name", SETTINGS)
async def test_settings_of_every_connection(database, name):
    async with database.reading() as session:
        assert await session.scalar(text(f"SHOW {name}")) == SETTINGS[name]
    async with database.pool.acquire() as connection:
        assert await connection.fetchval(f"SHOW {name}") == SETTINGS[name]


@pytest.mark.parametrize("setting", ["off", "local", "remote_write"])
async def test_a_server_that_may_lose_what_it_acknowledged_is_refused(database_url, setting):
    admin = await Database.open(database_url)
    owner = await asyncpg.connect(**options(admin))
    name = await owner.fetchval("SELECT current_database()")
    try:
        await owner.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = {setting}')
        with pytest.raises(Unavailable, match=f"synchronous_commit is {setting}"):
            await admin.check()
        with pytest.raises(Unavailable, match=f"synchronous_commit is {setting}"):
            async with admin.writing() as session:
                await session.execute(insert(IssuerRow).values(row("630001")))
    finally:
        await owner.execute(f'ALTER DATABASE "{name}" RESET synchronous_commit')
        await owner.close()
    assert await admin.check() is not None  # the twin, over the same pools
    await admin.close()


async def test_the_revision_tells_whether_it_was_migrated(database):
    newest = ScriptDirectory(str(Path(__file__).parents[2] / "migrations")).get_current_head()
    assert await database.check() == newest is not None


async def test_what_reads_cannot_write(database):
    with pytest.raises(Unavailable, match="25006"):
        async with database.reading() as session:
            await session.execute(insert(IssuerRow).values(row("630001")))


async def test_all_or_nothing(database):
    async def write(*, fail: bool) -> None:
        async with database.writing() as session:
            await session.execute(insert(IssuerRow).values(row("630001")))
            if fail:
                raise Refused("field", "changed my mind")

    with pytest.raises(Refused):
        await write(fail=True)
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(IssuerRow)) == 0
    await write(fail=False)
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(IssuerRow)) == 1


async def test_an_outage_tells_no_row(database):
    """PostgreSQL quotes the row in its detail; logs and answers are no place for it."""
    with pytest.raises(Unavailable) as caught:  # noqa: PT012 - the commit at the end of the block counts
        async with database.writing() as session:
            values = row("630001", "canary-4711")
            await session.execute(insert(IssuerRow).values({**values, "code": "canary-4711"}))
    assert "23514" in str(caught.value)
    shown, seen = caught.value, []
    while shown is not None:
        seen.append(str(shown))
        shown = None if shown.__suppress_context__ else shown.__context__
    assert "canary" not in "".join(seen)


async def test_a_statement_that_takes_too_long(database):
    async with asyncio.timeout(5):
        with pytest.raises(Unavailable, match="57014"):  # noqa: PT012 - the commit at the end of the block counts
            async with database.writing() as session:
                await session.execute(text("SET LOCAL statement_timeout = '50ms'"))
                await session.execute(text("SELECT pg_sleep(30)"))


async def test_a_connection_ended_midway(database):
    with pytest.raises(Unavailable):  # noqa: PT012 - the commit at the end of the block counts
        async with database.writing() as session:
            await session.execute(insert(IssuerRow).values(row("630001")))
            pid = await session.scalar(select(func.pg_backend_pid()))
            async with database.pool.acquire() as connection:
                await connection.execute("SELECT pg_terminate_backend($1, 5000)", pid)
            await session.execute(select(func.count()).select_from(IssuerRow))
    async with database.reading() as session:  # a new one is made, and nothing was kept
        assert await session.scalar(select(func.count()).select_from(IssuerRow)) == 0


async def test_work_given_up_gives_its_connection_back(database):
    async def give_up(after: float) -> None:
        async def work() -> None:
            while True:
                async with database.writing() as session:
                    await session.execute(select(func.pg_sleep(0.003)))

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(work(), after)

    await asyncio.gather(*(give_up(0.004 * n) for n in range(1, 25)))
    pool = database.engine.pool
    assert pool.checkedout() == 0
    assert pool.size() == POOL_SIZE
    async with database.pool.acquire() as connection:
        open_ones = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state = 'idle in transaction'"
        )
    assert open_ones == 0


async def test_a_transaction_given_up_is_not_lent_again(database):
    connection = await database.pool.acquire()
    await connection.execute("BEGIN")
    await connection.execute("INSERT INTO issuer VALUES ('630001', '局', 'Bureau', NULL, '{}')")
    await database.pool.release(connection)
    held = [await database.pool.acquire() for _ in range(POOL_SIZE)]
    try:
        for each in held:
            assert not each.is_in_transaction()
            assert await each.fetchval("SELECT count(*) FROM issuer") == 0
    finally:
        for each in held:
            await database.pool.release(each)


async def test_more_than_enough_writers(database):
    """Five times as many as connections: all are served, none is lost."""

    async def write(number: int) -> None:
        async with database.writing() as session:
            await session.execute(insert(IssuerRow).values(row(f"63{number:04}")))

    await asyncio.gather(*(write(n) for n in range(5 * POOL_SIZE)))
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(IssuerRow)) == 5 * POOL_SIZE


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+asyncpg://u@h:5432/d",
        "postgresql://u@h:5432/d",
        "postgres://u@h:5432/d",
        "postgresql+asyncpg://u@/d?host=%2Frun%2Fpg",
    ],
)
def test_addresses(url):
    address = read_address(url)
    assert address.drivername == "postgresql+asyncpg"
    assert (address.username, address.database) == ("u", "d")


def test_libpq_names_its_encryption_otherwise():
    address = read_address("postgres://u@h/d?sslmode=require")
    assert dict(address.query) == {"ssl": "require"}


@pytest.mark.parametrize(
    "url",
    ["", "x", "sqlite:///canary.db", "mysql://u:canary@h/d", "postgresql+psycopg://canary@h/d"],
)
def test_no_address(url):
    with pytest.raises(Refused) as caught:
        read_address(url)
    assert caught.value.field == "DATABASE_URL"
    assert "canary" not in str(caught.value)
