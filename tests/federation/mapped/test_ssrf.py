"""The 180 forbidden addresses and URLs through `mapped`: not one connection to any of them.

Each is tried three times: as it would be saved, as a row that was saved all the same, and behind
a good endpoint whose description names it. Beside it stands a good question the same hook hears.
"""

import json
from dataclasses import replace

import httpx
import pytest

from app.domain.errors import Refused
from app.domain.issuer import Answered, Silence, Unreachable
from app.federation.gateway import HttpIssuers
from app.registry.described import mapped_endpoint
from tests.federation.canary import connects
from tests.federation.hostile import ISSUER, ScriptedResolver
from tests.federation.mapped.server import GOOD, JsonServer, gateway, ok, question
from tests.federation.test_egress import ADDRESSES, NOT_OPENED, URLS

pytestmark = pytest.mark.anyio
TRUST = httpx.create_ssl_context(trust_env=False)
LITERALS = [f"[{address}]" if ":" in address else address for address in ADDRESSES]
FORBIDDEN = [*URLS, *NOT_OPENED, *(f"https://{literal}/" for literal in LITERALS)]


def test_there_are_180():
    assert len(set(FORBIDDEN)) >= 180


async def assert_heard(server: JsonServer) -> None:
    issuers = gateway(trust=TRUST)
    with connects() as heard:
        answer = await issuers.ask(question(server.endpoint()))
    await issuers.aclose()
    assert isinstance(answer, Answered), answer
    assert heard == [("127.0.0.1", server.port)]


async def silent(issuers: HttpIssuers, where: object) -> Unreachable:
    with connects() as heard:
        answer = await issuers.ask(question(where))  # type: ignore[arg-type]
    assert heard == []
    assert isinstance(answer, Unreachable), answer
    return answer


async def test_forbidden_urls_and_addresses_make_no_connection():
    async with JsonServer(lambda sent: ok(GOOD)) as server:
        issuers, good = gateway(trust=TRUST), server.endpoint()
        refused = 0
        for url in FORBIDDEN:
            described = {**server.described(), "url": url}
            try:
                mapped_endpoint(ISSUER, described)
            except Refused:
                refused += 1
            # Saved all the same, by whatever hand:
            saved = replace(good, url=url, networks=(), description=json.dumps(described))
            assert (await silent(issuers, saved)).why in {
                Silence.FORBIDDEN_ADDRESS,
                Silence.MALFORMED,
            }
            # A good address in the table, another in the description:
            bent = replace(good, description=json.dumps(described))
            assert (await silent(issuers, bent)).why in {
                Silence.FORBIDDEN_ADDRESS,
                Silence.MALFORMED,
            }
        await issuers.aclose()
        assert refused > len(URLS) // 2
        assert server.connections == 0
        await assert_heard(server)


async def test_names_of_forbidden_addresses_make_no_connection():
    async with JsonServer(lambda sent: ok(GOOD)) as server:
        described = {**server.described(), "url": "https://issuer.example/api"}
        where = replace(
            server.endpoint(),
            url="https://issuer.example/api",
            networks=(),
            description=json.dumps(described),
        )
        for address in ADDRESSES:
            for answer in ((address,), ("9.9.9.9", address), (address, "9.9.9.9")):
                resolver = ScriptedResolver(answer)
                issuers = gateway(trust=TRUST, resolver=lambda one=resolver: one)
                assert (await silent(issuers, where)).why is Silence.FORBIDDEN_ADDRESS
                await issuers.aclose()
        await assert_heard(server)


@pytest.mark.parametrize(
    "template",
    [
        "http://127.0.0.1:{port}{number}",
        "http://127.0.0.1:{port}/{number}",
        "http://127.0.0.1:{port}/x/{number}/..",
    ],
)
@pytest.mark.parametrize(
    "number",
    ["@169.254.169.254/", ":80@10.0.0.1/", "//10.0.0.1/", "\\\\10.0.0.1", "?@10.0.0.1", "#@10.0.0.1",
     "http://10.0.0.1/", "%40169.254.169.254", "\r\nHost: 10.0.0.1", "10.0.0.1", "．．/", "/../../x"],
)  # fmt: skip
async def test_no_value_moves_a_question_elsewhere(template: str, number: str):
    from app.domain.license import Claims

    async with JsonServer(lambda sent: ok(GOOD)) as server:
        described = {
            **server.described(),
            "url": template.replace("{port}", str(server.port)),
        }
        issuers = gateway(trust=TRUST)
        where = replace(server.endpoint(), description=json.dumps(described))
        with connects() as heard:
            answer = await issuers.ask(
                question(where, claims=Claims(identifier=None, number=number))
            )
        await issuers.aclose()
        assert set(heard) <= {("127.0.0.1", server.port)}
        for sent in server.sent:
            assert sent.headers["host"] == f"127.0.0.1:{server.port}"
            assert sent.target.startswith("/")
            assert not sent.target.startswith("//")
        assert isinstance(answer, (Answered, Unreachable))


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(code: int):
    async with JsonServer() as canary, JsonServer(lambda sent: ok(GOOD)) as server:
        issuers = gateway(trust=TRUST)
        assert isinstance(await issuers.ask(question(server.endpoint())), Answered)
        location = f"http://127.0.0.1:{canary.port}/"
        server.respond = lambda sent: (
            f"HTTP/1.1 {code} X\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
        )
        answer = await issuers.ask(question(server.endpoint()))
        await issuers.aclose()
        assert isinstance(answer, Unreachable)
        assert (answer.why, answer.detail) == (Silence.STATUS, str(code))
        assert canary.connections == 0
