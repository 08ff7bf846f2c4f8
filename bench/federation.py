"""Questions a second at 50 in flight over loopback, by how much of the gateway is in the way.

    python bench/federation.py

Runs in some 12 s on two cores: one asks, one answers (a server of its own, in a second process).
Rounds of all candidates alternate, so that a busy machine slows all of them; the ratios to the
bare transport are what to keep.
"""

import asyncio
import hashlib
import json
import multiprocessing
import multiprocessing.connection
import resource
import secrets
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from httpx_aiohttp import AiohttpTransport

from app.crypto.jose import base64url, to_base64url
from app.domain.identifier import Identifier, IssuerCode
from app.domain.issuer import Answered, AnswerKey, Endpoint, Inquiry, Speaker
from app.domain.license import Claims, KeyId
from app.domain.scheme import Scheme
from app.federation.answer import read_signed
from app.federation.egress import destination
from app.federation.gateway import HttpIssuers
from app.federation.transport import SystemResolver, open_client
from app.federation.wire import compose

IN_FLIGHT = 50
ROUNDS = 5
REQUESTS = 500
"""Of each candidate in a round."""
NODE = "bench-node"
KEY = ed25519.Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
IDENTIFIER = Identifier.read(
    "1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000001.001.B"
)


@dataclass(frozen=True)
class Signer:
    """One Ed25519 key for both sides."""

    kid: str = "bench-1"
    scheme: Scheme = Scheme.ED25519
    public_jwk: dict[str, str] = field(default_factory=dict)

    def sign(self, message: bytes) -> bytes:
        return KEY.sign(message)


SIGNER = Signer()


class Answerer(asyncio.Protocol):
    """As little HTTP as will do: whole requests in, signed answers out."""

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(rest) >= size and self._transport is not None:
            self._received = rest[size:]
            body = answer(rest[:size])
            kind = b"Content-Type: application/jose\r\nContent-Length: %d\r\n\r\n" % len(body)
            self._transport.write(b"HTTP/1.1 200 OK\r\n" + kind + body)


def answer(question: bytes) -> bytes:
    asked = json.loads(base64url(question.split(b".")[1].decode(), "payload"))
    now = int(time.time())
    payload = {
        "iss": asked["aud"],
        "aud": asked["iss"],
        "iat": now,
        "inquiry": to_base64url(hashlib.sha256(question).digest()),
        "identifier": asked["identifier"],
        "outcome": 0,
        "document": "match",
        "facts": {},
        "as_of": now,
    }
    header = {"typ": "ivp-answer+jwt", "alg": "EdDSA", "kid": SIGNER.kid}
    signed = ".".join(to_base64url(json.dumps(part).encode()) for part in (header, payload))
    return f"{signed}.{to_base64url(KEY.sign(signed.encode()))}".encode()


