"""The 180 forbidden addresses through `share-gateway`: not one connection to any of them.

As it would be saved, as a row saved all the same, behind a good endpoint whose description names
it, and as where secrets are fetched. Beside it stands a good question the same hook hears.
"""

import json
from dataclasses import replace

import httpx
import pytest

from app.domain.errors import Refused
from app.domain.identifier import IssuerCode
from app.domain.issuer import Answered, Endpoint, NotAsked, Silence, Unreachable
from app.federation.gateway import HttpIssuers
from app.registry.described import share_endpoint
from sandbox.platform import Platform
from sandbox.world import World
from tests.federation.canary import connects
from tests.federation.hostile import ScriptedResolver
from tests.federation.mapped.test_ssrf import FORBIDDEN
from tests.federation.share.test_share import asking_of, endpoint, question
from tests.federation.test_egress import ADDRESSES

pytestmark = pytest.mark.anyio
TRUST = httpx.create_ssl_context(trust_env=False)


@pytest.fixture(scope="module")
def world() -> World:
    return World(1)


async def assert_heard(platform: Platform) -> None:
    asking = asking_of(platform, trust=TRUST)
    with connects() as heard:
        answer = await asking.ask(question(platform))
    await asking.aclose()
    assert isinstance(answer, Answered), answer
    assert set(heard) == {("127.0.0.1", platform.port)}


async def silent(asking: HttpIssuers, platform: Platform, where: Endpoint) -> None:
    with connects() as heard:
        answer = await asking.ask(question(platform, where=where))
    assert heard == []
    assert isinstance(answer, (Unreachable, NotAsked)), answer
    if isinstance(answer, Unreachable):
        assert answer.why in {Silence.FORBIDDEN_ADDRESS, Silence.MALFORMED}, answer


async def test_forbidden_urls_and_addresses_make_no_connection(world: World):
    assert len(set(FORBIDDEN)) >= 180
    async with Platform(world) as platform:
        good = endpoint(platform)
        written = json.loads(good.description or "")
        asking, refused = asking_of(platform, trust=TRUST), 0
        for url in FORBIDDEN:
            described = {**written, "url": url}
            try:
                share_endpoint(IssuerCode(good.issuer), described)
            except Refused:
                refused += 1
            saved = replace(good, url=url, networks=(), description=json.dumps(described))
            await silent(asking, platform, saved)
            bent = replace(good, description=json.dumps(described))  # good in the table only
            await silent(asking, platform, bent)
            elsewhere = replace(good, description=json.dumps({**written, "refresh": url}))
            await silent(asking, platform, elsewhere)
        await asking.aclose()
        assert refused > len(FORBIDDEN) // 4
        assert platform.seen == []
        await assert_heard(platform)


async def test_names_of_forbidden_addresses_make_no_connection(world: World):
    async with Platform(world) as platform:
        url = "https://platform.example/share/v1/verifyCertInfo"
        good = endpoint(platform)
        described = json.dumps({**json.loads(good.description or ""), "url": url})
        where = replace(good, url=url, networks=(), description=described)
        for address in ADDRESSES:
            resolver = ScriptedResolver((address,))
            asking = asking_of(platform, trust=TRUST, resolver=lambda one=resolver: one)
            await silent(asking, platform, where)
            await asking.aclose()
            assert resolver.lookups == 1
        await assert_heard(platform)


@pytest.mark.parametrize(
    "refresh",
    [
        "@10.0.0.1/",
        ":80@10.0.0.1/",
        "//10.0.0.1/x",
        "/..//10.0.0.1",
        "/\\10.0.0.1",
        "/x?y=//10.0.0.1",
    ],
)
async def test_no_path_leads_elsewhere(world: World, refresh: str):
    async with Platform(world) as platform:
        good = endpoint(platform)
        described = {**json.loads(good.description or ""), "refresh": refresh}
        with pytest.raises(Refused):
            share_endpoint(IssuerCode(good.issuer), described)
        asking = asking_of(platform, trust=TRUST)
        await silent(asking, platform, replace(good, description=json.dumps(described)))
        await asking.aclose()
        await assert_heard(platform)
