"""Two nodes, two databases, one publisher's server: followed, and attacked.

Every attack is run against a follower that holds list 2. It must hold list 2 afterwards, say why in
its refusals, and take the publisher's next list as if nothing had been.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from app import composition
from app.config import Settings
from app.domain.errors import Refused, Unavailable
from app.domain.trustlist import Refusal
from app.federation.lists import Fetched, HttpLists, NotFetched
from app.registry.lists import store
from app.registry.lists.published import PublishedLists
from app.registry.lists.signed import MAX_LIST
from app.registry.sessions import Database
from app.services.following import MAX_STEPS, Follower, Pulled
from sandbox import trustlist
from sandbox.list_server import ListServer, serve_lists
from sandbox.trustlist import ATTACKS, generation
from tests.registry.conftest import DAY, LOOPBACK, NOW

DEADLINE = timedelta(seconds=2)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
async def server(publisher) -> AsyncIterator[ListServer]:
    async with serve_lists() as running:
        running.files = publisher.files()
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


def follower_of(database, clock, **options) -> Follower:
    lists = HttpLists(**{"most": MAX_LIST, "deadline": DEADLINE, **options})
    return Follower(database=database, lists=lists, clock=clock, log=unlogged)


async def unlogged(session: object, what: str) -> None:
    """Tests here are about lists; one below is about their rows."""
    del session, what


@pytest.fixture
async def follower(database, server, publisher, clock) -> Follower:
    await follow(database, publisher, server)
    return follower_of(database, clock)


async def follow(database, publisher, server, **options):
    pinned = store.read_pinned(publisher.pinned())
    async with database.writing() as session:
        return await store.follow(session, pinned, url=server.url, networks=LOOPBACK, **options)


async def state(database: Database, publisher="yunhai.example"):
    """What must not change."""
    async with database.reading() as session:
        source = await store.source_of(session, publisher)
        kept = await store.history(session, publisher)
    return source.held, source.address, [(k.number, k.address) for k in kept]


async def refused(database, publisher="yunhai.example"):
    async with database.reading() as session:
        return [(r.refusal.value, r.times) for r in await store.refusals(session, publisher)]


async def test_the_latest_list_is_fetched_and_kept(follower, database, publisher, server):
    done = await follower.pull(publisher.name)
    assert (done.accepted, done.refusal) == ((2,), None)
    assert await state(database) == (2, publisher.latest.address, [(2, publisher.latest.address)])
    async with database.reading() as session:
        assert await store.raw_of(session, publisher.name, 2) == publisher.latest.raw
    again = await follower.pull(publisher.name)
    assert (again.accepted, again.refusal, again.held) == ((), None, done.held)
    assert await refused(database) == []
    assert server.seen == ["latest.json", "latest.json"]


async def rows(database: Database) -> list[tuple[str, str]]:
    """Who accepted which list, as the audit log has it, in its order."""
    async with database.pool.acquire() as connection:
        found = await connection.fetch("SELECT body FROM audit WHERE operation = 'administer'")
    told = [row for row in (json.loads(each["body"]) for each in found) if _of_list(row)]
    ordered = sorted(told, key=lambda row: str(row["at"]))
    return [(row["caller"], row["object"].partition(":")[0]) for row in ordered]


def _of_list(row: dict[str, Any]) -> bool:
    return str(row["object"]).startswith("trust list ")


async def test_a_list_that_is_accepted_has_its_row_and_none_without(
    database, server, publisher, clock, tmp_path
):
    """Both are kept, or neither; a list that is refused, or held already, leaves none."""
    await follow(database, publisher, server)
    options: dict[str, Any] = {"DATABASE_URL": "", "key_folder": tmp_path / "keys"}
    whole = composition.follower(Settings(**options), database, caller="command-line")
    follower = replace(whole, clock=clock, lists=follower_of(database, clock).lists)
    before = await rows(database)
    async with database.pool.acquire() as connection:
        await connection.execute(
            "ALTER TABLE audit ADD CONSTRAINT full_disk CHECK (false) NOT VALID"
        )
        with pytest.raises(Unavailable):
            await follower.pull(publisher.name)
        await connection.execute("ALTER TABLE audit DROP CONSTRAINT full_disk")
    assert (await state(database))[0] == 0
    await follower.pull(publisher.name)
    await follower.pull(publisher.name)  # nothing new
    old = publisher.lists[0].raw
    assert (await follower.hand_in(publisher.name, old)).refusal is Refusal.OLDER
    publisher.publish(at=NOW - timedelta(hours=20))
    server.files = publisher.files()
    await follower.pull(publisher.name)
    assert (await rows(database))[len(before) :] == [
        ("command-line", f"trust list {publisher.name}#2 accepted"),
        ("command-line", f"trust list {publisher.name}#3 accepted"),
    ]


async def test_a_gap_is_walked_one_by_one(follower, database, publisher, server):
    await follower.pull(publisher.name)
    for day in range(3):
        publisher.publish(at=NOW - timedelta(hours=20 - day))
    server.files = publisher.files()
    done = await follower.pull(publisher.name)
    assert done.accepted == (3, 4, 5)
    assert server.seen[1:] == ["latest.json", "3.json", "4.json"]
    assert (await state(database))[0] == 5


async def test_keys_that_were_rotated_twice_are_reached(
    follower, database, publisher, server, clock
):
    """The follower slept over two generations of keys and the expiry of what lies between."""
    await follower.pull(publisher.name)
    publisher.publish(new_keys=generation(1, "second"), at=NOW, lifetime=5 * DAY)
    publisher.publish(new_keys=generation(1, "third"), at=NOW + DAY, lifetime=5 * DAY)
    publisher.publish(at=NOW + 40 * DAY)
    server.files = publisher.files()
    clock.now = NOW + 41 * DAY
    done = await follower.pull(publisher.name)
    assert (done.accepted, done.refusal) == ((3, 4, 5), None)
    assert done.held.fresh(clock.now)


async def test_first_keys_reach_todays_list_by_the_whole_history(
    database, publisher, server, clock
):
    first = store.read_pinned(publisher.pinned())
    publisher.publish(new_keys=generation(1, "second"), at=NOW)
    publisher.publish(at=NOW)
    server.files = publisher.files()
    async with database.writing() as session:
        await store.follow(session, first, url=server.url, networks=LOOPBACK)
    done = await follower_of(database, clock).pull(publisher.name)
    assert (done.accepted, done.refusal) == ((1, 2, 3, 4), None)


@pytest.mark.parametrize("name", ATTACKS)
async def test_an_attack_changes_nothing(follower, database, publisher, server, name):
    await follower.pull(publisher.name)
    before = await state(database)
    attack = ATTACKS[name]
    server.files = attack.files(publisher)
    done = await follower.pull(publisher.name)
    # a fast forward is a gap, whose lists nobody has
    expected = "unreachable" if attack.refusal == "gap" else attack.refusal
    assert done.refusal == expected
    assert done.accepted == ()
    assert await state(database) == before
    assert await refused(database) == [(expected, 1)]
    publisher.publish()
    server.files = publisher.files()
    twin = await follower.pull(publisher.name)
    assert (twin.accepted, twin.refusal) == ((3,), None)


CHANNEL = {
    "endless": Refusal.OVERSIZED,
    "claims_length": Refusal.OVERSIZED,
    "drip": Refusal.UNREACHABLE,
    "cut": Refusal.UNREACHABLE,
    "broken": Refusal.UNREACHABLE,
    "redirect": Refusal.UNREACHABLE,
    "zipped": Refusal.UNREACHABLE,
}


@pytest.mark.parametrize("act", CHANNEL)
async def test_a_bad_channel_changes_nothing(follower, database, publisher, server, act):
    await follower.pull(publisher.name)
    before = await state(database)
    publisher.publish()
    server.files, server.act, server.bytes_sent = publisher.files(), act, 0
    done = await follower.pull(publisher.name)
    assert (done.refusal, done.accepted) == (CHANNEL[act], ())
    assert await state(database) == before
    assert server.bytes_sent < 3 * MAX_LIST  # with what the sockets' buffers hold
    server.act = "honest"
    assert (await follower.pull(publisher.name)).accepted == (3,)


async def test_one_byte_over_the_limit_is_too_long(server, publisher):
    size = len(publisher.latest.raw)
    url = f"{server.url}/latest.json"
    fetched = await HttpLists(most=size).fetch(url, LOOPBACK)
    assert getattr(fetched, "content", None) == publisher.latest.raw
    over = await HttpLists(most=size - 1).fetch(url, LOOPBACK)
    assert isinstance(over, NotFetched)
    assert over.why is Refusal.OVERSIZED


@pytest.mark.parametrize("numbered", [False, True])
async def test_a_list_that_the_asker_has_is_not_loaded(
    follower, database, publisher, server, numbered
):
    """By its address alone: of eight megabytes none leaves the database."""
    await follower.pull(publisher.name)
    lists = PublishedLists(database)
    have, other = publisher.latest.address, "0" * 64

    async def ask(*known):
        if numbered:
            return await lists.numbered(publisher.name, 2, frozenset(known))
        return await lists.latest(None, frozenset(known))

    for known, raw in (((have,), None), ((other, have), None), ((other,), publisher.latest.raw)):
        found = await ask(*known)
        assert (found.address, found.raw) == (have, raw)
    assert (await ask()).raw == publisher.latest.raw


async def test_a_freeze_is_no_refusal_and_the_list_goes_stale(
    follower, database, publisher, server, clock
):
    held = (await follower.pull(publisher.name)).held
    publisher.publish()  # the follower is never shown it
    for act in ("honest", "not_modified"):
        server.act = act
        clock.now = held.expires_at
        done = await follower.pull(publisher.name)
        assert (done.refusal, done.held.fresh(clock.now)) == (None, True)
    clock.now = held.expires_at + timedelta(seconds=1)
    done = await follower.pull(publisher.name)
    assert (done.held, done.held.fresh(clock.now)) == (held, False)


async def test_a_private_address_that_nobody_opened_is_not_asked(
    database, publisher, server, clock
):
    pinned = store.read_pinned(publisher.pinned())
    async with database.writing() as session:
        await store.follow(session, pinned, url=server.url)
    done = await follower_of(database, clock).pull(publisher.name)
    assert done.refusal is Refusal.FORBIDDEN_ADDRESS
    assert server.seen == []


async def test_refusals_are_counted_and_outlive_a_restart(
    follower, database_url, publisher, server, clock
):
    database = follower.database
    await follower.pull(publisher.name)
    before = await state(database)
    server.files = ATTACKS["half_signed"].files(publisher)
    for _ in range(3):
        await follower.pull(publisher.name)
    reopened = await Database.open(database_url)
    try:
        assert await refused(reopened) == [("unsigned_by_held", 3)]
        assert await state(reopened) == before
        publisher.publish()
        server.files = publisher.files()
        done = await follower_of(reopened, clock).pull(publisher.name)
        assert done.accepted == (3,)
    finally:
        await reopened.close()


async def test_an_accepted_list_is_neither_changed_nor_deleted(
    follower, database, database_url, publisher
):
    await follower.pull(publisher.name)
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    try:
        for sql in ("UPDATE trust_list SET number = 9", "DELETE FROM trust_list"):
            with pytest.raises(asyncpg.RaiseError, match="neither changed nor deleted"):
                await connection.execute(sql)
    finally:
        await connection.close()


async def test_workers_pull_without_racing(follower, database, publisher, server, clock):
    """Eight workers at once: one keeps each list, nothing is refused, and a claim is one worker's."""
    patient = timedelta(seconds=30)  # nobody is slow on purpose here: eight share this process
    workers = [follower_of(database, clock, deadline=patient) for _ in range(8)]
    told = await asyncio.gather(
        *(worker.pull(publisher.name) for worker in workers), return_exceptions=True
    )
    done = [each for each in told if isinstance(each, Pulled)]
    slow = [each for each in told if not isinstance(each, Pulled)]
    assert all(isinstance(each, Unavailable) for each in slow), slow  # waited too long for the row
    assert sum(len(d.accepted) for d in done) == 1
    assert {d.held.number for d in done} == {2}
    assert await refused(database) == []
    publisher.publish()
    server.files = publisher.files()
    clock.now += timedelta(hours=1)
    server.seen.clear()
    following = [asyncio.ensure_future(each.keep_pulling(every=0.02)) for each in workers]
    await eventually(database, 3)
    await asyncio.sleep(0.2)  # every worker has looked, and looked again
    for each in following:
        assert not each.done()
        each.cancel()
    await asyncio.gather(*following, return_exceptions=True)
    assert server.seen == ["latest.json"]