def serve(told: multiprocessing.connection.Connection) -> None:
    """Serve until the parent ends this process; the port is told first."""

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Answerer, "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def inquiry_to(port: int) -> Inquiry:
    spki = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    where = Endpoint(
        issuer=IssuerCode(IDENTIFIER.issuer),
        speaker=Speaker.ISSUER,
        url=f"http://127.0.0.1:{port}/ivp",
        answer_keys=(AnswerKey(KeyId(SIGNER.kid), SIGNER.scheme, spki),),
        networks=("127.0.0.0/8",),
        deadline=timedelta(seconds=30),
        max_in_flight=IN_FLIGHT,
    )
    return Inquiry(
        endpoint=where,
        identifier=IDENTIFIER,
        type=IDENTIFIER.type,
        claims=Claims(identifier=IDENTIFIER),
        compare=frozenset(),
        digests={"sm3": b"\x01" * 32, "sha256": b"\x02" * 32},
        purpose="public-check",
        at=None,
    )


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Candidates:
    """The same question asked in four ways."""

    inquiry: Inquiry
    bare: httpx.AsyncClient
    guarded: httpx.AsyncClient
    issuers: HttpIssuers

    async def transport(self) -> None:
        await self._post(self.bare, self._token)

    async def guard(self) -> None:
        await self._post(self.guarded, self._token)

    async def by_hand(self) -> None:
        """Question and answer as the gateway does them, without the gateway."""
        question = compose(
            self.inquiry,
            node=NODE,
            signer=SIGNER,
            now=utc_now(),
            jti=secrets.token_urlsafe(16),
            private=True,
        )
        body = await self._post(self.bare, question.token)
        where = self.inquiry.endpoint
        said = read_signed(body, question, where, now=utc_now(), authenticated=False)
        if not isinstance(said, Answered):
            raise SystemExit(f"not answered: {said}")

    async def gateway(self) -> None:
        said = await self.issuers.ask(self.inquiry)
        if not isinstance(said, Answered):
            raise SystemExit(f"not answered: {said}")

    @property
    def _token(self) -> bytes:
        return TOKEN

    async def _post(self, client: httpx.AsyncClient, token: bytes) -> bytes:
        response = await client.post(self.inquiry.endpoint.url, content=token)
        if response.status_code != httpx.codes.OK:
            raise SystemExit(f"status {response.status_code}")
        return response.content


TOKEN = compose(
    inquiry_to(1), node=NODE, signer=SIGNER, now=utc_now(), jti="j" * 22, private=True
).token


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def measure(ask: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    """Requests a second, and microseconds of processor time for one."""
    left = iter(range(REQUESTS))

    async def worker() -> None:
        for _ in left:
            await ask()

    start, used = time.perf_counter(), processor_seconds()
    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
    spent = time.perf_counter() - start
    return REQUESTS / spent, (processor_seconds() - used) / REQUESTS * 1e6


async def compare(port: int) -> None:
    inquiry = inquiry_to(port)
    trust = httpx.create_ssl_context(trust_env=False)
    resolver = SystemResolver()
    limits = httpx.Limits(max_connections=IN_FLIGHT)
    bare = httpx.AsyncClient(
        transport=AiohttpTransport(verify=trust, trust_env=False, limits=limits), timeout=30
    )
    where = destination(inquiry.endpoint.url, inquiry.endpoint.networks)
    guarded = open_client(where, resolver=resolver, trust=trust, limit=IN_FLIGHT, headers={})
    issuers = HttpIssuers(lambda: SIGNER, NODE, utc_now, trust=trust)
    asked = Candidates(inquiry, bare, guarded, issuers)
    ways = {
        "transport, bare": asked.transport,
        "transport, guarded": asked.guard,
        "bare, with the question signed and the answer verified": asked.by_hand,
        "gateway": asked.gateway,
    }
    for ask in ways.values():
        await measure(ask)  # connections, tables, caches
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, ask in ways.items():
            results[name].append(await measure(ask))
    show(results)
    await bare.aclose()
    await guarded.aclose()
    await resolver.close()
    await issuers.aclose()


def show(results: dict[str, list[tuple[float, float]]]) -> None:
    floor = next(iter(results.values()))
    print(f"{IN_FLIGHT} in flight, {ROUNDS} rounds of {REQUESTS}; medians, ratio to the first")
    for name, rounds in results.items():
        rate = statistics.median(rate for rate, _ in rounds)
        cost = statistics.median(cost for _, cost in rounds)
        ratio = statistics.median(a / b for (a, _), (b, _) in zip(rounds, floor, strict=True))
        spread = f"{min(r for r, _ in rounds):,.0f}–{max(r for r, _ in rounds):,.0f}"
        print(f"{rate:7,.0f}/s ({spread})  {cost:6.0f} µs CPU  {ratio:4.2f}  {name}")


def main() -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    try:
        asyncio.run(compare(ours.recv()))
    finally:
        server.terminate()
        server.join()


if __name__ == "__main__":
    main()
