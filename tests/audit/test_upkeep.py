"""Heads are signed by themselves; what has run out goes, what has not stays."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from app.crypto.provider import FolderKeys
from app.domain.errors import Unavailable
from app.registry.audit import PostgresAudit
from app.registry.callers import PostgresCallers
from app.registry.limits import Limit, Limits
from app.registry.peers import PostgresPeers
from app.registry.sessions import Database
from app.services.upkeep import BUCKETS_KEPT, Upkeep

pytestmark = pytest.mark.anyio


class Clock:
    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def database(database_url):
    opened = await Database.open(database_url)
    async with opened.pool.acquire() as connection:
        await connection.execute("TRUNCATE bucket, used_assertion, used_inquiry")
    yield opened
    await opened.close()


@pytest.fixture
def upkeep(database, tmp_path):
    keys, clock = FolderKeys(tmp_path / "keys"), Clock()
    return Upkeep(
        audit=PostgresAudit(database),
        buckets=Limits(database, keys, clock),
        used=(PostgresCallers(database, keys), PostgresPeers(database)),
        signer=keys.signer,
        clock=clock,
    )


async def test_heads_are_signed_once_an_hour_whoever_looks(upkeep):
    upkeep.clock.now += timedelta(hours=2)  # others may have signed a moment ago
    before = len(await upkeep.audit.signed_heads())
    await upkeep.once()
    upkeep.clock.now -= timedelta(hours=2)
    await upkeep.once()
    await upkeep.once()
    assert len(await upkeep.audit.signed_heads()) == before + 1


async def test_what_has_run_out_goes_and_the_rest_stays(upkeep, database):
    now = upkeep.clock.now
    await upkeep.buckets.take((Limit("address", "192.0.2.1/32", 10, 1.0),))
    await upkeep.used[0].use_once("a", "passing-soon", now + timedelta(minutes=1))
    await upkeep.used[0].use_once("a", "passing-late", now + timedelta(days=30))
    await upkeep.once()
    assert await counts(database) == (1, 2)
    upkeep.clock.now += BUCKETS_KEPT + timedelta(minutes=1)
    await upkeep.once()
    assert await counts(database) == (0, 1)
    assert not await upkeep.used[0].use_once("a", "passing-late", now + timedelta(days=30))


async def test_questions_of_nodes_that_never_come_again_go_when_they_are_over(upkeep, database):
    """A relay brings questions of nodes it may have made up: none of them stays for ever."""
    now, peers = upkeep.clock.now, upkeep.used[1]
    soon, late = now + timedelta(seconds=60), now + timedelta(hours=1)
    for node in ("node-1", "node-2"):
        assert await peers.once(node, "jti", expires=soon, now=now)
    assert await peers.once("node-3", "jti", expires=late, now=now)
    await upkeep.once()
    assert await used_inquiries(database) == ["node-1", "node-2", "node-3"]
    assert not await peers.once("node-1", "jti", expires=soon, now=now)  # kept while it is needed
    upkeep.clock.now += timedelta(minutes=3)
    await upkeep.once()
    assert await used_inquiries(database) == ["node-3"]
    assert not await peers.once("node-3", "jti", expires=late, now=upkeep.clock.now)


async def used_inquiries(database: Database) -> list[str]:
    async with database.pool.acquire() as connection:
        rows = await connection.fetch("SELECT node FROM used_inquiry ORDER BY node")
        return [row["node"] for row in rows]


async def test_an_outage_is_waited_out(upkeep):
    looked, thrice = [], asyncio.Event()

    class Failing:
        async def sign_when_due(self, *_: object) -> bool:
            looked.append(1)
            if len(looked) == 1:
                raise Unavailable("database: gone")
            if len(looked) == 3:
                thrice.set()
            return False

    running = asyncio.create_task(
        Upkeep(
            audit=Failing(),
            buckets=upkeep.buckets,
            used=upkeep.used,
            signer=upkeep.signer,
            clock=upkeep.clock,
        ).forever(every=0.01)
    )
    async with asyncio.timeout(5):
        await thrice.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def counts(database: Database) -> tuple[int, int]:
    async with database.pool.acquire() as connection:
        buckets = await connection.fetchval("SELECT count(*) FROM bucket")
        return buckets, await connection.fetchval("SELECT count(*) FROM used_assertion")
