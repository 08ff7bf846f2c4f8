"""The gateway's own rules: framing, TLS, deadlines, bulkheads, cancelling and closing."""

import asyncio
import datetime as dt
import logging
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.crypto.provider import FolderKeys
from app.crypto.schemes import JOSE_BY_SCHEME
from app.domain.errors import Unavailable
from app.domain.issuer import Answered, Code, NotAsked, Silence, Unasked, Unreachable
from app.domain.license import Fact
from app.domain.scheme import Scheme
from app.federation import lines as lines_module
from app.federation.gateway import HttpIssuers, OfflineIssuers
from app.federation.lines import QUEUE
from sandbox.serve import Servers, serve
from sandbox.world import World
from tests.federation.asking import (
    NODE,
    SIGNER,
    EdwardsSigner,
    endpoint_of,
    gateway,
    inquiry_of,
    knowing,
    now,
)
from tests.federation.hostile import RawIssuer, ScriptedResolver, endpoint, good, inquiry

pytestmark = pytest.mark.anyio
TRUST = httpx.create_ssl_context(trust_env=False)
SHORT = timedelta(seconds=0.2)
SOON = 1.5
"""Seconds: well before anything here would end by itself, and patient with a busy machine."""


@pytest.fixture
async def asking() -> AsyncIterator[HttpIssuers]:
    issuers = gateway(trust=TRUST)
    yield issuers
    await issuers.aclose()


def head(*fields: bytes, status: bytes = b"200 OK") -> bytes:
    return b"\r\n".join((b"HTTP/1.1 " + status, *fields, b"", b""))


JOSE = b"Content-Type: application/jose"
JSON = b"Content-Type: application/json"


def length(body: bytes) -> bytes:
    return b"Content-Length: %d" % len(body)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


