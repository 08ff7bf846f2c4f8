"""An issuer for benches: as little HTTP as will do, in a process of its own, and what asks it.

Whole requests in, answers out, each signed over its very question: at once, after a while, never.
"""

import asyncio
import hashlib
import json
import multiprocessing
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.crypto.jose import base64url, to_base64url
from app.domain.identifier import Identifier, IssuerCode
from app.domain.issuer import AnswerKey, Endpoint, Inquiry, Speaker
from app.domain.license import Claims, KeyId
from app.domain.scheme import Scheme
from app.federation.wire import compose

NODE: Final = "bench-node"
KEY: Final = ed25519.Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
IDENTIFIER: Final = Identifier.read(
    "1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000001.001.B"
)
BACKLOG: Final = 1024
"""Connections that may wait to be accepted: more than any bench opens at once."""


@dataclass(frozen=True)
class Signer:
    """One Ed25519 key for both sides."""

    kid: str = "bench-1"
    scheme: Scheme = Scheme.ED25519
    public_jwk: dict[str, str] = field(default_factory=dict)

    def sign(self, message: bytes) -> bytes:
        return KEY.sign(message)


SIGNER: Final = Signer()


# ---- the one that answers


class Answerer(asyncio.Protocol):
    """One connection."""

    def __init__(self, thinks: float = 0.0, silent: Callable[[], bool] = lambda: False) -> None:
        """`thinks`: seconds before an answer. `silent`: hears, and never says a word."""
        self._thinks = thinks
        self._silent = silent
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end or self._silent():
            return
        size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(rest) < size:
            return
        self._received = rest[size:]
        if self._thinks:
            asyncio.get_running_loop().call_later(self._thinks, self._answer, rest[:size])
        else:
            self._answer(rest[:size])

    def _answer(self, question: bytes) -> None:
        body = answer(question)
        kind = b"Content-Type: application/jose\r\nContent-Length: %d\r\n\r\n" % len(body)
        if self._transport is not None:
            self._transport.write(b"HTTP/1.1 200 OK\r\n" + kind + body)


def answer(question: bytes) -> bytes:
    """In force, of this very file."""
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


def serve(told: Connection, number: int, thinks: float) -> None:
    """So many endpoints; their ports are told first. Then it is told how many of them, from the
    first on, are silent.
    """

    async def run() -> None:
        loop = asyncio.get_running_loop()
        silent = 0
        ports = []

        def hear() -> None:
            nonlocal silent
            silent = told.recv()

        def of(index: int) -> Answerer:
            return Answerer(thinks, lambda: index < silent)

        for index in range(number):
            server = await loop.create_server(
                lambda i=index: of(i),  # type: ignore[misc]
                *("127.0.0.1", 0),
                backlog=BACKLOG,
            )
            ports.append(server.sockets[0].getsockname()[1])
        loop.add_reader(told.fileno(), hear)
        told.send(ports)
        await asyncio.Event().wait()

    asyncio.run(run())


@contextmanager
def serving(number: int = 1, *, thinks: float = 0.0) -> Iterator[tuple[list[int], Connection]]:
    """Ports, and where to say how many of them are silent; as long as the block lasts."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(theirs, number, thinks), daemon=True)
    server.start()
    try:
        yield ours.recv(), ours
    finally:
        server.terminate()
        server.join()


# ---- whoever asks


def inquiry_to(port: int, *, most: int = 50) -> Inquiry:
    """`most`: questions to it at once."""
    spki = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    where = Endpoint(
        issuer=IssuerCode(IDENTIFIER.issuer),
        speaker=Speaker.ISSUER,
        url=f"http://127.0.0.1:{port}/ivp",
        answer_keys=(AnswerKey(KeyId(SIGNER.kid), SIGNER.scheme, spki),),
        networks=("127.0.0.0/8",),
        deadline=timedelta(seconds=30),
        max_in_flight=most,
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


def processor_seconds() -> float:
    """Of this process, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


TOKEN: Final = compose(
    inquiry_to(1), node=NODE, signer=SIGNER, now=utc_now(), jti="j" * 22, private=True
).token
"""A question of the usual size."""
