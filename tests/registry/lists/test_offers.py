"""Issuers that give their documents (调阅), as lists tell it: known to whoever follows, and no
longer once the list says so no more, or has run out.
"""

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app.crypto.provider import FolderKeys
from app.domain.audit import AuditEvent
from app.domain.errors import Refused
from app.domain.identifier import Identifier, IssuerCode
from app.domain.retrieval import Deliver, Offer, Wanted
from app.domain.verification import Asker
from app.federation.lines import Lines
from app.federation.retrieving import HttpRetrievals
from app.registry import catalogue, retrievals
from app.registry.retrievals import PostgresOffers
from app.services.retrieving import Given, NotOffered, Outcome, Retrievals
from sandbox.giving import GIVING
from sandbox.list_server import ListServer, serve_lists
from sandbox.registration import registration
from sandbox.serve import Servers, serve
from sandbox.trustlist import Change, Publisher
from tests.registry.conftest import DAY, LOOPBACK, NOW
from tests.registry.lists.nodes import Node

URL, ORIGIN = "https://issuer.example/r", "https://files.issuer.example"


def offered(code: str, url: str = URL, origin: str = ORIGIN) -> Change:
    def change(payload):
        body = next(each for each in payload["issuers"] if each["code"] == code)
        body["retrieval"] = {"url": url, "origins": [origin]}

    return change


def no_longer(code: str) -> Change:
    def change(payload):
        body = next(each for each in payload["issuers"] if each["code"] == code)
        body["retrieval"] = None

    return change


@pytest.fixture
def code(world) -> IssuerCode:
    return IssuerCode(world.body("university").code)


@pytest.fixture
async def server() -> AsyncIterator[ListServer]:
    async with serve_lists() as running:
        yield running


@pytest.fixture
async def node(database, publisher, server) -> Node:
    node = Node(database, None)
    server.files = publisher.files()
    await node.follow(publisher, server)
    await node.pull(publisher)
    return node


async def next_list(node, publisher, server, *changes, **terms) -> None:
    publisher.publish(*changes, **terms)
    server.files = publisher.files()
    assert (await node.pull(publisher)).refusal is None


def told(node: Node) -> PostgresOffers:
    return PostgresOffers(node.database, node.clock, node.registry.lists)


async def register(node: Node, document) -> catalogue.Changes:
    async with node.database.writing() as session:
        return await catalogue.import_registration(session, document, networks=LOOPBACK)


async def test_a_followed_list_tells_it_and_the_next_one_takes_it_back(
    node, publisher, server, code
):
    offers = told(node)
    assert await offers.of(code) is None
    await next_list(node, publisher, server, offered(code))
    assert await offers.of(code) == Offer(code, URL, (ORIGIN,), LOOPBACK)
    assert await offers.every() == [("yunhai.example", Offer(code, URL, (ORIGIN,), LOOPBACK))]
    assert await offers.of(IssuerCode("639998")) is None
    await next_list(node, publisher, server, no_longer(code))
    assert await offers.of(code) is None
    assert await offers.every() == []


async def test_a_list_that_has_run_out_sends_nobody_anywhere(node, publisher, server, code):
    await next_list(node, publisher, server, offered(code))
    assert await told(node).of(code) is not None
    node.clock.now = NOW + timedelta(days=31)
    assert await told(node).of(code) is None
    assert await told(node).every() == []


async def test_the_list_comes_before_the_tables_and_the_tables_are_there_without_it(
    node, publisher, server, code, world
):
    document = registration(world, {code: "https://issuer.example/ivp"})
    body = next(each for each in document["issuers"] if each["code"] == code)
    body["retrieval"] = {"url": "https://local.example/r", "origins": [ORIGIN]}
    assert (await register(node, document)).added
    assert (await register(node, document)).added == 0
    local = Offer(code, "https://local.example/r", (ORIGIN,), LOOPBACK)
    assert await told(node).of(code) == local
    assert await told(node).every() == [("local", local)]
    await next_list(node, publisher, server, offered(code))
    assert (await told(node).of(code)).url == URL
    assert [name for name, _ in await told(node).every()] == ["yunhai.example"]
    node.clock.now = NOW + timedelta(days=31)
    assert await told(node).of(code) == local


async def test_of_a_document_that_is_refused_no_offer_stays(node, code, world):
    document = registration(world, {code: "https://issuer.example/ivp"})
    body = next(each for each in document["issuers"] if each["code"] == code)
    body["retrieval"] = {"url": URL, "origins": [ORIGIN + "/any"]}
    with pytest.raises(Refused, match=r"retrieval.origins\[0\]"):
        await register(node, document)
    assert await told(node).of(code) is None
    body["retrieval"]["origins"] = [ORIGIN]
    assert (await register(node, document)).added
    assert (await told(node).of(code)).origins == (ORIGIN,)


async def test_what_an_operator_wrote_is_dropped_by_the_operator(node, code, world):
    await register(node, registration(world, {}))
    offer = retrievals.offer_of(code, URL, [ORIGIN])
    async with node.database.writing() as session:
        await retrievals.put_offer(session, offer)
    assert await told(node).of(code) == offer
    async with node.database.writing() as session:
        assert await retrievals.drop_offer(session, code)
    assert await told(node).of(code) is None


# ---- all the way


@pytest.fixture
async def issuers(world) -> AsyncIterator[Servers]:
    async with serve(world, anyone=True, clock=lambda: NOW) as running:
        yield running


async def retrieve(node: Node, world, tmp_path) -> Outcome:
    async def append(row: AuditEvent) -> None:
        del row

    keys = FolderKeys(tmp_path / "keys")
    givers = HttpRetrievals(
        lines=Lines(), node="zhengyan-test", signer=keys.signer, clock=node.clock
    )
    getting = Retrievals(
        offers=told(node),
        registry=node.registry,
        givers=givers,
        append=append,
        keys=keys,
        clock=node.clock,
        version="1",
    )
    identifier = Identifier.read(world.pick("university").id)
    wanted = Wanted(
        identifier=identifier,
        purpose="loan-review",
        matter=None,
        behalf="11630000MB0000019J",
        deliver=Deliver.FILE,
    )
    try:
        return await getting.retrieve(wanted, Asker(caller="c", tenant="t"))
    finally:
        await givers.aclose()


async def test_a_node_that_only_follows_the_list_gets_the_document(
    database, server, issuers, code, tmp_path
):
    """Nothing is registered in its tables: whom to ask, by which keys, where links may lead."""
    world = issuers.world
    publisher = Publisher(world, NOW, endpoints=issuers.endpoints)
    publisher.publish(at=NOW - DAY)
    node = Node(database, None)
    server.files = publisher.files()
    await node.follow(publisher, server)
    await node.pull(publisher)
    giver = issuers["university"]
    content = giver.giving.document(world.pick("university"))
    assert await retrieve(node, world, tmp_path) == NotOffered()
    await next_list(
        node, publisher, server, offered(code, giver.url + GIVING[0], giver.url), lifetime=30 * DAY
    )
    given = await retrieve(node, world, tmp_path)
    assert isinstance(given, Given)
    assert given.issuer == code
    assert hashlib.sha256(given.content).digest() == hashlib.sha256(content).digest()
    fetched = giver.giving.fetched
    node.clock.now = NOW + 31 * DAY  # the list has run out
    assert await retrieve(node, world, tmp_path) == NotOffered()
    assert giver.giving.fetched == fetched