CHUNKED = b"Transfer-Encoding: chunked"
MISFRAMED: dict[str, tuple[Silence, Callable[[bytes], bytes]]] = {
    "no length, closed": (Silence.MALFORMED, lambda t: head(JOSE) + t),
    "HTTP/1.0 without length": (
        Silence.MALFORMED,
        lambda t: head(JOSE).replace(b"HTTP/1.1", b"HTTP/1.0") + t,
    ),
    "length twice, the same": (Silence.MALFORMED, lambda t: head(JOSE, length(t), length(t)) + t),
    "length twice, in one field": (
        Silence.MALFORMED,
        lambda t: head(JOSE, length(t) + b", %d" % len(t)) + t,
    ),
    "length negative": (Silence.MALFORMED, lambda t: head(JOSE, b"Content-Length: -1") + t),
    "length with a sign": (Silence.MALFORMED, lambda t: head(JOSE, b"Content-Length: +9") + t),
    "length in hexadecimal": (Silence.MALFORMED, lambda t: head(JOSE, b"Content-Length: 0x9") + t),
    "length over 64 bits": (
        Silence.MALFORMED,
        lambda t: head(JOSE, b"Content-Length: " + b"9" * 40) + t,
    ),
    "length and chunks": (
        Silence.MALFORMED,
        lambda t: head(JOSE, length(t), CHUNKED) + chunk(t) + chunk(b""),
    ),
    "chunks and length": (
        Silence.MALFORMED,
        lambda t: head(JOSE, CHUNKED, length(t)) + chunk(t) + chunk(b""),
    ),
    "coded and chunked": (
        Silence.MALFORMED,
        lambda t: head(JOSE, b"Transfer-Encoding: gzip, chunked") + chunk(t) + chunk(b""),
    ),
    "chunked twice": (Silence.MALFORMED, lambda t: head(JOSE, CHUNKED, CHUNKED) + chunk(t)),
    "coding unknown": (
        Silence.MALFORMED,
        lambda t: head(JOSE, b"Transfer-Encoding: identity") + t,
    ),
    "chunk size with a sign": (
        Silence.MALFORMED,
        lambda t: head(JOSE, CHUNKED) + b"+" + chunk(t) + chunk(b""),
    ),
    "chunk size overflowing": (
        Silence.MALFORMED,
        lambda t: head(JOSE, CHUNKED) + b"f" * 17 + b"\r\n" + t,
    ),
    "chunk without its end": (
        Silence.MALFORMED,
        lambda t: head(JOSE, CHUNKED) + b"%x\r\n%sXX" % (len(t), t),
    ),
    "space before the colon": (
        Silence.MALFORMED,
        lambda t: head(JOSE, b"Content-Length : %d" % len(t)) + t,
    ),
    "folded field": (Silence.MALFORMED, lambda t: head(JOSE, length(t), b" folded") + t),
    "no colon": (Silence.MALFORMED, lambda t: head(JOSE, length(t), b"colon") + t),
    "NUL in a field": (Silence.MALFORMED, lambda t: head(JOSE, length(t), b"X: a\x00b") + t),
    "65 fields": (Silence.MALFORMED, lambda t: head(JOSE, length(t), *([b"X: y"] * 63)) + t),
    "field of 9 KB": (
        Silence.MALFORMED,
        lambda t: head(JOSE, length(t), b"X: " + b"y" * 9000) + t,
    ),
    "status line of 9 KB": (
        Silence.MALFORMED,
        lambda t: head(JOSE, length(t), status=b"200 " + b"O" * 9000) + t,
    ),
    "HTTP/2 frames": (Silence.MALFORMED, lambda _: b"\x00\x00\x12\x04\x00\x00\x00\x00\x00"),
    "HTTP/0.9": (Silence.MALFORMED, lambda t: t + b"\r\n\r\n"),
    "TLS alert": (Silence.MALFORMED, lambda _: b"\x15\x03\x01\x00\x02\x02\x28"),
    "JSON twice": (Silence.MEDIA_TYPE, lambda t: head(JOSE, JSON, length(t)) + t),
    "type twice, the same": (Silence.MEDIA_TYPE, lambda t: head(JOSE, JOSE, length(t)) + t),
    "type list": (Silence.MEDIA_TYPE, lambda t: head(JOSE + b", text/html", length(t)) + t),
    "type with a parameter": (Silence.MEDIA_TYPE, lambda t: head(JOSE + b";v=2", length(t)) + t),
    "JSON in GBK": (Silence.MEDIA_TYPE, lambda t: head(JSON + b"; charset=gbk", length(t)) + t),
    "no type": (Silence.MEDIA_TYPE, lambda t: head(length(t)) + t),
    "empty type": (Silence.MEDIA_TYPE, lambda t: head(b"Content-Type:", length(t)) + t),
    "JWT type": (
        Silence.MEDIA_TYPE,
        lambda t: head(b"Content-Type: application/jwt", length(t)) + t,
    ),
    "deflate": (
        Silence.ENCODING,
        lambda t: head(JOSE, length(t), b"Content-Encoding: deflate") + t,
    ),
    "identity and br": (
        Silence.ENCODING,
        lambda t: head(JOSE, length(t), b"Content-Encoding: identity, br") + t,
    ),
    "encoding twice": (
        Silence.ENCODING,
        lambda t: head(JOSE, length(t), *([b"Content-Encoding: identity"] * 2)) + t,
    ),
    "101": (
        Silence.STATUS,
        lambda t: (
            head(b"Connection: Upgrade", b"Upgrade: websocket", status=b"101 Switching Protocols")
            + good(t)
        ),
    ),
    "201": (Silence.STATUS, lambda t: head(JOSE, length(t), status=b"201 Created") + t),
    "203": (Silence.STATUS, lambda t: head(JOSE, length(t), status=b"203 X") + t),
    "206": (Silence.STATUS, lambda t: head(JOSE, length(t), status=b"206 X") + t),
    "401": (Silence.STATUS, lambda t: head(JOSE, length(t), status=b"401 X") + t),
    "407": (Silence.STATUS, lambda t: head(JOSE, length(t), status=b"407 X") + t),
    "429": (Silence.STATUS, lambda t: head(JOSE, length(t), status=b"429 X") + t),
    "999": (Silence.STATUS, lambda t: head(JOSE, length(t), status=b"999 X") + t),
    "byte over the cap": (
        Silence.OVERSIZED,
        lambda _: head(JOSE, CHUNKED) + chunk(b"a" * 65537) + chunk(b""),
    ),
    "announced over the cap": (Silence.OVERSIZED, lambda _: head(JOSE, b"Content-Length: 65537")),
    "token with a byte order mark": (
        Silence.MALFORMED,
        lambda t: head(JOSE, b"Content-Length: %d" % (len(t) + 3)) + b"\xef\xbb\xbf" + t,
    ),
    "token as JSON": (Silence.MALFORMED, lambda t: head(JSON, length(t)) + t),
    "cut in the head": (Silence.CONNECTION, lambda t: good(t)[:40]),
    "cut in the body": (Silence.CONNECTION, lambda t: good(t)[:-1]),
}


