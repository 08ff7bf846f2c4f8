"""A node that asks: questions signed with PyJWT, answers read from the bare socket."""

import asyncio
import contextlib
import hashlib
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ed25519

from sandbox.issuer import ENDPOINT, IssuerServer
from sandbox.keys import b64
from sandbox.licenses import License
from sandbox.nodes import Nodes

NODE, KID = "test-node-1", "node-key-1"
SECRET = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def nodes() -> Nodes:
    """An issuer's list of askers with this one on it."""
    known = Nodes()
    x = b64(SECRET.public_key().public_bytes_raw())
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": KID, "alg": "EdDSA"}
    known.add({"node": NODE, "keys": [jwk]})
    return known


def question(license: License, audience: str | None = None, **members: Any) -> dict[str, Any]:
    """About that license, comparing everything; a member given as None is left out."""
    now = int(time.time())
    payload = {
        "iss": NODE,
        "aud": audience or license.issuer,
        "iat": now,
        "exp": now + 30,
        "jti": secrets.token_urlsafe(16),
        "identifier": license.id,
        "facts": {
            "number": license.number,
            "holder": license.holder.name,
            "holder_code": license.holder.code,
            "dates": {"from": license.valid_from.isoformat(), "until": None},
        },
        "compare": ["number", "holder", "holder_code", "dates"],
        "purpose": "public-check",
        "via": [NODE],
        **members,
    }
    return {name: value for name, value in payload.items() if value is not None}


def digest_of(content: bytes) -> dict[str, str]:
    return {"alg": "sha256", "value": b64(hashlib.sha256(content).digest())}


def seal(payload: dict[str, Any], **header: Any) -> bytes:
    headers = {"typ": "ivp-inquiry+jwt", "kid": KID, **header}
    return (
        jwt.PyJWS()
        .encode(json.dumps(payload).encode(), SECRET, algorithm="EdDSA", headers=headers)
        .encode()
    )


@dataclass(frozen=True, slots=True)
class Exchange:
    token: bytes
    raw: bytes
    """Every byte that came back until the peer closed, or the first response."""
    was_reset: bool = False

    @property
    def head(self) -> str:
        return self.raw.partition(b"\r\n\r\n")[0].decode("latin-1")

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]

    @property
    def status(self) -> int:
        return int(self.head.split()[1])

    def field(self, name: str) -> str:
        lines = (line.partition(":") for line in self.head.split("\r\n")[1:])
        return next((value.strip() for key, _, value in lines if key.lower() == name), "")

    @property
    def answer(self) -> dict[str, Any]:
        """The payload, whoever signed it."""
        if self.status != 200:
            raise AssertionError(self.raw)
        middle = self.body.split(b".")[1]
        return json.loads(jwt.utils.base64url_decode(middle))


async def ask(server: IssuerServer, payload: dict[str, Any], **header: Any) -> Exchange:
    return await post(server, seal(payload, **header))


async def post(
    server: IssuerServer, body: bytes, path: str = ENDPOINT, method: str = "POST"
) -> Exchange:
    reader, writer = await asyncio.open_connection(server.host, server.port, limit=1 << 24)
    writer.write(
        f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"Content-Type: application/jose\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    raw, was_reset = bytearray(), False
    try:
        async with asyncio.timeout(20):
            while data := await reader.read(1 << 16):
                raw += data
    except ConnectionResetError:
        was_reset = True
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return Exchange(body, bytes(raw), was_reset)
