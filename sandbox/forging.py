"""Tools of a forger: a token bent in one place, and signed again or not."""

import base64
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from sandbox import jws, tokens
from sandbox.bodies import HeldKey
from sandbox.jws import JsonObject, Signer
from sandbox.keys import P256_ORDER, b64
from sandbox.licenses import License
from sandbox.world import World

Forge = Callable[[World, License], bytes]


@dataclass(frozen=True, slots=True)
class Bent:
    """A license token before it is signed, to be bent by keyword."""

    header: JsonObject
    payload: JsonObject
    key: Signer

    def token(self) -> bytes:
        return jws.sign(self.header, self.payload, self.key)

    def claims(self, **members: object) -> "Bent":
        return replace(self, payload={**self.payload, **members})

    def without(self, name: str) -> "Bent":
        kept = {member: value for member, value in self.payload.items() if member != name}
        return replace(self, payload=kept)

    def headed(self, **members: object) -> "Bent":
        return replace(self, header={**self.header, **members})

    def headless(self, name: str) -> "Bent":
        kept = {member: value for member, value in self.header.items() if member != name}
        return replace(self, header=kept)

    def by(self, held: HeldKey) -> "Bent":
        """Another key, honestly named in the header."""
        return replace(self.headed(alg=held.alg, kid=held.kid), key=held.key)

    def with_key(self, key: Signer) -> "Bent":
        """Another key under the old name."""
        return replace(self, key=key)

    def raw(self, payload: bytes) -> bytes:
        """Signed bytes that need not be JSON."""
        return jws.sign_raw(jws.to_json(self.header), payload, self.key)

    def raw_header(self, header: bytes) -> bytes:
        return jws.sign_raw(header, jws.to_json(self.payload), self.key)


def bend(world: World, license: License) -> Bent:
    """The genuine token, open for bending. Unbent, it is the genuine token again."""
    held = world.held(license.kid)
    return Bent(tokens.header_of(held), tokens.payload_of(license), held.key)


def claims(**members: object) -> Forge:
    """Other claims, signed by the genuine key."""
    return lambda world, license: bend(world, license).claims(**members).token()


def headed(**members: object) -> Forge:
    """Other header members, signed by the genuine key."""
    return lambda world, license: bend(world, license).headed(**members).token()


def around(change: Callable[[bytes], bytes]) -> Forge:
    """The genuine token, changed as bytes."""
    return lambda world, license: change(world.token(license))


def resigned(header: JsonObject, signature: Callable[[bytes], bytes]) -> Forge:
    """Another header over the same payload, with a value made from what it is over."""

    def forge(world: World, license: License) -> bytes:
        bent = bend(world, license).headed(**header)
        return bent.with_key(Maker(signature)).token()

    return forge


@dataclass(frozen=True, slots=True)
class Maker:
    """Any function in the place of a key."""

    make: Callable[[bytes], bytes]

    def sign(self, message: bytes) -> bytes:
        return self.make(message)


def hmac_with(secret: Callable[[HeldKey], bytes]) -> Forge:
    """HS256 over the genuine claims with something public as the secret."""

    def forge(world: World, license: License) -> bytes:
        public = secret(world.held(license.kid))
        mac = Maker(lambda message: hmac.digest(public, message, "sha256"))
        return bend(world, license).headed(alg="HS256").with_key(mac).token()

    return forge


def pem(held: HeldKey, label: str = "PUBLIC KEY") -> bytes:
    """The public key as a PEM file spells it."""
    text = base64.encodebytes(held.key.spki()).decode()
    return f"-----BEGIN {label}-----\n{text}-----END {label}-----\n".encode()


def jwk_text(held: HeldKey) -> bytes:
    return json.dumps(held.key.jwk()).encode()


def signature_part(change: Callable[[bytes], bytes]) -> Forge:
    """The genuine token with another signature value."""

    def bent(token: bytes) -> bytes:
        parts = jws.split(token)
        return parts.signed + b"." + b64(change(parts.signature)).encode()

    return around(bent)


def twin(signature: bytes) -> bytes:
    """(r, n - s): the other value of an ECDSA signature, as good as the first."""
    s = int.from_bytes(signature[32:], "big")
    return signature[:32] + (P256_ORDER - s).to_bytes(32, "big")


def noncanonical(token: bytes) -> bytes:
    """The last character with an unused bit set: the same bytes to a lax decoder."""
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + bytes((alphabet[alphabet.index(token[-1]) + 1],))


def padded(token: bytes) -> bytes:
    """Each part with the padding that RFC 7515 leaves out."""
    return b".".join(part + b"=" * (-len(part) % 4) for part in token.split(b"."))