@pytest.mark.parametrize("name", MISFRAMED)
async def test_misframed(name: str, asking: HttpIssuers) -> None:
    """Around an answer that is good: the same bytes well framed are one, on a new connection."""
    why, respond = MISFRAMED[name]
    async with RawIssuer() as raw:
        where = endpoint(raw.port)
        assert isinstance(await asking.ask(inquiry(where)), Answered)
        raw.respond, raw.close = respond, True
        answer = await asking.ask(inquiry(where))
        assert isinstance(answer, Unreachable), answer
        assert answer.why is why, answer
        raw.respond, raw.close = good, False
        assert isinstance(await asking.ask(inquiry(where)), Answered)
        assert raw.connections == 2


WELL_FRAMED: dict[str, Callable[[bytes], bytes]] = {
    "length": good,
    "chunks": lambda t: head(JOSE, CHUNKED) + chunk(t[:9]) + chunk(t[9:]) + chunk(b""),
    "identity said": lambda t: head(JOSE, length(t), b"Content-Encoding: identity") + t,
    "capitals": lambda t: head(b"CONTENT-TYPE: Application/JOSE", length(t)) + t,
    "hints before": lambda t: head(status=b"103 Early Hints") * 3 + good(t),
    "cookies": lambda t: head(JOSE, length(t), b"Set-Cookie: a=b; Path=/") + t,
    "60 fields": lambda t: head(JOSE, length(t), *([b"X: y"] * 58)) + t,
}


@pytest.mark.parametrize("name", WELL_FRAMED)
async def test_well_framed(name: str, asking: HttpIssuers) -> None:
    async with RawIssuer(WELL_FRAMED[name]) as raw:
        for _ in range(2):
            answer = await asking.ask(inquiry(endpoint(raw.port)))
            assert isinstance(answer, Answered), answer
            assert answer.code is Code.IN_FORCE
            assert answer.signed
        assert raw.connections == 1


async def test_what_is_sent() -> None:
    """Identity, no cookie although one was set, nothing of the library's making."""
    issuers = gateway(trust=TRUST, resolver=lambda: ScriptedResolver(("127.0.0.1",)))
    async with RawIssuer(WELL_FRAMED["cookies"]) as raw:
        for _ in range(2):
            await issuers.ask(inquiry(endpoint(raw.port, "issuer.example")))
    await issuers.aclose()
    lines = raw.heads[1].decode().split("\r\n")
    assert lines[0] == "POST /ivp HTTP/1.1"
    fields = dict(line.split(": ", 1) for line in lines[1:] if line)
    said = {name.lower(): value for name, value in fields.items()}
    assert said.keys() <= {
        *("host", "accept", "accept-encoding", "content-type", "content-length"),
        *("user-agent", "connection"),
    }
    assert said["accept-encoding"] == "identity"
    assert said["content-type"] == "application/jose"
    assert said["user-agent"] == "zhengyan"


# ---- deadlines


async def test_interim_answers_for_ever_end_at_the_deadline(asking: HttpIssuers) -> None:
    async with RawIssuer(lambda _: head(status=b"100 Continue") * 1000) as raw:
        start = time.monotonic()
        answer = await asking.ask(inquiry(endpoint(raw.port, deadline=SHORT)))
        assert time.monotonic() - start < SOON
        assert answer == Unreachable(Silence.TIMEOUT, "deadline")


