"""Signing keys of four schemes, each the same for the same seed and name.

`Key.sign` gives the same bytes for the same message (a world is repeatable); `Key.answer` may be
faster and need not. Public keys are told as JWK (RFC 7517) and as SubjectPublicKeyInfo.
SM2 has no registered JOSE name: `"crv": "SM2"`, `"alg": "SM2SM3"` are private names.
"""

import base64
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from cryptography.hazmat.primitives.asymmetric import rsa as library_rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sandbox import rsa, sm2
from sandbox.stream import Stream

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_PSS = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
_ECDSA = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


def b64(data: bytes) -> str:
    """base64url without padding, RFC 7515 §2."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The strict reverse of `b64`; ValueError for anything `b64` would not have written."""
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if b64(data) != text:
        raise ValueError("not canonical base64url")
    return data


class Public(Protocol):
    """What an asker shows of itself: enough to check its signature."""

    @property
    def alg(self) -> str: ...

    def verify(self, message: bytes, signature: bytes) -> bool: ...


class Key(Protocol):
    """A private key; `alg` is its one JOSE algorithm."""

    alg: str

    def sign(self, message: bytes) -> bytes: ...

    def answer(self, message: bytes) -> bytes: ...

    def verify(self, message: bytes, signature: bytes) -> bool: ...

    def jwk(self) -> dict[str, str]: ...

    def spki(self) -> bytes: ...


class Sm2Key:
    alg = "SM2SM3"

    def __init__(self, d: int) -> None:
        self.private = sm2.PrivateKey(d)
        self.public = self.private.public()

    def sign(self, message: bytes) -> bytes:
        return sm2.encode_raw(self.private.sign(message, public=self.public))

    answer = sign

    def verify(self, message: bytes, signature: bytes) -> bool:
        return Sm2Public(self.public).verify(message, signature)

    def jwk(self) -> dict[str, str]:
        x, y = (v.to_bytes(32, "big") for v in self.public.point)
        return {"kty": "EC", "crv": "SM2", "x": b64(x), "y": b64(y)}

    def spki(self) -> bytes:
        return self.public.spki()


@dataclass(frozen=True, slots=True)
class Sm2Public:
    key: sm2.PublicKey
    alg: str = "SM2SM3"

    def verify(self, message: bytes, signature: bytes) -> bool:
        if len(signature) != 64:
            return False
        r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        return self.key.verify(message, (r, s))


class EcKey:
    """NIST P-256."""

    alg = "ES256"

    def __init__(self, d: int) -> None:
        self.private = ec.derive_private_key(d, ec.SECP256R1())

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self.private.sign(message, _ECDSA))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def sign_der(self, message: bytes, *, sha1: bool = False) -> bytes:
        """As certificates carry it. With SHA-1 it is what no verifier may accept any more."""
        rule = ec.ECDSA(hashes.SHA1(), deterministic_signing=True) if sha1 else _ECDSA  # noqa: S303
        return self.private.sign(message, rule)

    answer = sign

    def verify(self, message: bytes, signature: bytes) -> bool:
        return EcPublic(self.private.public_key()).verify(message, signature)

    def jwk(self) -> dict[str, str]:
        numbers = self.private.public_key().public_numbers()
        x, y = (v.to_bytes(32, "big") for v in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": b64(x), "y": b64(y)}

    def spki(self) -> bytes:
        public = self.private.public_key()
        return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@dataclass(frozen=True, slots=True)
class EcPublic:
    key: ec.EllipticCurvePublicKey
    alg: str = "ES256"

    def verify(self, message: bytes, signature: bytes) -> bool:
        if len(signature) != 64:
            return False
        r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        try:
            self.key.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True


class EdKey:
    """Ed25519."""

    alg = "EdDSA"

    def __init__(self, secret: bytes) -> None:
        self.private = ed25519.Ed25519PrivateKey.from_private_bytes(secret)

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message)

    answer = sign

    def verify(self, message: bytes, signature: bytes) -> bool:
        return EdPublic(self.private.public_key()).verify(message, signature)

    def jwk(self) -> dict[str, str]:
        return {"kty": "OKP", "crv": "Ed25519", "x": b64(self._raw())}

    def spki(self) -> bytes:
        public = self.private.public_key()
        return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def _raw(self) -> bytes:
        return self.private.public_key().public_bytes_raw()


