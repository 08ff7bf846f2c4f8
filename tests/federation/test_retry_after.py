"""An endpoint that asks to be left in peace (`Retry-After`) is, for a while, and by all callers."""

import asyncio
from datetime import timedelta

import pytest

from app.domain.issuer import Answered, Inquiry, Silence, Unreachable
from app.federation.breaker import State
from app.federation.gateway import HttpIssuers
from app.federation.lines import PAUSE, REFUSALS
from app.federation.resilience import Via
from sandbox.serve import Servers
from sandbox.world import World
from tests.federation.asking import endpoint_of, inquiry_of
from tests.federation.hostile import endpoint, inquiry
from tests.federation.virtual import Notes, Scripted, always, resilient, run

ISSUER = "university"


def question(world: World, servers: Servers, issuer: str = ISSUER) -> Inquiry:
    return inquiry_of(world, world.pick(issuer), endpoint_of(servers[issuer]))


async def refused(issuers: HttpIssuers, inquiry: Inquiry, times: int) -> None:
    for _ in range(times):
        answer = await issuers.ask(inquiry)
        assert isinstance(answer, Unreachable)
        assert (answer.why, answer.detail) == (Silence.STATUS, "503")


@pytest.mark.anyio
async def test_what_it_asks_for_is_kept_and_no_other_endpoint_feels_it(
    world: World, servers: Servers, issuers: HttpIssuers
) -> None:
    inquiry = question(world, servers)
    servers.set_behaviour(ISSUER, "retry_later", seconds=30)
    await refused(issuers, inquiry, REFUSALS)
    for _ in range(3):
        answer = await issuers.ask(inquiry)
        assert answer == Unreachable(Silence.RESTING, "it asked for a pause", sent=False)
    assert servers[ISSUER].seen.behaviours["retry_later"] == REFUSALS
    assert isinstance(await issuers.ask(question(world, servers, "market")), Answered)


@pytest.mark.anyio
async def test_no_endpoint_is_left_for_longer_than_a_breaker_would(
    world: World, servers: Servers, issuers: HttpIssuers, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert timedelta(seconds=PAUSE) == timedelta(seconds=30)
    monkeypatch.setattr("app.federation.lines.PAUSE", 0.05)
    inquiry = question(world, servers)
    servers.set_behaviour(ISSUER, "retry_later", seconds=999_999_999)
    await refused(issuers, inquiry, REFUSALS)
    servers[ISSUER].script.clear()
    await asyncio.sleep(0.1)
    assert isinstance(await issuers.ask(inquiry), Answered)


@pytest.mark.anyio
async def test_one_odd_question_shuts_out_nobody(
    world: World, servers: Servers, issuers: HttpIssuers
) -> None:
    """Refusals that are not in a row are about what was asked, not about the endpoint."""
    inquiry = question(world, servers)
    for _ in range(2):
        servers.set_behaviour(ISSUER, "retry_later")
        await refused(issuers, inquiry, REFUSALS - 1)
        servers[ISSUER].script.clear()
        assert isinstance(await issuers.ask(inquiry), Answered)


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["status", "not_found", "hang"])
async def test_who_asks_for_nothing_is_asked_again(
    name: str, world: World, servers: Servers, issuers: HttpIssuers
) -> None:
    inquiry = question(world, servers)
    short = inquiry_of(
        world,
        world.pick(ISSUER),
        endpoint_of(servers[ISSUER], deadline=timedelta(seconds=0.1)),
    )
    servers.set_behaviour(ISSUER, name)
    for _ in range(REFUSALS):
        assert isinstance(await issuers.ask(short), Unreachable)
    servers[ISSUER].script.clear()
    assert isinstance(await issuers.ask(inquiry), Answered)


def test_what_was_not_sent_says_nothing_of_the_endpoint() -> None:
    """Neither up nor down: it is counted as rested, and opens and closes no breaker."""
    notes = Notes()

    async def work() -> None:
        resting = Unreachable(Silence.RESTING, "it asked for a pause", sent=False)
        issuers = resilient(Scripted(always(resting)), watch=notes)
        for _ in range(30):
            await issuers.ask(inquiry(endpoint(9)))
        assert set(issuers.states().values()) == {State.CLOSED}

    run(work)
    assert {call.via for call in notes.calls} == {Via.REFUSED}
    assert {call.retried for call in notes.calls} == {False}