async def test_a_peer_that_never_accepts_ends_at_the_deadline(asking: HttpIssuers) -> None:
    """A full backlog: the connection itself never comes about."""
    import socket

    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        port = deaf.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        start = time.monotonic()
        answer = await asking.ask(inquiry(endpoint(port, deadline=SHORT)))
        assert time.monotonic() - start < SOON
        assert answer == Unreachable(Silence.TIMEOUT, "deadline")
        for filler in fillers:
            filler.close()


class DeadResolver(ScriptedResolver):
    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[object]:  # type: ignore[override]
        await asyncio.sleep(3600)
        return []


async def test_a_name_server_that_never_answers_ends_at_the_deadline() -> None:
    issuers = gateway(trust=TRUST, resolver=lambda: DeadResolver(()))
    where = endpoint(443, "issuer.example", "https", deadline=SHORT)
    assert await issuers.ask(inquiry(where)) == Unreachable(Silence.TIMEOUT, "deadline")
    await issuers.aclose()


async def test_nobody_listens(asking: HttpIssuers) -> None:
    async with RawIssuer() as raw:
        port = raw.port
    answer = await asking.ask(inquiry(endpoint(port)))
    assert isinstance(answer, Unreachable)
    assert answer.why is Silence.CONNECTION


# ---- one issuer's trouble is not another's


async def test_a_full_endpoint_is_busy_and_others_do_not_feel_it(
    world: World, servers: Servers, asking: HttpIssuers
) -> None:
    """Two places, both taken by calls that hang; the third waits for its deadline in vain."""
    servers.set_behaviour("market", "hang")
    where = endpoint_of(servers["market"], max_in_flight=2)
    stuck = inquiry_of(world, world.pick("market"), where)
    late = replace(stuck, endpoint=replace(where, deadline=timedelta(seconds=0.1)))
    other = inquiry_of(world, world.pick("university"), endpoint_of(servers["university"]))
    assert isinstance(await asking.ask(other), Answered)
    holding = [asyncio.create_task(asking.ask(stuck)) for _ in range(2)]
    while servers["market"].seen.requests < 2:  # noqa: ASYNC110 - a counter, not an event
        await asyncio.sleep(0.01)
    start = time.monotonic()
    answers = await asyncio.gather(asking.ask(late), *(asking.ask(other) for _ in range(10)))
    assert time.monotonic() - start < SOON
    assert answers[0] == Unreachable(Silence.BUSY, "deadline")
    assert all(isinstance(answer, Answered) for answer in answers[1:])
    assert servers["market"].seen.requests == 2
    assert [task.done() for task in holding] == [False, False]
    for task in holding:
        task.cancel()
    await asyncio.gather(*holding, return_exceptions=True)
    servers["market"].script.clear()
    assert isinstance(await asking.ask(stuck), Answered)  # the places came free again


async def test_many_at_once_get_their_own_answers(
    world: World, servers: Servers, asking: HttpIssuers
) -> None:
    """Forty questions about ten licenses over at most five connections: nobody's is another's."""
    licenses = world.of("university", "in_force")[:10]
    where = endpoint_of(servers["university"], max_in_flight=5)
    answers = await asyncio.gather(
        *(asking.ask(inquiry_of(world, licenses[n % 10], where)) for n in range(40))
    )
    assert all(isinstance(answer, Answered) and answer.matching for answer in answers)
    assert servers["university"].seen.connections <= 5


async def test_more_than_may_wait_are_told_so_at_once(
    world: World, servers: Servers, asking: HttpIssuers
) -> None:
    servers.set_behaviour("university", "hang", times=1)
    where = endpoint_of(servers["university"], max_in_flight=1)
    asked = inquiry_of(world, world.pick("university"), where)
    waiting = [asyncio.create_task(asking.ask(asked)) for _ in range(QUEUE)]
    await asyncio.sleep(0.05)
    assert await asking.ask(asked) == Unreachable(Silence.BUSY, "queue")
    waiting[0].cancel()
    assert all(isinstance(answer, Answered) for answer in await asyncio.gather(*waiting[1:]))
    assert isinstance(await asking.ask(asked), Answered)


