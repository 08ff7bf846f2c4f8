"""SubjectPublicKeyInfo read strictly, for exactly the keys this service knows (RFC 5280 §4.1.2.7).

`cryptography` loads no SM2 key, and would take explicit curve parameters for some others; so all
keys come in here, as octets, and leave as points and numbers.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from app.crypto import der
from app.domain.errors import InvalidKey, Malformed
from app.domain.scheme import Digest

EC_PUBLIC_KEY: Final = "1.2.840.10045.2.1"
RSA_ENCRYPTION: Final = "1.2.840.113549.1.1.1"
RSASSA_PSS: Final = "1.2.840.113549.1.1.10"
ED25519: Final = "1.3.101.112"
MGF1: Final = "1.2.840.113549.1.1.8"

MAX_SPKI: Final = 2304
"""Octets: an RSA key of 16384 bits, so that an over-long one is refused by its own rule."""


class Curve(StrEnum):
    """Named curves, by their JOSE names; `SM2` is a private one (no registration exists)."""

    P256 = "P-256"
    P384 = "P-384"
    P521 = "P-521"
    SM2 = "SM2"


CURVE_BY_OID: Final = MappingProxyType(
    {
        "1.2.840.10045.3.1.7": Curve.P256,
        "1.3.132.0.34": Curve.P384,
        "1.3.132.0.35": Curve.P521,
        "1.2.156.10197.1.301": Curve.SM2,
    }
)
"""RFC 5480 §2.1.1.1; GM/T 0006 for SM2."""

OID_BY_CURVE: Final = MappingProxyType({curve: oid for oid, curve in CURVE_BY_OID.items()})

FIELD_SIZE: Final = MappingProxyType(
    {
        Curve.P256: 32,
        Curve.P384: 48,
        Curve.P521: 66,
        Curve.SM2: 32,
    }
)
"""Octets of a coordinate and of a scalar."""


@dataclass(frozen=True, slots=True)
class EcPoint:
    """A point 04 ‖ x ‖ y on a named curve; its coordinates are not checked here."""

    curve: Curve
    octets: bytes


@dataclass(frozen=True, slots=True)
class EdPoint:
    """32 octets of an Ed25519 key; not checked here."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class RsaNumbers:
    """Modulus and exponent; not checked here. `pss` is the digest a PSS key is bound to."""

    n: int
    e: int
    only_pss: bool = False
    pss: Digest | None = None


Material = EcPoint | EdPoint | RsaNumbers


def parse(spki: bytes) -> Material:
    """The key in a SubjectPublicKeyInfo.

    Raises:
        InvalidKey: not strict DER, another algorithm or curve, explicit curve parameters, or a
            compressed or empty point.
    """
    if len(spki) > MAX_SPKI:
        raise InvalidKey(f"public key: longer than {MAX_SPKI} octets")
    try:
        return _parse(spki)
    except Malformed as broken:
        raise InvalidKey(f"public key: {broken}") from broken


def same_key(one: bytes, other: bytes) -> bool:
    """Whether two SubjectPublicKeyInfo hold one key, however its algorithm is written; False where
    one is no key of ours, which verifies nothing.
    """
    try:
        return one == other or _bare(parse(one)) == _bare(parse(other))
    except InvalidKey:
        return False


def _bare(material: Material) -> Material:
    match material:
        case RsaNumbers(n, e):
            return RsaNumbers(n, e)
        case _:
            return material


def _parse(spki: bytes) -> Material:
    outer = der.sequence(spki)
    algorithm = der.Cursor(outer.next(der.SEQUENCE))
    key = outer.octets_of_bits()
    outer.end()
    match algorithm.oid():
        case "1.2.840.10045.2.1":
            return _ec_point(algorithm, key)
        case "1.3.101.112":
            algorithm.end()
            return EdPoint(key)
        case "1.2.840.113549.1.1.1":
            if algorithm.next(der.NULL):
                raise Malformed("NULL with content")
            algorithm.end()
            return _rsa_numbers(key)
        case "1.2.840.113549.1.1.10":
            digest = None if algorithm.done else pss_digest(algorithm.whole(der.SEQUENCE))
            algorithm.end()
            numbers = _rsa_numbers(key)
            return RsaNumbers(numbers.n, numbers.e, only_pss=True, pss=digest)
        case _:
            raise InvalidKey("public key: an algorithm not in the table")


