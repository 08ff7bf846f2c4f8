"""Buckets fill and empty by the clock, are shared by workers, and grow stricter alone."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from app.crypto.provider import FolderKeys
from app.domain.errors import Unavailable
from app.registry.limits import STRICTER, Limit, Limits
from app.registry.sessions import Database

pytestmark = pytest.mark.anyio
START = datetime(2026, 11, 24, 12, tzinfo=UTC)
TEN = Limit("address", "192.0.2.1/32", 10, 1.0)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def after(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
async def database(database_url):
    opened = await Database.open(database_url)
    async with opened.pool.acquire() as connection:
        await connection.execute("TRUNCATE bucket")
    yield opened
    await opened.close()


@pytest.fixture
def limits(database, tmp_path, monkeypatch):
    monkeypatch.setattr("app.registry.limits.PATIENCE", 10.0)  # a busy machine is no outage
    return Limits(database, FolderKeys(tmp_path / "keys"), Clock())


async def drawn(limits: Limits, times: int, *buckets: Limit) -> list[str | None]:
    return [await limits.take(buckets or (TEN,)) for _ in range(times)]


async def test_a_bucket_gives_what_it_holds_and_then_nothing(limits):
    assert await drawn(limits, 12) == [None] * 10 + ["address"] * 2


async def test_it_fills_by_the_clock_and_never_over(limits):
    await drawn(limits, 10)
    limits.clock.after(3.0)
    assert await drawn(limits, 4) == [None] * 3 + ["address"]
    limits.clock.after(10_000)
    assert await drawn(limits, 11) == [None] * 10 + ["address"]


async def test_who_goes_on_asking_waits_no_longer_than_one(limits):
    await drawn(limits, 60)
    limits.clock.after(2.5)
    assert await limits.take((TEN,)) is None


async def test_a_clock_that_steps_back_gives_nothing(limits):
    await drawn(limits, 10)
    limits.clock.after(-3600)
    assert await limits.take((TEN,)) == "address"


async def test_two_buckets_are_two(limits):
    other = Limit("address", "192.0.2.2/32", 10, 1.0)
    named = Limit("caller", TEN.key, 10, 1.0)
    await drawn(limits, 10)
    assert await limits.take((other,)) is None
    assert await limits.take((named,)) is None
    assert await limits.take((TEN, other)) == "address"
    assert await limits.take(()) is None


async def test_workers_share_a_bucket(limits, database, tmp_path):
    workers = [limits, Limits(database, FolderKeys(tmp_path / "keys"), limits.clock)]
    told = await asyncio.gather(*(workers[i % 2].take((TEN,)) for i in range(40)))
    assert told.count(None) == 10


async def test_at_once_it_gives_what_one_after_another_would(limits):
    """Drawn in one statement: whoever came first has the first of it, whatever others cost."""
    dear = Limit("address", TEN.key, 10, 1.0, cost=4)
    told = await asyncio.gather(*(limits.take((each,)) for each in (TEN, dear, dear, dear, TEN)))
    assert told == [None, None, None, "address", "address"]
    limits.clock.after(2.5)
    assert await limits.take((TEN,)) is None, "and nobody waits for longer than one"


async def test_at_once_one_empty_bucket_is_nobody_elses(limits):
    other = Limit("address", "192.0.2.2/32", 10, 1.0)
    await drawn(limits, 10)
    told = await asyncio.gather(*(limits.take((each,)) for each in (TEN, other, TEN, other)))
    assert told == ["address", None, "address", None]


TWO = Limit("document", "N-1", 2, 1.0)


async def test_what_comes_second_is_drawn_only_by_who_has_something_left(limits):
    assert [await limits.take((TEN,), (TWO,)) for _ in range(3)] == [None, None, "document"]
    assert await drawn(limits, 8) == [None] * 7 + ["address"]
    limits.clock.after(20)  # the document is full again
    assert await limits.take((TEN,), ()) is None
    await drawn(limits, 20)
    assert [await limits.take((TEN,), (TWO,)) for _ in range(5)] == ["address"] * 5
    other = Limit("address", "192.0.2.2/32", 10, 1.0)
    told = [await limits.take((other,), (TWO,)) for _ in range(3)]
    assert told == [None, None, "document"], "who has nothing left took nothing of others"


async def test_at_once_as_one_after_another_also_in_what_comes_second(limits):
    """Some of an address come in time and some do not; those of another are not touched by it."""
    other, three = Limit("address", "192.0.2.2/32", 10, 1.0), Limit("document", "N-2", 3, 1.0)
    await drawn(limits, 8)
    asked = [(TEN, three), (other, TWO), (TEN, three), (TEN, three), (other, three), (other, TWO)]
    told = await asyncio.gather(*(limits.take((each,), (then,)) for each, then in asked))
    assert told == [None, None, None, "address", None, None]
    assert await limits.take((other,), (three,)) == "document"
    assert await limits.take((other,), (TWO,)) == "document"


async def test_two_workers_draw_both_at_once(limits, database, tmp_path):
    workers = [limits, Limits(database, FolderKeys(tmp_path / "keys"), limits.clock)]
    addresses = [Limit("address", f"192.0.2.{n}/32", 100, 1.0) for n in range(6)]
    ten = [Limit("document", f"N-{n}", 10, 0.0) for n in range(3)]
    told = await asyncio.gather(
        *(workers[i % 2].take((addresses[i % 6],), (ten[i % 3],)) for i in range(60))
    )
    assert told.count(None) == 30
    assert told.count("document") == 30


async def test_who_was_found_empty_is_taken_to_be_for_a_moment(limits):
    assert limits.seem_full((TEN,))
    await drawn(limits, 11)
    assert not limits.seem_full((TEN,))
    assert limits.seem_full((TWO,))
    limits.clock.after(3)
    assert limits.seem_full((TEN,))


async def test_a_draw_does_not_wait_for_the_disk_and_leaves_no_setting(limits, database):
    await limits.take((TEN,))
    for _ in range(2):
        async with database.pool.acquire() as connection:
            assert await connection.fetchval("SHOW synchronous_commit") == "on"


async def test_without_the_database_a_worker_allows_a_fraction(limits):
    class Gone:
        async def run(self, *_: object, **__: object) -> None:
            raise Unavailable("database: gone")

    alone = Limits(Gone(), limits.keys, limits.clock)  # type: ignore[arg-type]
    told = [await alone.take((TEN,)) for _ in range(10)]
    assert told.count(None) == int(TEN.capacity / STRICTER)
    limits.clock.after(2 * STRICTER)
    assert await alone.take((TEN,)) is None
    assert await alone.take((TEN,), (TWO,)) == "address"
    limits.clock.after(100)
    told = [await alone.take((TEN,), (TWO,)) for _ in range(3)]
    assert told == [None, "document", "address"]


async def test_nobody_stands_in_the_table(limits, database):
    await limits.take((TEN,))
    async with database.pool.acquire() as connection:
        rows = await connection.fetch("SELECT encode(key, 'escape') AS key FROM bucket")
    assert len(rows) == 1
    assert "192.0.2.1" not in rows[0]["key"]


async def test_full_buckets_are_swept(limits, database):
    await limits.take((TEN,))
    await limits.sweep(START)
    async with database.pool.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM bucket") == 1
        await limits.sweep(START + timedelta(days=1))
        assert await connection.fetchval("SELECT count(*) FROM bucket") == 0