async def test_a_cancelled_question_frees_its_place(
    world: World, servers: Servers, asking: HttpIssuers
) -> None:
    servers.set_behaviour("university", "hang", times=1)
    where = endpoint_of(servers["university"], max_in_flight=1)
    asked = inquiry_of(world, world.pick("university"), where)
    task = asyncio.create_task(asking.ask(asked))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert isinstance(await asking.ask(asked), Answered)
    assert servers["university"].seen.connections == 2


async def test_clients_are_bounded_and_a_changed_entry_gets_a_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lines_module, "MAX_LINES", 2)
    issuers = gateway(trust=TRUST)
    async with RawIssuer() as first, RawIssuer() as second, RawIssuer() as third:
        for raw in (first, second, third, first):
            assert isinstance(await issuers.ask(inquiry(endpoint(raw.port))), Answered)
        assert (first.connections, second.connections, third.connections) == (2, 1, 1)
        changed = endpoint(first.port, max_in_flight=3)
        assert isinstance(await issuers.ask(inquiry(changed)), Answered)
        assert first.connections == 3
    await issuers.aclose()


async def test_a_client_in_use_is_not_closed_for_another(
    world: World, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines_module, "MAX_LINES", 1)
    issuers = gateway(trust=TRUST)
    servers.set_behaviour("market", "delay", seconds=0.5)
    market = inquiry_of(world, world.pick("market"), endpoint_of(servers["market"]))
    other = inquiry_of(world, world.pick("university"), endpoint_of(servers["university"]))
    slow = asyncio.create_task(issuers.ask(market))
    await asyncio.sleep(0.05)
    assert isinstance(await issuers.ask(other), Answered)
    assert not slow.done()
    assert isinstance(await slow, Answered)
    await issuers.aclose()


async def test_after_closing_nothing_is_sent(asking: HttpIssuers) -> None:
    async with RawIssuer() as raw:
        where = endpoint(raw.port)
        assert isinstance(await asking.ask(inquiry(where)), Answered)
        await asking.aclose()
        answer = await asking.ask(inquiry(where))
        assert answer == Unreachable(Silence.CONNECTION, "this node is shutting down")
        assert len(raw.heads) == 1
    await asking.aclose()


async def test_offline_asks_nobody(asking: HttpIssuers) -> None:
    async with RawIssuer() as raw:
        asked = inquiry(endpoint(raw.port))
        assert await OfflineIssuers().ask(asked) == NotAsked(Unasked.OFFLINE)
        assert raw.connections == 0
        assert isinstance(await asking.ask(asked), Answered)


# ---- before anything is sent


async def test_facts_do_not_travel_in_clear(world: World, servers: Servers) -> None:
    """No encryption key and a name instead of a loopback address: not asked at all."""
    issuers = gateway(trust=TRUST, resolver=lambda: ScriptedResolver(("127.0.0.1",)))
    server = servers["university"]
    url = server.endpoint.replace("127.0.0.1", "issuer.example")
    license = world.pick("university")
    bare = endpoint_of(server, url=url, encryption_jwk=None)
    answer = await issuers.ask(inquiry_of(world, license, bare))
    assert isinstance(answer, Unreachable)
    assert answer.why is Silence.PRIVATE_FACTS
    assert server.seen.requests == 0

    sealed = endpoint_of(server, url=url)
    assert isinstance(await issuers.ask(inquiry_of(world, license, sealed)), Answered)
    nothing = inquiry_of(world, license, bare, compare=frozenset())
    assert isinstance(await issuers.ask(nothing), Answered)
    on_this_machine = inquiry_of(world, license, endpoint_of(server, encryption_jwk=None))
    answer = await issuers.ask(on_this_machine)
    assert isinstance(answer, Answered)
    assert Fact.HOLDER in answer.matching
    assert "facts" in server.seen.inquiries[-1]
    await issuers.aclose()


