"""Sealing holder facts for an issuer: JWE compact (RFC 7516), ECDH-ES with A256GCM on P-256.

ECDH-ES in direct key agreement (RFC 7518 §4.6), A256GCM (§5.3), one ephemeral key per message,
so the same facts never look the same twice and nothing here can open them again. Only the issuer
opens (`app.federation.opening`, in the issuer kit); a verifying node has no key to.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash

from app.crypto.jose import JsonLimits, base64url, read_json_object, to_base64url
from app.domain.errors import InvalidKey, Malformed

MAX_JWK: Final = JsonLimits(size=4096, depth=4, members=32, items=32)
MAX_KID: Final = 128
"""Characters of the key's name."""
COORDINATE: Final = 32
"""Octets of a coordinate on P-256."""
ENCRYPTION: Final = "A256GCM"
KEY_BITS: Final = 256
NONCE: Final = 12
"""Octets (RFC 7518 §5.3)."""
TAG: Final = 16
"""Octets (RFC 7518 §5.3)."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """An issuer's public key for facts."""

    kid: str
    key: ec.EllipticCurvePublicKey


@lru_cache(512)
def read_recipient(jwk: str) -> Recipient:
    """Read the registered JSON Web Key (RFC 7517, RFC 7518 §6.2.1).

    Raises:
        InvalidKey: not an EC public key on P-256, for another use, or with its private part.
    """
    try:
        members = read_json_object(jwk.encode("utf-8", "surrogatepass"), MAX_JWK)
        _check_use(members)
        x, y = (_coordinate(members.get(name), name) for name in ("x", "y"))
        key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except Malformed as broken:
        raise InvalidKey(f"encryption key: {broken}") from broken
    except ValueError as broken:
        raise InvalidKey("encryption key: point not on the curve") from broken
    kid = members.get("kid")
    if not isinstance(kid, str) or not 1 <= len(kid) <= MAX_KID:
        raise InvalidKey("encryption key: no kid")
    return Recipient(kid, key)


def seal(plaintext: bytes, recipient: Recipient) -> str:
    """The plaintext as JWE compact: five parts, the second empty."""
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    header = {
        "alg": "ECDH-ES",
        "enc": ENCRYPTION,
        "kid": recipient.kid,
        "epk": _public_jwk(ephemeral.public_key()),
    }
    protected = to_base64url(json.dumps(header, separators=(",", ":")).encode())
    secret = ephemeral.exchange(ec.ECDH(), recipient.key)
    nonce = secrets.token_bytes(NONCE)
    cipher = AESGCM(concat_kdf(secret, ENCRYPTION, KEY_BITS))
    sealed = cipher.encrypt(nonce, plaintext, protected.encode())
    parts = (nonce, sealed[:-TAG], sealed[-TAG:])
    return ".".join((protected, "", *(to_base64url(part) for part in parts)))


def concat_kdf(
    secret: bytes, algorithm: str, bits: int, apu: bytes = b"", apv: bytes = b""
) -> bytes:
    """The key of RFC 7518 §4.6.2: Concat KDF of NIST SP 800-56A with SHA-256."""
    parts = (algorithm.encode(), apu, apv)
    info = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    kdf = ConcatKDFHash(hashes.SHA256(), bits // 8, info + bits.to_bytes(4, "big"))
    return kdf.derive(secret)


_USE: Final[Mapping[str, tuple[object, ...]]] = MappingProxyType(
    {
        "kty": ("EC",),
        "crv": ("P-256",),
        "alg": (None, "ECDH-ES"),
        "use": (None, "enc"),
        "d": (None,),
    }
)
"""Member → values it may have; None is absent."""


def _check_use(members: Mapping[str, object]) -> None:
    for name, allowed in _USE.items():
        if members.get(name) not in allowed:
            raise InvalidKey(f"encryption key: {name} does not fit a public ECDH-ES key on P-256")


def _coordinate(value: object, name: str) -> int:
    if not isinstance(value, str):
        raise InvalidKey(f"encryption key: no {name}")
    octets = base64url(value, name)
    if len(octets) != COORDINATE:
        raise InvalidKey(f"encryption key: {name} is not {COORDINATE} octets")
    return int.from_bytes(octets, "big")


def _public_jwk(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    numbers = key.public_numbers()
    x, y = (to_base64url(n.to_bytes(COORDINATE, "big")) for n in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}
