"""A node that asks the sandbox's issuers, through the gateway and real sockets."""

import asyncio
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Self

from cryptography.hazmat.primitives.asymmetric import ed25519

from app.crypto.digests import digest
from app.crypto.schemes import SCHEME_BY_JOSE
from app.crypto.signing import Signer
from app.domain.identifier import Identifier, IssuerCode, TypeCode
from app.domain.issuer import AnswerKey, Endpoint, Inquiry, Speaker
from app.domain.license import Claims, Fact, KeyId
from app.domain.scheme import Digest, Scheme
from app.federation.gateway import HttpIssuers
from sandbox.issuer import IssuerServer
from sandbox.keys import b64
from sandbox.licenses import License
from sandbox.nodes import Nodes
from sandbox.world import World

NODE = "zhengyan-test"
FACTS = frozenset({Fact.NUMBER, Fact.HOLDER, Fact.HOLDER_CODE, Fact.DATES})
LOOPBACK = ("127.0.0.0/8",)


@dataclass(frozen=True)
class EdwardsSigner:
    """A node key in memory."""

    key: ed25519.Ed25519PrivateKey = field(
        default_factory=lambda: ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    )
    kid: str = "node-key-1"
    scheme: Scheme = Scheme.ED25519

    @property
    def public_jwk(self) -> dict[str, str]:
        return {"kty": "OKP", "crv": "Ed25519", "x": b64(self.key.public_key().public_bytes_raw())}

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message)


SIGNER = EdwardsSigner()


def now() -> datetime:
    return datetime.now(UTC)


def knowing(signer: Signer, alg: str = "EdDSA") -> Nodes:
    """The list of askers of issuers that know this node."""
    known = Nodes()
    known.add({"node": NODE, "keys": [{**signer.public_jwk, "kid": signer.kid, "alg": alg}]})
    return known


def gateway(signer: Signer = SIGNER, **changes: object) -> HttpIssuers:
    return HttpIssuers(lambda: signer, NODE, now, **changes)  # type: ignore[arg-type]


def endpoint_of(server: IssuerServer, **changes: object) -> Endpoint:
    """As a registry would have it; the deadline is short, for tests."""
    office = server.office
    jwk = {**office.encryption_key.jwk(), "kid": f"{server.name}-facts", "alg": "ECDH-ES"}
    keys = tuple(
        AnswerKey(KeyId(held.kid), SCHEME_BY_JOSE[held.alg], held.key.spki())
        for held in office.body.keys
        if "answer" in held.uses and held.usable(now())
    )
    endpoint = Endpoint(
        issuer=IssuerCode(office.body.code),
        speaker=Speaker.ISSUER,
        url=server.endpoint,
        answer_keys=keys,
        networks=LOOPBACK,
        deadline=timedelta(seconds=5),
        encryption_jwk=json.dumps(jwk),
    )
    return replace(endpoint, **changes)  # type: ignore[arg-type]


def claims_of(license: License) -> Claims:
    until = license.valid_until
    return Claims(
        identifier=Identifier.read(license.id),
        type=TypeCode(license.type),
        issuer=IssuerCode(license.issuer),
        number=license.number,
        holder=license.holder.name,
        holder_code=license.holder.code,
        valid_from=license.valid_from,
        valid_until=until if isinstance(until, date) else None,
        long_term=until == "长期",
    )


def inquiry_of(
    world: World,
    license: License,
    endpoint: Endpoint,
    *,
    by_number: bool = False,
    **changes: object,
) -> Inquiry:
    """About that license, showing its token and comparing everything."""
    content = world.token(license)
    claims = claims_of(license)
    inquiry = Inquiry(
        endpoint=endpoint,
        identifier=None if by_number else claims.identifier,
        type=claims.type,
        claims=replace(claims, identifier=None) if by_number else claims,
        compare=FACTS,
        digests={name.value: digest(name, content) for name in (Digest.SM3, Digest.SHA256)},
        purpose="public-check",
        at=None,
    )
    return replace(inquiry, **changes)  # type: ignore[arg-type]


class Canary:
    """Listens, and counts who knocks; it answers nobody."""

    def __init__(self) -> None:
        self.knocks = 0
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._knocked, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _knocked(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.knocks += 1
        writer.close()
