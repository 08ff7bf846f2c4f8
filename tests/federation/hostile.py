"""A server that says exactly the bytes it is told to, around an answer that would be good."""

import asyncio
import contextlib
import hashlib
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Self

from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.domain.identifier import Identifier, IssuerCode
from app.domain.issuer import AnswerKey, Endpoint, Inquiry, Speaker
from app.domain.license import Claims, KeyId
from app.domain.scheme import Scheme
from sandbox.keys import b64, unb64
from tests.federation.asking import LOOPBACK

KEY = ed25519.Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
KID = "raw-1"
ISSUER = IssuerCode("11630000MB0000019J")
IDENTIFIER = Identifier.read(
    "1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000001.001.B"
)
ANSWER_KEY = AnswerKey(
    KeyId(KID),
    Scheme.ED25519,
    KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
)
Respond = Callable[[bytes], bytes]
"""The good answer → everything that is sent."""


def good(token: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/jose\r\nContent-Length: %d\r\n\r\n%s" % (
        len(token),
        token,
    )


def sign(payload: dict[str, object], **header: object) -> bytes:
    head = {"typ": "ivp-answer+jwt", "alg": "EdDSA", "kid": KID, **header}
    signed = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(payload).encode())}"
    return f"{signed}.{b64(KEY.sign(signed.encode()))}".encode()


def answer_to(question: bytes) -> dict[str, object]:
    """In force, said about this very question."""
    asked = json.loads(unb64(question.split(b".")[1].decode()))
    now = int(time.time())
    return {
        "iss": asked["aud"],
        "aud": asked["iss"],
        "iat": now,
        "inquiry": b64(hashlib.sha256(question).digest()),
        "identifier": asked["identifier"],
        "outcome": 0,
        "document": "unknown",
        "facts": {},
        "as_of": now,
    }


class RawIssuer:
    """Answers every question by `respond`; keeps connections open unless told to close."""

    def __init__(
        self, respond: Respond = good, *, close: bool = False, tls: ssl.SSLContext | None = None
    ) -> None:
        self.respond = respond
        self.close = close
        self.connections = 0
        self.heads: list[bytes] = []
        self.received = 0
        self.port = 0
        self._tls = tls
        self._open: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                question = await reader.readexactly(length)
                self.received += len(question)
                writer.write(self.respond(sign(answer_to(question))))
                await writer.drain()
                if self.close:
                    break
        writer.close()
        self._open.discard(writer)


def endpoint(
    port: int, host: str = "127.0.0.1", scheme: str = "http", **changes: object
) -> Endpoint:
    made = Endpoint(
        issuer=ISSUER,
        speaker=Speaker.ISSUER,
        url=f"{scheme}://{host}:{port}/ivp",
        answer_keys=(ANSWER_KEY,),
        networks=LOOPBACK,
        deadline=timedelta(seconds=2),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def inquiry(where: Endpoint) -> Inquiry:
    return Inquiry(
        endpoint=where,
        identifier=IDENTIFIER,
        type=IDENTIFIER.type,
        claims=Claims(identifier=IDENTIFIER),
        compare=frozenset(),
        digests={},
        purpose="public-check",
        at=None,
    )


class ScriptedResolver(AbstractResolver):
    """Names stand for what the script says, one entry a lookup, the last for ever."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self.answers = list(answers)
        self.lookups = 0

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        self.lookups += 1
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            ResolveResult(hostname=host, host=address, port=port, family=0, proto=0, flags=0)
            for address in found
        ]

    async def close(self) -> None:
        return