@dataclass(frozen=True, slots=True)
class EdPublic:
    key: ed25519.Ed25519PublicKey
    alg: str = "EdDSA"

    def verify(self, message: bytes, signature: bytes) -> bool:
        try:
            self.key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


class RsaKey:
    """RSA-2048; the primes are found when first needed, in about half a second."""

    alg = "PS256"

    def __init__(self, seed: int, name: str) -> None:
        self._origin = (seed, name)

    @cached_property
    def numbers(self) -> rsa.Numbers:
        return _rsa_numbers(*self._origin)

    @cached_property
    def private(self) -> library_rsa.RSAPrivateKey:
        p, q, d = self.numbers.p, self.numbers.q, self.numbers.d
        public = library_rsa.RSAPublicNumbers(rsa.EXPONENT, self.numbers.n)
        return library_rsa.RSAPrivateNumbers(
            p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public
        ).private_key()

    def sign(self, message: bytes) -> bytes:
        return rsa.sign_pss(self.numbers, message)

    def answer(self, message: bytes) -> bytes:
        """By the library with a fresh salt: several times faster, never twice the same."""
        return self.private.sign(message, _PSS, hashes.SHA256())

    def verify(self, message: bytes, signature: bytes) -> bool:
        return RsaPublic(self.private.public_key()).verify(message, signature)

    def jwk(self) -> dict[str, str]:
        n = self.numbers.n
        modulus = n.to_bytes((n.bit_length() + 7) // 8, "big")
        return {"kty": "RSA", "n": b64(modulus), "e": b64(rsa.EXPONENT.to_bytes(3, "big"))}

    def spki(self) -> bytes:
        public = self.private.public_key()
        return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@dataclass(frozen=True, slots=True)
class RsaPublic:
    key: library_rsa.RSAPublicKey
    alg: str = "PS256"

    def verify(self, message: bytes, signature: bytes) -> bool:
        try:
            self.key.verify(signature, message, _PSS, hashes.SHA256())
        except InvalidSignature:
            return False
        return True


@lru_cache(maxsize=64)
def _rsa_numbers(seed: int, name: str) -> rsa.Numbers:
    return rsa.generate(Stream(seed, f"key/{name}"))


def make_key(alg: str, seed: int, name: str) -> Key:
    """The key of this name in the world of this seed."""
    stream = Stream(seed, f"key/{name}")
    match alg:
        case "SM2SM3":
            return Sm2Key(stream.between(1, sm2.N - 2))
        case "ES256":
            return EcKey(stream.between(1, P256_ORDER - 1))
        case "EdDSA":
            return EdKey(stream.take(32))
        case "PS256":
            return RsaKey(seed, name)
        case _:
            raise ValueError(f"no keys of {alg} are made here")


def public_from_jwk(jwk: dict[str, object]) -> Public:
    """A node's public key; ValueError for anything but the four schemes above."""

    def number(member: str) -> int:
        return int.from_bytes(unb64(str(jwk.get(member, ""))), "big")

    match (jwk.get("kty"), jwk.get("crv")):
        case ("EC", "SM2"):
            return Sm2Public(sm2.PublicKey((number("x"), number("y"))))
        case ("EC", "P-256"):
            point = ec.EllipticCurvePublicNumbers(number("x"), number("y"), ec.SECP256R1())
            return EcPublic(point.public_key())
        case ("OKP", "Ed25519"):
            raw = unb64(str(jwk.get("x", "")))
            return EdPublic(ed25519.Ed25519PublicKey.from_public_bytes(raw))
        case ("RSA", _):
            return RsaPublic(library_rsa.RSAPublicNumbers(number("e"), number("n")).public_key())
        case _:
            raise ValueError("a key of none of the schemes known here")
