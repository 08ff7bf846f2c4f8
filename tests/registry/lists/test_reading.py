"""Lists and revocation lists are read beside the event loop, once, and few are kept."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from app.registry import authorities
from app.registry.authorities import read_authorities
from app.registry.lists import shelf as shelves
from sandbox.list_server import ListServer, serve_lists
from sandbox.trust import authorities as sandbox_authorities
from tests.registry.conftest import DAY, NOW
from tests.registry.gate import Gate
from tests.registry.lists.nodes import Node
from tests.registry.test_trust import question

MANY = 8


@pytest.fixture
async def server(publisher) -> AsyncIterator[ListServer]:
    async with serve_lists() as running:
        running.files = publisher.files()
        yield running


@pytest.fixture
async def node(database, publisher, server) -> Node:
    made = Node(database, None)
    await made.follow(publisher, server)
    assert (await made.pull(publisher)).accepted == (2,)
    return made


def gate(*held: str) -> Gate:
    made = Gate(*held)
    asyncio.get_running_loop().set_default_executor(made)
    return made


async def together(node, asked, door, name):
    """Many ask at once, and the loop goes on while the reading stands at the door."""
    asking = asyncio.gather(*(node.registry.trust_for(asked) for _ in range(MANY)))
    await door.reached(name, asking)
    assert await node.database.check() is not None
    assert not asking.done()
    door.open()
    return await asking


async def test_a_held_list_is_read_once_and_beside_the_loop(node, world):
    door = gate("read_index")
    asked = question(world.pick("traffic"))
    found = await together(node, asked, door, "read_index")
    assert all(trust.issuer is not None for trust in found)
    assert door.seen.count("read_index") == 1


async def test_the_list_of_a_past_day_is_read_once_and_beside_the_loop(
    node, world, publisher, server
):
    publisher.publish(at=NOW)
    server.files = publisher.files()
    assert (await node.pull(publisher)).accepted == (3,)
    asked = question(world.pick("traffic"))
    await node.registry.trust_for(asked)
    door = gate("read_index")
    found = await together(node, replace(asked, at=NOW - timedelta(hours=1)), door, "read_index")
    assert all(trust.issuer is not None for trust in found)
    assert door.seen.count("read_index") == 1


async def test_revocation_lists_are_read_once_and_beside_the_loop(node, world):
    async with node.database.writing() as session:
        entry = read_authorities(sandbox_authorities(world))
        await authorities.put_authorities(session, entry)
    asked = replace(question(world.pick("traffic")), sealed=True)
    await node.registry.trust_for(replace(asked, sealed=False))
    door = gate("read_authority_rows")
    found = await together(node, asked, door, "read_authority_rows")
    assert all(trust.authorities.lists for trust in found)
    assert door.seen.count("read_authority_rows") == 1


async def test_what_is_held_is_read_beside_the_loop_before_a_pull(node, publisher, server):
    publisher.publish(at=NOW)
    server.files = publisher.files()
    door = gate("held_in")
    pulling = asyncio.ensure_future(node.pull(publisher))
    await door.reached("held_in", pulling)
    assert await node.database.check() is not None
    assert not pulling.done()
    door.open()
    assert (await pulling).accepted == (3,)


async def test_whoever_gives_up_does_not_begin_the_reading_anew(node, world):
    door = gate("read_index")
    asked = question(world.pick("traffic"))
    impatient = asyncio.ensure_future(node.registry.trust_for(asked))
    await door.reached("read_index", impatient)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    patient = asyncio.ensure_future(node.registry.trust_for(asked))
    for _ in range(5):
        await node.database.check()
    door.open()
    assert (await patient).issuer is not None
    assert door.seen.count("read_index") == 1


async def test_of_past_days_few_lists_are_kept(node, world, publisher, server):
    """By number and by octets; the last one always is, however long."""
    days = [NOW - timedelta(hours=hours) for hours in range(12, 0, -2)]
    for day in days:
        publisher.publish(at=day)
    server.files = publisher.files()
    assert (await node.pull(publisher)).refusal is None
    asked = question(world.pick("traffic"))
    await node.registry.trust_for(asked)
    kept = node.registry.lists
    length = len(publisher.latest.raw)
    for past, octets, expected in ((3, 10 * length, 3), (9, 2 * length, 2), (9, 1, 1)):
        kept.past = shelves.Past(number=past, octets=octets)
        for day in days[:-1]:
            trust = await node.registry.trust_for(replace(asked, at=day + timedelta(minutes=1)))
            assert trust.issuer is not None
        assert len(kept.past) == expected
    door = gate()
    again = replace(asked, at=days[-2] + timedelta(minutes=1))
    assert (await node.registry.trust_for(again)).issuer is not None
    assert (await node.registry.trust_for(replace(again, at=NOW + DAY))).issuer is not None
    assert "read_index" not in door.seen  # the one of the last day, and the held one