async def test_a_pull_goes_on_where_the_last_one_stopped(
    follower, database, publisher, server, monkeypatch
):
    monkeypatch.setattr("app.services.following.MAX_STEPS", 2)
    assert MAX_STEPS > 2
    await follower.pull(publisher.name)
    for _ in range(5):
        publisher.publish(trustlist.emptied, at=NOW)
    server.files = publisher.files()
    first = await follower.pull(publisher.name)
    assert (first.accepted, first.refusal) == ((3, 4), Refusal.TOO_FAR)
    second = await follower.pull(publisher.name)
    assert (second.accepted, second.refusal) == ((5, 6, 7), None)


async def test_a_list_may_be_handed_in(database, publisher, clock):
    pinned = store.read_pinned(publisher.pinned())
    async with database.writing() as session:
        await store.follow(session, pinned, url=None)
    follower = follower_of(database, clock)
    assert (await follower.hand_in(publisher.name, publisher.lists[0].raw)).accepted == (1,)
    assert (await follower.hand_in(publisher.name, publisher.latest.raw)).accepted == (2,)
    assert (await follower.hand_in(publisher.name, publisher.lists[0].raw)).refusal is Refusal.OLDER
    assert (await follower.hand_in(publisher.name, b"{}")).refusal is Refusal.UNREADABLE
    with pytest.raises(Refused, match="no URL"):
        await follower.pull(publisher.name)