async def test_nothing_to_ask(asking: HttpIssuers) -> None:
    async with RawIssuer() as raw:
        asked = inquiry(endpoint(raw.port))
        assert isinstance(await asking.ask(asked), Answered)
        nothing = replace(asked, identifier=None)
        assert await asking.ask(nothing) == NotAsked(Unasked.NO_QUESTION)
        assert len(raw.heads) == 1


async def test_a_question_over_the_cap_is_not_sent(asking: HttpIssuers) -> None:
    async with RawIssuer() as raw:
        asked = inquiry(endpoint(raw.port))
        assert isinstance(await asking.ask(asked), Answered)
        answer = await asking.ask(replace(asked, purpose="x" * 70_000))
        assert answer == Unreachable(Silence.OVERSIZED, "question over 65536 bytes")
        assert len(raw.heads) == 1


@dataclass(frozen=True)
class BrokenSigner(EdwardsSigner):
    def sign(self, message: bytes) -> bytes:
        raise Unavailable("the module does not answer")


async def test_a_node_that_cannot_sign_asks_nothing() -> None:
    async with RawIssuer() as raw:
        issuers = gateway(BrokenSigner(), trust=TRUST)
        answer = await issuers.ask(inquiry(endpoint(raw.port)))
        assert isinstance(answer, Unreachable)
        assert (answer.why, raw.connections) == (Silence.CONNECTION, 0)
        await issuers.aclose()


@dataclass(frozen=True)
class StuckSigner(EdwardsSigner):
    """A hardware module that does not return until it is let go."""

    free: threading.Event = field(default_factory=threading.Event)

    def sign(self, message: bytes) -> bytes:
        self.free.wait(10)
        return super().sign(message)


async def test_a_key_that_hangs_holds_nobody_else_up(asking: HttpIssuers) -> None:
    """This question ends at its deadline, and meanwhile others are asked and answered."""
    signer = StuckSigner()
    async with RawIssuer() as raw:
        issuers = gateway(signer, trust=TRUST)
        start = time.monotonic()
        stuck = asyncio.create_task(issuers.ask(inquiry(endpoint(raw.port, deadline=SHORT))))
        await asyncio.sleep(0)
        assert isinstance(await asking.ask(inquiry(endpoint(raw.port))), Answered)
        assert await stuck == Unreachable(Silence.TIMEOUT, "deadline")
        assert time.monotonic() - start < SOON
        signer.free.set()
        assert isinstance(await issuers.ask(inquiry(endpoint(raw.port))), Answered)
        await issuers.aclose()


@pytest.mark.parametrize(
    "scheme", [Scheme.ED25519, Scheme.ECDSA_P256_SHA256, Scheme.SM2_SM3], ids=str
)
async def test_issuers_accept_this_nodes_keys(world: World, scheme: Scheme, tmp_path: Path) -> None:
    keys = FolderKeys(tmp_path / "keys", new_keys=scheme)
    stranger = FolderKeys(tmp_path / "stranger", new_keys=scheme)
    known = knowing(keys.signer(), JOSE_BY_SCHEME[scheme])
    async with serve(world, nodes=known) as servers:
        asked = inquiry_of(world, world.pick("university"), endpoint_of(servers["university"]))
        for provider, accepted in ((keys, True), (stranger, False)):
            issuers = HttpIssuers(provider.signer, NODE, now, trust=TRUST)
            answer = await issuers.ask(asked)
            await issuers.aclose()
            assert isinstance(answer, Answered) is accepted, answer


async def test_nothing_personal_is_logged(
    world: World, servers: Servers, asking: HttpIssuers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "app")
    license = world.pick("university")
    asked = inquiry_of(world, license, endpoint_of(servers["university"]))
    servers.set_behaviour("university", "html_login")
    assert isinstance(await asking.ask(asked), Unreachable)
    logged = [record.getMessage() for record in caplog.records if record.name.startswith("app")]
    assert len(logged) == 1
    assert license.issuer in logged[0]
    for secret in (license.id, license.number, license.holder.name, license.holder.code, "http"):
        assert secret not in logged[0]


# ---- TLS