def _ec_point(algorithm: der.Cursor, key: bytes) -> EcPoint:
    if algorithm.peek() == der.SEQUENCE:
        raise InvalidKey("EC key: explicit curve parameters")
    if algorithm.peek() != der.OID:
        raise InvalidKey("EC key: no named curve")
    curve = CURVE_BY_OID.get(algorithm.oid())
    algorithm.end()
    if curve is None:
        raise InvalidKey("EC key: a curve not in the table")
    if key == b"\0":
        raise InvalidKey("EC key: the point at infinity")
    if key[:1] in {b"\2", b"\3"}:
        raise InvalidKey("EC key: a compressed point")
    if key[:1] != b"\4" or len(key) != 1 + 2 * FIELD_SIZE[curve]:
        raise InvalidKey("EC key: not an uncompressed point of the curve's size")
    return EcPoint(curve, key)


def _rsa_numbers(key: bytes) -> RsaNumbers:
    inner = der.sequence(key)
    n, e = inner.natural(), inner.natural()
    inner.end()
    return RsaNumbers(n, e)


def pss_digest(parameters: bytes) -> Digest:
    """The digest of RSASSA-PSS-params with MGF1 of it and a salt of its length (RFC 4055 §3.1).

    Nothing else is accepted; the defaults of the type are SHA-1.

    Raises:
        Malformed: not DER, or other parameters.
    """
    for digest, expected in _PSS_PARAMETERS.items():
        if parameters in expected:
            return digest
    der.sequence(parameters)
    raise Malformed("RSASSA-PSS parameters: not one digest for all with a salt of its length")


def _pss_parameters(oid: str, salt: int) -> tuple[bytes, ...]:
    """The encodings accepted: hash parameters NULL or absent, as RFC 4055 §2.1 asks of readers."""
    choices = []
    for tail in (der.encode(der.NULL), b""):
        hash_ = der.encode(der.SEQUENCE, der.encode_oid(oid), tail)
        mgf = der.encode(der.SEQUENCE, der.encode_oid(MGF1), hash_)
        choices.append(
            der.encode(
                der.SEQUENCE,
                der.encode(0xA0, hash_),
                der.encode(0xA1, mgf),
                der.encode(0xA2, der.encode_natural(salt)),
            )
        )
    return tuple(choices)


_PSS_PARAMETERS: Final = MappingProxyType(
    {
        Digest.SHA256: _pss_parameters("2.16.840.1.101.3.4.2.1", 32),
        Digest.SHA384: _pss_parameters("2.16.840.1.101.3.4.2.2", 48),
        Digest.SHA512: _pss_parameters("2.16.840.1.101.3.4.2.3", 64),
    }
)


def encode(material: Material) -> bytes:
    """The one encoding of a key; RSA keys as rsaEncryption."""
    match material:
        case EcPoint(curve, octets):
            algorithm = der.encode_oid(EC_PUBLIC_KEY) + der.encode_oid(OID_BY_CURVE[curve])
            key = octets
        case EdPoint(octets):
            algorithm, key = der.encode_oid(ED25519), octets
        case RsaNumbers(n, e):
            algorithm = der.encode_oid(RSA_ENCRYPTION) + der.encode(der.NULL)
            key = der.encode(der.SEQUENCE, der.encode_natural(n), der.encode_natural(e))
    return der.encode(
        der.SEQUENCE, der.encode(der.SEQUENCE, algorithm), der.encode(der.BIT_STRING, b"\0", key)
    )