async def test_lists_that_were_missed_are_handed_in_in_order(database, publisher, clock):
    """Over keys that were rotated and lists that have expired: a step, but the last a ground."""
    pinned = store.read_pinned(publisher.pinned())
    async with database.writing() as session:
        await store.follow(session, pinned)
    follower = follower_of(database, clock)
    assert (await follower.hand_in(publisher.name, publisher.latest.raw)).accepted == (2,)
    for keys, at in (("second", NOW), ("third", NOW + DAY)):
        publisher.publish(new_keys=generation(1, keys), at=at, lifetime=5 * DAY)
    publisher.publish(at=NOW + 40 * DAY)
    clock.now = NOW + 41 * DAY
    missed = [made.raw for made in publisher.lists[2:]]
    alone = await follower.hand_in(publisher.name, missed[0])
    assert (alone.refusal, alone.accepted) == (Refusal.EXPIRED, ())
    skipped = await follower.hand_in(publisher.name, missed[0], missed[2])
    assert (skipped.refusal, skipped.accepted) == (Refusal.UNSIGNED_BY_HELD, (3,))
    done = await follower.hand_in(publisher.name, *missed[1:])
    assert (done.refusal, done.accepted) == (None, (4, 5))
    assert done.held.fresh(clock.now)


async def test_pinned_keys_are_not_changed_under_a_held_list(follower, database, publisher, server):
    other = trustlist.Publisher(publisher.world, NOW, keys=generation(1, "thief"))
    await follow(database, other, server)  # nothing held yet: the operator may correct itself
    await follow(database, publisher, server)
    await follower.pull(publisher.name)
    with pytest.raises(Refused, match="differ from the pinned"):
        await follow(database, other, server)
    await follow(database, publisher, server)


