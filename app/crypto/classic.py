"""ECDSA, Ed25519 and RSA by `cryptography`, each key with everything the scheme fixes.

Loading a key applies the rules that hold for every key, wherever it comes from. Verification
returns None or raises `InvalidSignature`; values are refused by shape before the library sees them.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cryptography.exceptions import InvalidSignature as Mismatch
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from app.crypto import edwards, rsa_rules
from app.crypto.der import encode_signature, signature_parts
from app.crypto.digests import algorithm
from app.crypto.spki import FIELD_SIZE, Curve, EcPoint, EdPoint, Material, RsaNumbers
from app.domain.errors import InvalidKey, InvalidSignature, Malformed, UnknownAlgorithm
from app.domain.scheme import Digest

_CURVES: Final = MappingProxyType(
    {
        Curve.P256: ec.SECP256R1(),
        Curve.P384: ec.SECP384R1(),
        Curve.P521: ec.SECP521R1(),
    }
)

ORDER: Final = MappingProxyType(
    {
        Curve.P256: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        Curve.P384: int("ff" * 24 + "c7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16),
        Curve.P521: int(
            "01" + "ff" * 32 + "fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
            16,
        ),
    }
)
"""Orders of the base points (SEC 2 §2.4-2.6)."""


@dataclass(frozen=True, slots=True)
class EcdsaKey:
    """One curve with one digest (FIPS 186-5 §6)."""

    curve: Curve
    digest: Digest
    key: ec.EllipticCurvePublicKey

    @classmethod
    def load(cls, material: Material, curve: Curve, digest: Digest) -> "EcdsaKey":
        """Raises `InvalidKey`: another key type or curve, or a point off the curve."""
        if not isinstance(material, EcPoint) or material.curve is not curve:
            raise InvalidKey(f"key does not fit the scheme: not on {curve}")
        try:
            key = ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[curve], material.octets)
        except ValueError as off:
            raise InvalidKey("EC key: the point is not on the curve") from off
        return cls(curve, digest, key)

    def verify(self, message: bytes, value: bytes) -> None:
        """The DER form, ECDSA-Sig-Value."""
        self._verify(message, *self._parts(value), ec.ECDSA(algorithm(self.digest)))

    def verify_digest(self, digest: bytes, value: bytes) -> None:
        """The DER form, over the digest of a message that is elsewhere."""
        hash_ = _digested(self.digest, digest)
        self._verify(digest, *self._parts(value), ec.ECDSA(hash_))

    @staticmethod
    def _parts(value: bytes) -> tuple[int, int]:
        try:
            return signature_parts(value)
        except Malformed as broken:
            raise InvalidSignature(f"ECDSA: {broken}") from broken

    def verify_jose(self, message: bytes, value: bytes) -> None:
        """The raw form, r ‖ s, each as long as the field (RFC 7518 §3.4)."""
        size = FIELD_SIZE[self.curve]
        if len(value) != 2 * size:
            raise InvalidSignature(f"ECDSA: the signature is not of {2 * size} octets")
        r, s = int.from_bytes(value[:size], "big"), int.from_bytes(value[size:], "big")
        self._verify(message, r, s, ec.ECDSA(algorithm(self.digest)))

    def _verify(self, message: bytes, r: int, s: int, how: ec.ECDSA) -> None:
        order = ORDER[self.curve]
        if not (0 < r < order and 0 < s < order):
            raise InvalidSignature("ECDSA: r or s out of range")
        try:
            self.key.verify(encode_signature(r, s), message, how)
        except Mismatch as mismatch:
            raise InvalidSignature("ECDSA: the signature does not verify") from mismatch


@dataclass(frozen=True, slots=True)
class Ed25519Key:
    """PureEdDSA on edwards25519 (RFC 8032 §5.1)."""

    key: ed25519.Ed25519PublicKey

    @classmethod
    def load(cls, material: Material) -> "Ed25519Key":
        """Raises `InvalidKey`: another key type, or a point that is no key."""
        if not isinstance(material, EdPoint):
            raise InvalidKey("key does not fit the scheme: not Ed25519")
        edwards.require_key(material.octets)
        return cls(ed25519.Ed25519PublicKey.from_public_bytes(material.octets))

    def verify(self, message: bytes, value: bytes) -> None:
        """The only form: 64 octets R ‖ S with S below L."""
        if len(value) != 64:  # noqa: PLR2004
            raise InvalidSignature("Ed25519: the signature is not of 64 octets")
        if why := edwards.why_not(value[:32]):
            raise InvalidSignature(f"Ed25519: R is {why}")
        if int.from_bytes(value[32:], "little") >= edwards.L:
            raise InvalidSignature("Ed25519: S is not below L")
        try:
            self.key.verify(value, message)
        except Mismatch as mismatch:
            raise InvalidSignature("Ed25519: the signature does not verify") from mismatch

    verify_jose = verify

    def verify_digest(self, digest: bytes, value: bytes) -> None:
        """Ed25519 signs the message itself (RFC 8032 §5.1.6): of a digest nothing can be said."""
        del digest, value
        raise UnknownAlgorithm("Ed25519: the message itself is signed, and no digest of it")


@dataclass(frozen=True, slots=True)
class RsaKey:
    """RSASSA-PSS or RSASSA-PKCS1-v1_5 with one digest (RFC 8017 §8)."""

    digest: Digest
    pss: bool
    key: rsa.RSAPublicKey

    @classmethod
    def load(cls, material: Material, digest: Digest, *, pss: bool) -> "RsaKey":
        """Raises `InvalidKey`: another key type, a key bound to other uses, or a broken rule."""
        if not isinstance(material, RsaNumbers):
            raise InvalidKey("key does not fit the scheme: not RSA")
        if material.only_pss and not pss:
            raise InvalidKey("key does not fit the scheme: bound to RSASSA-PSS")
        if material.pss not in {None, digest}:
            raise InvalidKey("key does not fit the scheme: bound to another digest")
        rsa_rules.require_numbers(material.n, material.e)
        try:
            key = rsa.RSAPublicNumbers(material.e, material.n).public_key()
        except ValueError as refused:
            raise InvalidKey("RSA key: refused by the library") from refused
        return cls(digest, pss, key)

    def verify(self, message: bytes, value: bytes) -> None:
        """The only form: as many octets as the modulus. PSS salts are as long as the digest."""
        self._verify(message, value, algorithm(self.digest))

    def verify_digest(self, digest: bytes, value: bytes) -> None:
        """Over the digest of a message that is elsewhere."""
        self._verify(digest, value, _digested(self.digest, digest))

    def _verify(self, message: bytes, value: bytes, how: hashes.HashAlgorithm | Prehashed) -> None:
        if len(value) != (self.key.key_size + 7) // 8:
            raise InvalidSignature("RSA: the signature is not as long as the modulus")
        hash_ = algorithm(self.digest)
        scheme: padding.AsymmetricPadding = (
            padding.PSS(padding.MGF1(hash_), hash_.digest_size) if self.pss else padding.PKCS1v15()
        )
        try:
            self.key.verify(value, message, scheme, how)
        except Mismatch as mismatch:
            raise InvalidSignature("RSA: the signature does not verify") from mismatch

    verify_jose = verify


def _digested(name: Digest, digest: bytes) -> Prehashed:
    """Raises `InvalidSignature` for octets that are no digest by that name."""
    how = algorithm(name)
    if len(digest) != how.digest_size:
        raise InvalidSignature(f"the digest is not of {how.digest_size} octets")
    return Prehashed(how)
