"""The 180 forbidden addresses and URLs as where lists are fetched from: trust lists, and lists of
revoked certificates. Not one connection to any of them.

As an operator would follow them, as rows followed all the same, and behind names that stand for
them. Beside them stands a good fetch that the same hook hears.
"""

from collections.abc import AsyncIterator

import httpx
import pytest
from aiohttp.abc import AbstractResolver

from app.domain.errors import Refused
from app.domain.trustlist import Refusal
from app.federation.lists import Fetched, HttpLists, NotFetched
from app.registry.urls import read_url
from sandbox.list_server import ListServer, serve_lists
from tests.federation.asking import LOOPBACK
from tests.federation.canary import connects
from tests.federation.hostile import ScriptedResolver
from tests.federation.mapped.test_ssrf import FORBIDDEN
from tests.federation.test_egress import ADDRESSES, URLS

pytestmark = pytest.mark.anyio
TRUST = httpx.create_ssl_context(trust_env=False)
PUBLIC = "9.9.9.9"
ACCEPTS = {"a trust list": "application/jose+json", "a revocation list": "application/pkix-crl"}


@pytest.fixture
async def server() -> AsyncIterator[ListServer]:
    async with serve_lists() as running:
        running.files = {"latest.json": b"{}"}
        yield running


def lists(accept: str, resolver: AbstractResolver | None = None) -> HttpLists:
    if resolver is None:
        return HttpLists(most=1024, trust=TRUST, accept=accept)
    return HttpLists(most=1024, trust=TRUST, accept=accept, resolver=lambda: resolver)


async def assert_heard(server: ListServer, accept: str) -> None:
    with connects() as heard:
        got = await lists(accept).fetch(f"{server.url}/latest.json", LOOPBACK)
    assert isinstance(got, Fetched), got
    assert len(heard) == 1


async def assert_silent(fetcher: HttpLists, url: str) -> None:
    with connects() as heard:
        got = await fetcher.fetch(url, ())
    assert heard == []
    assert isinstance(got, NotFetched), got
    assert got.why is Refusal.FORBIDDEN_ADDRESS, got


@pytest.mark.parametrize("accept", ACCEPTS.values(), ids=ACCEPTS)
async def test_forbidden_urls_and_addresses_make_no_connection(server: ListServer, accept: str):
    assert len(set(FORBIDDEN)) >= 180
    fetcher, refused = lists(accept), 0
    for url in FORBIDDEN:
        try:
            read_url("url", url)
        except Refused:
            refused += 1
        await assert_silent(fetcher, url)
    assert refused > len(URLS) // 2
    await assert_heard(server, accept)


@pytest.mark.parametrize("accept", ACCEPTS.values(), ids=ACCEPTS)
async def test_names_of_forbidden_addresses_make_no_connection(server: ListServer, accept: str):
    """Alone, and hidden before or behind a public one."""
    for address in ADDRESSES:
        for answer in ((address,), (PUBLIC, address), (address, PUBLIC)):
            resolver = ScriptedResolver(answer)
            await assert_silent(lists(accept, resolver), "https://lists.example/latest.json")
            assert resolver.lookups == 1
    await assert_heard(server, accept)


@pytest.mark.parametrize("accept", ACCEPTS.values(), ids=ACCEPTS)
async def test_a_redirect_is_not_followed(server: ListServer, accept: str):
    server.act = "redirect"  # to a cloud's metadata service
    with connects() as heard:
        got = await lists(accept).fetch(f"{server.url}/latest.json", LOOPBACK)
    assert isinstance(got, NotFetched), got
    assert heard == [("127.0.0.1", server.port)]
    server.act = "honest"
    await assert_heard(server, accept)
