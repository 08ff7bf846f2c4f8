"""Server-side request forgery (threats API-01 to API-03): not one connection to where it must not.

Counted by an audit hook on every connect of the process and by a listening canary; each case
stands beside a good question, which the same hook hears.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import httpx
import pytest
from aiohttp.connector import AddrInfoType

from app.domain.issuer import Answered, Silence, Unreachable
from app.federation.egress import ForbiddenAddress, destination
from app.federation.gateway import HttpIssuers
from app.federation.transport import GuardedConnector, SystemResolver, open_client
from sandbox.keys import b64
from tests.federation.asking import LOOPBACK, Canary, gateway
from tests.federation.canary import connects
from tests.federation.hostile import RawIssuer, ScriptedResolver, endpoint, inquiry
from tests.federation.test_egress import ADDRESSES, NOT_OPENED, URLS

pytestmark = pytest.mark.anyio
TRUST = httpx.create_ssl_context(trust_env=False)
PUBLIC = "9.9.9.9"
"""Stands beside a forbidden address in DNS answers; never connected to either."""


@pytest.fixture
async def raw() -> AsyncIterator[RawIssuer]:
    async with RawIssuer() as server:
        yield server


async def assert_heard(raw: RawIssuer) -> None:
    """The twin: a good question is answered, and the hook hears it."""
    issuers = gateway(trust=TRUST)
    with connects() as heard:
        answer = await issuers.ask(inquiry(endpoint(raw.port)))
    await issuers.aclose()
    assert isinstance(answer, Answered), answer
    assert heard == [("127.0.0.1", raw.port)]


async def assert_silent(issuers: HttpIssuers, where: object, detail: str = "") -> None:
    with connects() as heard:
        answer = await issuers.ask(inquiry(where))  # type: ignore[arg-type]
    await issuers.aclose()
    assert isinstance(answer, Unreachable), answer
    assert answer.why is Silence.FORBIDDEN_ADDRESS, answer
    assert detail in answer.detail
    assert heard == []


async def test_forbidden_urls_make_no_connection(raw: RawIssuer):
    for url in (*URLS, *NOT_OPENED):
        where = endpoint(1, url=url, networks=())
        await assert_silent(gateway(trust=TRUST), where)
    for address in ADDRESSES:
        literal = f"[{address}]" if ":" in address else address
        await assert_silent(
            gateway(trust=TRUST), endpoint(1, url=f"https://{literal}/", networks=())
        )
    await assert_heard(raw)


async def test_names_of_forbidden_addresses_make_no_connection(raw: RawIssuer):
    """Alone, and hidden before or behind a public one."""
    where = endpoint(1, url="https://issuer.example/ivp", networks=())
    for address in ADDRESSES:
        for answer in ((address,), (PUBLIC, address), (address, PUBLIC)):
            resolver = ScriptedResolver(answer)
            await assert_silent(
                gateway(trust=TRUST, resolver=lambda one=resolver: one), where, ADDRESSES[address]
            )
            assert resolver.lookups == 1
    await assert_heard(raw)


@pytest.mark.parametrize("address", ["fe80::1%2", "127.0.0.1%0", "localhost", ""])
async def test_a_resolver_that_answers_no_address(raw: RawIssuer, address: str):
    where = endpoint(1, url="https://issuer.example/ivp", networks=())
    await assert_silent(gateway(trust=TRUST, resolver=lambda: ScriptedResolver((address,))), where)
    await assert_heard(raw)


async def test_a_name_without_addresses(raw: RawIssuer):
    issuers = gateway(trust=TRUST, resolver=lambda: ScriptedResolver(()))
    with connects() as heard:
        answer = await issuers.ask(inquiry(endpoint(raw.port, "issuer.example")))
    await issuers.aclose()
    assert isinstance(answer, Unreachable)
    assert (answer.why, answer.detail, heard) == (Silence.CONNECTION, "OSError", [])
    await assert_heard(raw)


async def test_lookups_of_a_name_are_shared_and_outlive_who_leaves():
    resolver = SystemResolver()
    first, second = (asyncio.create_task(resolver.resolve("localhost", 443)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    found = await second
    assert first.cancelled()
    assert {result["host"] for result in found} <= {"127.0.0.1", "::1"}
    assert all(result["port"] == 443 for result in found)
    unknown = await asyncio.gather(
        *(resolver.resolve("no-such-name.invalid", 443) for _ in range(3)), return_exceptions=True
    )
    assert all(isinstance(result, OSError) for result in unknown)
    assert unknown[0] is unknown[1] is unknown[2]
    await resolver.close()


async def test_localhost_by_the_systems_own_resolver(raw: RawIssuer):
    where = endpoint(443, "localhost", "https", networks=())
    await assert_silent(gateway(trust=TRUST), where, "loopback")
    issuers = gateway(trust=TRUST)
    answer = await issuers.ask(
        inquiry(endpoint(raw.port, "localhost", networks=(*LOOPBACK, "::1")))
    )
    await issuers.aclose()
    assert isinstance(answer, Answered), answer


@pytest.mark.parametrize("second", ["169.254.169.254", "10.0.0.1", "::1", "::ffff:7f00:1"])
async def test_dns_rebinding(second: str):
    """The name changes its meaning between two connections: the new meaning is looked at too."""
    resolver = ScriptedResolver(("127.0.0.1",), (second,), ("127.0.0.1",))
    async with RawIssuer(close=True) as raw:
        issuers = gateway(trust=TRUST, resolver=lambda: resolver)
        where = endpoint(raw.port, "issuer.example")
        assert isinstance(await issuers.ask(inquiry(where)), Answered)
        await asyncio.sleep(0.01)  # the server's end of the connection has to be seen
        with connects() as heard:
            answer = await issuers.ask(inquiry(where))
        assert isinstance(answer, Unreachable)
        assert (answer.why, heard) == (Silence.FORBIDDEN_ADDRESS, [])
        assert isinstance(await issuers.ask(inquiry(where)), Answered)
        await issuers.aclose()
        assert (resolver.lookups, raw.connections) == (3, 2)


async def test_dns_is_asked_once_a_connection(raw: RawIssuer):
    """No second lookup between looking and connecting: a name that flips is never flipped into."""
    resolver = ScriptedResolver(("127.0.0.1",), ("127.0.0.2",))
    issuers = gateway(trust=TRUST, resolver=lambda: resolver)
    with connects() as heard:
        answer = await issuers.ask(inquiry(endpoint(raw.port, "issuer.example")))
    await issuers.aclose()
    assert isinstance(answer, Answered)
    assert (resolver.lookups, heard) == (1, [("127.0.0.1", raw.port)])


REDIRECTS = {code: b"HTTP/1.1 %d X\r\n" % code for code in (301, 302, 303, 307, 308)}


@pytest.mark.parametrize("code", REDIRECTS)
async def test_redirects_are_not_followed(code: int):
    async with Canary() as canary, RawIssuer() as raw:
        where = endpoint(raw.port)
        issuers = gateway(trust=TRUST)
        assert isinstance(await issuers.ask(inquiry(where)), Answered)
        location = b"Location: http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n" % canary.port
        raw.respond = lambda _: REDIRECTS[code] + location
        with connects() as heard:
            answer = await issuers.ask(inquiry(where))
        await issuers.aclose()
        assert isinstance(answer, Unreachable)
        assert (answer.why, answer.detail) == (Silence.STATUS, str(code))
        assert canary.knocks == 0
        assert all(address[1] == raw.port for address in heard)  # type: ignore[index]


async def test_proxies_of_the_environment_are_not_used(
    raw: RawIssuer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """Nor the passwords that a user keeps for a host."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    async with Canary() as canary:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{canary.port}")
            monkeypatch.setenv(name.upper(), f"http://127.0.0.1:{canary.port}")
        await assert_heard(raw)
        assert canary.knocks == 0
    assert b"authorization" not in raw.heads[0].lower()