async def test_sources_keep_the_operators_order(database, publisher, server):
    names = ["first.example", "second.example", "third.example"]
    for name in names:
        publisher.name = name
        await follow(database, publisher, server)
    async with database.writing() as session:
        await store.put_in_order(session, names[::-1])
        assert [s.publisher for s in await store.sources(session)] == names[::-1]
    async with database.writing() as session:
        for wrong in (names[:2], [*names, "x"], [names[0]] * 3):
            with pytest.raises(Refused):
                await store.put_in_order(session, wrong)
        await store.unfollow(session, "second.example")
        assert len(await store.sources(session)) == 2


async def test_what_was_taken_away_stays_taken_away(follower, database, publisher, server):
    """A key revoked and a seal frozen in list 3; list 4 forgets both, list 5 thaws the seal."""
    kid = publisher.world.pick("traffic").kid
    publisher.publish(
        trustlist.key_revoked(kid, NOW - DAY),
        trustlist.seal_ended("63990000000001", "frozen", NOW - DAY),
        trustlist.seal_ended("63990000000002", "cancelled", NOW - DAY),
    )
    publisher.publish(trustlist.emptied)
    publisher.publish(
        lambda p: p.update(seals=[]),
        trustlist.seal_ended("63990000000001", "frozen", NOW - DAY, NOW),
    )
    server.files = {"latest.json": publisher.lists[2].raw}
    seen = []
    for number in (3, 4, 5):
        server.files = {**publisher.files(), "latest.json": publisher.lists[number - 1].raw}
        await follower.pull(publisher.name)
        async with database.reading() as session:
            seen.append(await store.withdrawals_until(session, publisher.name, number))
    three, four, five = seen
    assert len(three.keys) >= 1
    assert NOW - DAY in three.keys.values()
    assert four == three
    assert five.keys == three.keys
    assert five.seals["63990000000001"][0].until == NOW
    assert five.seals["63990000000002"] == three.seals["63990000000002"]


