"""Where official codes lead to: by the lists that may be relied on today, and by nothing else."""

from datetime import timedelta

import pytest

from app.domain.photo import OfficialUrl
from sandbox.list_server import serve_lists
from tests.registry.conftest import NOW
from tests.registry.lists.nodes import Node

HOST, OTHER = "zz.yunhai.example", "verify-xx.example"


def naming(host):
    def change(payload):
        payload["official_urls"] = [{"type": None, "host": host, "path": "/c/"}]

    return change


async def hosts(node):
    return await node.registry.official_urls(frozenset({HOST, OTHER}))


@pytest.fixture
async def node(database):
    return Node(database, None)


async def test_a_followed_list_names_them_from_the_first_question_on(node, publisher):
    assert await hosts(node) == ()
    publisher.publish(naming(HOST))
    async with serve_lists() as server:
        server.files = publisher.files()
        await node.follow(publisher, server)
        await node.pull(publisher)
        assert await hosts(node) == (OfficialUrl(None, HOST, "/c/"),)
        assert await node.registry.official_urls(frozenset({"other.example"})) == ()
        # The next list names another place: the one before counts no more.
        publisher.publish(naming(OTHER))
        server.files = publisher.files()
        await node.pull(publisher)
        assert [url.host for url in await hosts(node)] == [OTHER]


async def test_a_list_that_has_run_out_makes_nothing_official(node, publisher):
    publisher.publish(naming(HOST))
    async with serve_lists() as server:
        server.files = publisher.files()
        await node.follow(publisher, server)
        await node.pull(publisher)
    assert len(await hosts(node)) == 1
    node.clock.now = NOW + timedelta(days=3660)
    assert await hosts(node) == ()
