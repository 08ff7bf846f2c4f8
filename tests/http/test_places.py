"""A slow issuer keeps nobody else out: whoever waits for it holds no place (threats FED, design §8)."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.services.places import NoPlace, Places
from sandbox.serve import Servers
from tests.http.test_outages import post
from tests.service import new_database, serving


async def test_as_many_as_there_are_and_the_next_is_refused():
    places = Places(2)
    async with places.one(), places.one():
        with pytest.raises(NoPlace):
            async with places.one():
                pass
    async with places.one(), places.one():
        pass


async def test_whoever_waits_gives_up_the_place_and_takes_one_again():
    places, answered = Places(1), asyncio.Event()

    async def waits() -> str:
        async with places.one():
            async with places.aside():
                await answered.wait()
            with pytest.raises(NoPlace):
                async with places.one():
                    pass
            return "went on alone"

    waiting = asyncio.create_task(waits())
    await asyncio.sleep(0)
    async with places.one():  # the one that was given up
        answered.set()
        await asyncio.sleep(0.01)
        assert not waiting.done()
    assert await waiting == "went on alone"


@pytest.mark.parametrize("answered_first", [True, False], ids=["coming back", "waiting"])
async def test_one_that_is_cancelled_leaves_as_many_places_as_there_were(answered_first: bool):
    places, answered = Places(1), asyncio.Event()

    async def waits() -> None:
        async with places.one(), places.aside():
            await answered.wait()

    waiting = asyncio.create_task(waits())
    await asyncio.sleep(0)
    async with places.one():
        if answered_first:
            answered.set()
            await asyncio.sleep(0.01)  # it waits for the place that we hold
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    for _ in range(3):
        async with places.one():
            with pytest.raises(NoPlace):
                async with places.one():
                    pass


@pytest.mark.parametrize("cancelled", [False, True])
async def test_several_questions_of_one_verification_give_up_one_place(cancelled: bool):
    """Of a document with several seals each owner is asked, all at once."""
    places, answered = Places(1), asyncio.Event()

    async def asks() -> None:
        async with places.aside():
            await answered.wait()

    async def verifies() -> None:
        async with places.one():
            await asyncio.gather(asks(), asks(), asks())
            with pytest.raises(NoPlace):
                async with places.one():
                    pass

    waiting = asyncio.create_task(verifies())
    await asyncio.sleep(0.01)
    async with places.one():
        with pytest.raises(NoPlace):
            async with places.one():
                pass
    if cancelled:
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    else:
        answered.set()
        await waiting
    async with places.one():
        with pytest.raises(NoPlace):
            async with places.one():
                pass


def test_a_slow_issuer_keeps_nobody_of_another_out(
    database_url: str, sandbox_issuers: Servers, tmp_path: Path
) -> None:
    world = sandbox_issuers.world
    slow, quick = world.token(world.pick("university")), world.token(world.pick("market"))
    with serving(
        new_database(database_url, "places"), tmp_path, sandbox_issuers, max_concurrent=1
    ) as node:
        node.register()
        assert (node.told(slow), node.told(quick)) == ("valid", "valid")
        sandbox_issuers.set_behaviour("university", "hang", times=3)
        with ThreadPoolExecutor(3) as threads:
            waiting = []
            for _ in range(3):
                waiting.append(threads.submit(post, node, slow))
                time.sleep(0.3)  # until it waits for the issuer
            assert node.told(quick) == "valid"
            assert not any(one.done() for one in waiting), "the issuer was not slow"
            told = {one.result().json()["report"]["conclusion"] for one in waiting}
        assert told == {"indeterminate"}