async def test_the_transport_alone_refuses_an_address_no_resolver_is_asked_for(raw: RawIssuer):
    """aiohttp does not resolve literal addresses; the socket for one is not made."""
    client = open_client(
        destination("https://issuer.example/"),
        resolver=ScriptedResolver((PUBLIC,)),
        trust=TRUST,
        limit=1,
        headers={},
    )
    async with Canary() as canary:
        with connects() as heard:
            for url in (
                f"http://127.0.0.1:{canary.port}/",
                f"http://[::1]:{canary.port}/",
                f"http://[::ffff:127.0.0.1]:{canary.port}/",
                f"http://0.0.0.0:{canary.port}/",
                f"http://2130706433:{canary.port}/",
                f"http://127.1:{canary.port}/",
                f"http://0x7f.1:{canary.port}/",
            ):
                with pytest.raises((httpx.HTTPError, aiohttp.ClientError, OSError, ValueError)):
                    await client.get(url)
        assert (canary.knocks, heard) == (0, [])
    await client.aclose()
    await assert_heard(raw)


async def test_the_transport_alone_refuses_another_port(raw: RawIssuer):
    allowed = destination(f"http://127.0.0.1:{raw.port}/", LOOPBACK)
    client = open_client(allowed, resolver=SystemResolver(), trust=TRUST, limit=1, headers={})
    async with Canary() as canary:
        with pytest.raises(httpx.TransportError) as caught:
            await client.get(f"http://127.0.0.1:{canary.port}/")
        assert "another port" in str(caught.value)
        assert canary.knocks == 0
    await client.aclose()


class Careless(GuardedConnector):
    """A connector whose earlier checks have all been lost."""

    def _socket(self, info: AddrInfoType) -> socket.socket:
        return socket.socket(info[0], info[1], info[2])


@pytest.mark.parametrize("allowed", [True, False])
async def test_the_peer_is_looked_at_before_anything_is_sent(raw: RawIssuer, allowed: bool):
    """The last check alone: the connection is made, and ends without a byte."""
    url = f"http://127.0.0.1:{raw.port}/" if allowed else "https://issuer.example/"
    connector = Careless(
        destination(url, LOOPBACK if allowed else ()), SystemResolver(), trust=TRUST, limit=1
    )
    question = b"x.%s.x" % b64(b'{"aud":"a","iss":"b","identifier":"c"}').encode()
    async with aiohttp.ClientSession(connector=connector) as session:
        post = session.post(f"http://127.0.0.1:{raw.port}/", data=question)
        if allowed:
            assert (await post).status == 200
        else:
            with pytest.raises(aiohttp.ClientOSError) as caught:
                await post
            assert isinstance(caught.value.__cause__, ForbiddenAddress)
    await asyncio.sleep(0.01)
    assert raw.connections == 1
    assert raw.received == (len(question) if allowed else 0)


@pytest.mark.parametrize(
    "address",
    [("fe80::1", 443, 0, 2), ("2400:3200::1", 443, 0, 2), ("/run/socket",), "/run/socket", None],
)
async def test_a_socket_for_something_else_than_an_address(address: object):
    allowed = destination("https://issuer.example/", LOOPBACK)
    connector = GuardedConnector(allowed, SystemResolver(), trust=TRUST, limit=1)
    info = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", address)
    with pytest.raises(ForbiddenAddress):
        connector._socket(info)  # type: ignore[arg-type]
    good = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 443))
    connector._socket(good).close()
    await connector.close()