# ---- several sources


class Served:
    """Fits `services.following.Lists`: by the host of the address, one of which never answers."""

    def __init__(self, **files):
        self.files = files
        self.asked = []

    async def fetch(self, url, networks, held=None):
        host, name = url.split("/")[2], url.rpartition("/")[2]
        self.asked.append(host)
        match self.files[host]:
            case "silent":
                await asyncio.Event().wait()
            case "broken":
                raise RuntimeError("a fault of our own")
            case files:
                return Fetched(files[name])
        raise AssertionError


async def follow_at(database, publisher, host, name=None):
    pinned = store.read_pinned(publisher.pinned() | ({"publisher": name} if name else {}))
    async with database.writing() as session:
        await store.follow(session, pinned, url=f"https://{host}/trust")


async def eventually(database, held):
    for _ in range(400):
        if (await state(database))[0] == held:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"never held #{held}")


@pytest.mark.parametrize("bad", ["silent", "broken", "unreadable"])
async def test_a_bad_source_starves_no_other(database, publisher, clock, bad):
    """One never answers, meets a fault of ours, or its held list cannot be read: first in order."""
    await follow_at(database, publisher, "bad", "bad.example")
    await follow_at(database, publisher, "good")
    if bad == "unreadable":
        async with database.writing() as session:
            await session.execute(text(STORED), {"at": NOW})
            await session.execute(
                text("UPDATE trust_source SET held = 1, address = :a WHERE publisher = :p"),
                {"a": "0" * 64, "p": "bad.example"},
            )
    served = Served(bad=bad, good=publisher.files())
    follower = Follower(database=database, lists=served, clock=clock, log=unlogged)
    pulling = asyncio.ensure_future(follower.keep_pulling(every=0.01))
    await eventually(database, 2)
    publisher.publish(at=NOW)
    served.files["good"] = publisher.files()
    clock.now += timedelta(hours=1)
    await eventually(database, 3)  # and so in every round
    assert not pulling.done()
    pulling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pulling
    assert served.asked.count("bad") <= (1 if bad == "silent" else 2)  # one at a time


STORED = """
INSERT INTO trust_list
  (publisher, number, address, raw, issued_at, expires_at, accepted_at, withdrawals)
SELECT 'bad.example', 1, repeat('0', 64), 'junk', at, at + interval '1 day', at, '{}'
  FROM (SELECT CAST(:at AS timestamptz) AS at) AS now
"""


async def test_a_pull_has_an_end(database, publisher, clock):
    await follow_at(database, publisher, "bad")
    served = Served(bad="silent")
    follower = Follower(database=database, lists=served, clock=clock, log=unlogged)
    hasty = replace(follower, deadline=timedelta(seconds=0.1))
    done = await hasty.pull(publisher.name)
    assert (done.refusal, done.detail) == (Refusal.UNREACHABLE, "no end within 0.1 s")
    assert await refused(database) == [("unreachable", 1)]
    served.files["bad"] = publisher.files()
    assert (await follower.pull(publisher.name)).accepted == (2,)


async def test_what_is_not_said_again_of_a_source_stays(database, publisher):
    """Its place and its networks: to follow anew opens and closes nothing by being silent."""
    pinned = store.read_pinned(publisher.pinned())

    async def said(**how):
        async with database.writing() as session:
            source = await store.follow(session, pinned, **how)
        return source.url, source.networks

    place = ("https://a.example", LOOPBACK)
    assert await said(url=place[0], networks=LOOPBACK) == place
    assert await said() == place
    assert await said(url="https://b.example") == ("https://b.example", LOOPBACK)
    assert await said(networks=("10.0.0.0/8",)) == ("https://b.example", ("10.0.0.0/8",))
    assert await said(networks=()) == ("https://b.example", ())
    assert await said(by_file=True) == (None, ())