@dataclass(frozen=True)
class Authority:
    """A certification authority for one test."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def new(cls) -> "Authority":
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        built = _certificate(name, name, key.public_key(), days=30).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        return cls(key, built.sign(key, hashes.SHA256()))

    @property
    def trusted(self) -> ssl.SSLContext:
        pem = self.certificate.public_bytes(serialization.Encoding.PEM).decode()
        return ssl.create_default_context(cadata=pem)

    def server(self, folder: Path, host: str, days: int = 30) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        built = _certificate(subject, self.certificate.subject, key.public_key(), days=days)
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        signed = built.add_extension(names, critical=False).sign(self.key, hashes.SHA256())
        path = folder / f"{host}{days}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + signed.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, days: int
) -> x509.CertificateBuilder:
    today = now()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(days=60))
        .not_valid_after(today + dt.timedelta(days=days))
    )


HOST = "issuer.example"


async def ask_over_tls(server: ssl.SSLContext | None, trust: ssl.SSLContext) -> object:
    async with RawIssuer(tls=server) as raw:
        issuers = gateway(trust=trust, resolver=lambda: ScriptedResolver(("127.0.0.1",)))
        answer = await issuers.ask(inquiry(endpoint(raw.port, HOST, "https")))
        await issuers.aclose()
        if not isinstance(answer, Answered):
            assert raw.received == 0
        return answer


async def test_tls(tmp_path: Path) -> None:
    authority, other = Authority.new(), Authority.new()
    good_server = authority.server(tmp_path, HOST)
    answer = await ask_over_tls(good_server, authority.trusted)
    assert isinstance(answer, Answered), answer
    assert answer.authenticated
    assert answer.signed
    bad = {
        "of another authority": (other.server(tmp_path, HOST), authority.trusted),
        "for another name": (authority.server(tmp_path, "other.example"), authority.trusted),
        "expired": (authority.server(tmp_path, HOST, days=-1), authority.trusted),
        "of no public authority": (good_server, TRUST),
    }
    for name, (server, trust) in bad.items():
        answer = await ask_over_tls(server, trust)
        assert answer == Unreachable(Silence.CONNECTION, "TLS: no trusted connection"), name


async def test_no_tls_where_there_should_be(tmp_path: Path) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    issuers = gateway(trust=TRUST, resolver=lambda: ScriptedResolver(("127.0.0.1",)))
    port = server.sockets[0].getsockname()[1]
    answer = await issuers.ask(inquiry(endpoint(port, HOST, "https")))
    assert answer == Unreachable(Silence.CONNECTION, "TLS: no trusted connection")
    await issuers.aclose()
    server.close()
    await server.wait_closed()


async def test_no_version_of_tls_in_common(tmp_path: Path) -> None:
    authority = Authority.new()
    server = authority.server(tmp_path, HOST)
    server.minimum_version = ssl.TLSVersion.TLSv1_2
    server.maximum_version = ssl.TLSVersion.TLSv1_2
    assert isinstance(await ask_over_tls(server, authority.trusted), Answered)
    newest = authority.trusted
    newest.minimum_version = ssl.TLSVersion.TLSv1_3
    answer = await ask_over_tls(server, newest)
    assert isinstance(answer, Unreachable)
    assert answer.why is Silence.CONNECTION


async def test_unsigned_over_tls_is_authenticated_and_not_signed(tmp_path: Path) -> None:
    """The narrow way for issuers without keys: said, and said to be unsigned."""
    authority = Authority.new()
    import base64

    def unsigned(token: bytes) -> bytes:
        payload = token.split(b".")[1]
        body = base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4))
        return head(JSON + b"; charset=UTF-8", length(body)) + body

    async with RawIssuer(unsigned, tls=authority.server(tmp_path, HOST)) as raw:
        issuers = gateway(
            trust=authority.trusted, resolver=lambda: ScriptedResolver(("127.0.0.1",))
        )
        answer = await issuers.ask(inquiry(endpoint(raw.port, HOST, "https")))
        await issuers.aclose()
    assert isinstance(answer, Answered), answer
    assert (answer.signed, answer.authenticated, answer.token) == (False, True, "")
    assert not answer.authoritative


def test_the_node_is_known_to_its_issuers() -> None:
    assert SIGNER.kid
    assert NODE
