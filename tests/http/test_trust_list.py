"""A node that follows a list from its start: pulled by the service itself, served on, and told."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from app.registry.lists import store
from app.registry.lists.signed import read_list
from app.registry.sessions import Database
from sandbox.list_server import ListServer, serve_lists_in_thread
from sandbox.serve import Servers
from sandbox.trustlist import Publisher
from tests.service import LOOPBACK, Service, _until, new_database, serving

PUBLISHER = "yunhai.example"


@pytest.fixture(scope="module")
def lists() -> Iterator[ListServer]:
    with serve_lists_in_thread() as server:
        yield server


@pytest.fixture(scope="module")
def publisher(sandbox_issuers: Servers, lists: ListServer) -> Publisher:
    now = datetime.now(UTC).replace(microsecond=0)
    made = Publisher(sandbox_issuers.world, now, endpoints=sandbox_issuers.endpoints)
    made.publish(at=now - timedelta(days=2))
    made.publish(at=now - timedelta(days=1))
    lists.files = made.files()
    return made


@pytest.fixture(scope="module")
def node(
    database_url: str,
    sandbox_issuers: Servers,
    publisher: Publisher,
    lists: ListServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Service]:
    """Nothing is registered by hand."""
    url = new_database(database_url, "follower")
    pinned = store.read_pinned(publisher.pinned())
    _write(url, lambda s: store.follow(s, pinned, url=lists.url, networks=LOOPBACK))
    folder = tmp_path_factory.mktemp("follower")
    with serving(url, folder, sandbox_issuers, trust_pull=timedelta(seconds=1)) as running:
        _until(lambda: bool(running.sql("SELECT 1 FROM trust_source WHERE held = 2")))
        yield running


def _write(url, work):
    async def run():
        opened = await Database.open(url)
        try:
            async with opened.writing() as session:
                return await work(session)
        finally:
            await opened.close()

    return asyncio.run(run())


def test_the_service_follows_by_itself_and_says_which_list(node, publisher):
    license = node.world.pick("traffic")
    report = node.verify(node.world.token(license))["report"]
    assert report["conclusion"] == "valid"
    address = publisher.latest.address
    assert report["versions"]["trust"] == f"{PUBLISHER}#2@{address[:16]}+local"
    (told,) = report["trust"]
    assert (told["publisher"], told["number"], told["address"]) == (PUBLISHER, 2, address)
    assert 0 <= told["age_seconds"] < 600
    assert told["stale"] is False


@pytest.mark.parametrize(
    "path",
    ["", f"/{PUBLISHER}", f"/{PUBLISHER}/latest.json", f"/{PUBLISHER}/2", f"/{PUBLISHER}/2.json"],
)
def test_a_list_is_served_on_octet_for_octet(node, publisher, path):
    answer = node.client.get(f"/v1/trust-list{path}")
    assert (answer.status_code, answer.content) == (200, publisher.latest.raw)
    assert answer.headers["content-type"] == "application/jose+json"
    assert answer.headers["etag"] == f'"{publisher.latest.address}"'
    cache = answer.headers["cache-control"]
    assert ("immutable" in cache) == (path.endswith(("2", "2.json")))
    assert read_list(answer.content).address == publisher.latest.address


def test_what_is_known_is_not_sent_again(node, publisher):
    tag = f'"{publisher.latest.address}"'
    for known in (tag, f'"x", W/{tag}'):
        answer = node.client.get("/v1/trust-list", headers={"If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == tag
    assert node.client.get("/v1/trust-list", headers={"If-None-Match": '"x"'}).status_code == 200


@pytest.mark.parametrize(
    "path, status",
    [
        ("/nobody.example", 404),
        (f"/{PUBLISHER}/3", 404),
        (f"/{PUBLISHER}/9999999999", 404),
        (f"/{PUBLISHER}/0", 422),
        (f"/{PUBLISHER}/latest.exe", 422),
        ("/A", 422),
        (f"/{PUBLISHER}/1/2", 404),
    ],
)
def test_what_is_not_held_is_not_there(node, path, status):
    answer = node.client.get(f"/v1/trust-list{path}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_ready_says_how_the_lists_stand(node):
    assert node.client.get("/readyz").json()["parts"]["trust"] == "ok"


def test_a_second_node_may_follow_the_first(
    node, publisher, database_url, sandbox_issuers, tmp_path
):
    """By the address under which the first serves it on: the keys are the publisher's all the same."""
    url = new_database(database_url, "follower_2")
    pinned = store.read_pinned(publisher.pinned())
    base = f"{node.url}/v1/trust-list/{PUBLISHER}"
    _write(url, lambda s: store.follow(s, pinned, url=base, networks=LOOPBACK))
    with serving(url, tmp_path, sandbox_issuers, trust_pull=timedelta(seconds=1)) as second:
        _until(lambda: bool(second.sql("SELECT 1 FROM trust_source WHERE held = 2")))
        assert second.client.get("/v1/trust-list").content == publisher.latest.raw


def test_a_source_without_a_list_degrades_and_names_itself(
    node, database_url, publisher, lists, tmp_path
):
    sandbox_issuers = node.issuers
    url = new_database(database_url, "follower_3")
    pinned = store.read_pinned(publisher.pinned())
    files, lists.files = lists.files, dict[str, bytes]()
    _write(url, lambda s: store.follow(s, pinned, url=lists.url, networks=LOOPBACK))
    try:
        with serving(url, tmp_path, sandbox_issuers, trust_pull=timedelta(seconds=1)) as third:
            _until(lambda: bool(third.sql("SELECT 1 FROM trust_refusal")))
            ready = third.client.get("/readyz")
            assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
            assert f"{PUBLISHER} (no list yet)" in ready.json()["parts"]["trust"]
            report = third.verify(third.world.token(third.world.pick("traffic")))["report"]
            assert report["conclusion"] == "indeterminate"
            assert [(t["number"], t["stale"]) for t in report["trust"]] == [(0, True)]
    finally:
        lists.files = files


def test_openapi_shows_a_list(node):
    paths = node.client.get("/openapi.json").json()["paths"]
    shown = paths["/v1/trust-list"]["get"]["responses"]["200"]["content"]["application/jose+json"]
    assert read_list(json.dumps(shown["example"]).encode()).head.number == 1
