"""The one closed table of signature schemes, and the two ways in.

`verify` takes values as certificates, CMS and seals carry them, `verify_jose` as JWS carries them;
`Form` names both for every scheme and nothing is guessed from a value. The registered key decides
the scheme. Names that are known to be weak are refused by name, all others because they are absent.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Final, Protocol

from app.crypto import der, sm2, spki
from app.crypto.classic import EcdsaKey, Ed25519Key, RsaKey
from app.crypto.der import encode_signature, signature_parts
from app.crypto.spki import Curve, EcPoint, Material
from app.crypto.weak import PREFIX, WEAK_JOSE, WEAK_OIDS, WeakAlgorithm, WeakKey
from app.domain.errors import InvalidKey, InvalidSignature, Malformed, UnknownAlgorithm
from app.domain.scheme import Digest, Scheme

KEYS: Final = 1024
"""Loaded keys kept for each (scheme, key)."""


class Form(StrEnum):
    """How a signature value is written."""

    DER_PARTS = "SEQUENCE { r INTEGER, s INTEGER } in DER"
    RAW_PARTS = "r ‖ s, each as long as the curve's field"
    ED25519 = "R ‖ S, 64 octets"
    RSA = "as many octets as the modulus"


class VerifyKey(Protocol):
    """A loaded key of one scheme."""

    def verify(self, message: bytes, value: bytes) -> None:
        """Raise `InvalidSignature` unless `value` signs `message`."""

    def verify_jose(self, message: bytes, value: bytes) -> None:
        """The same for the JOSE form of the value."""

    def verify_digest(self, digest: bytes, value: bytes) -> None:
        """As `verify`, of a message of which only the digest is known."""


@dataclass(frozen=True, slots=True)
class Sm2Key:
    """SM2 with SM3 under the default id (GB/T 32918.2; id: GB/T 35276 §10)."""

    point: bytes

    @classmethod
    def load(cls, material: Material) -> "Sm2Key":
        """Raises `InvalidKey`: another key type or curve, or a point off the curve."""
        if not isinstance(material, EcPoint) or material.curve is not Curve.SM2:
            raise InvalidKey("key does not fit the scheme: not on the SM2 curve")
        sm2.coordinates(material.octets)
        return cls(material.octets)

    def verify(self, message: bytes, value: bytes) -> None:
        sm2.verify(self.point, message, value)

    def verify_jose(self, message: bytes, value: bytes) -> None:
        sm2.verify_raw(self.point, message, value)

    def verify_digest(self, digest: bytes, value: bytes) -> None:
        """`digest` is e = SM3(Z ‖ M), made with this key and the default id."""
        try:
            r, s = signature_parts(value)
        except Malformed as broken:
            raise InvalidSignature(f"SM2: {broken}") from broken
        sm2.verify_digest(self.point, digest, r, s)


@dataclass(frozen=True, slots=True)
class Primitive:
    """A row of the table: how keys are loaded and values written."""

    load: Callable[[Material], VerifyKey]
    form: Form
    jose_form: Form


def _ecdsa(curve: Curve, digest: Digest) -> Primitive:
    load = partial(EcdsaKey.load, curve=curve, digest=digest)
    return Primitive(load, Form.DER_PARTS, Form.RAW_PARTS)


def _rsa(digest: Digest, *, pss: bool) -> Primitive:
    return Primitive(partial(RsaKey.load, digest=digest, pss=pss), Form.RSA, Form.RSA)


PRIMITIVES: Final = MappingProxyType(
    {
        Scheme.SM2_SM3: Primitive(Sm2Key.load, Form.DER_PARTS, Form.RAW_PARTS),
        Scheme.ECDSA_P256_SHA256: _ecdsa(Curve.P256, Digest.SHA256),
        Scheme.ECDSA_P384_SHA384: _ecdsa(Curve.P384, Digest.SHA384),
        Scheme.ECDSA_P521_SHA512: _ecdsa(Curve.P521, Digest.SHA512),
        Scheme.ED25519: Primitive(Ed25519Key.load, Form.ED25519, Form.ED25519),
        Scheme.RSA_PSS_SHA256: _rsa(Digest.SHA256, pss=True),
        Scheme.RSA_PSS_SHA384: _rsa(Digest.SHA384, pss=True),
        Scheme.RSA_PSS_SHA512: _rsa(Digest.SHA512, pss=True),
        Scheme.RSA_PKCS1_SHA256: _rsa(Digest.SHA256, pss=False),
        Scheme.RSA_PKCS1_SHA384: _rsa(Digest.SHA384, pss=False),
        Scheme.RSA_PKCS1_SHA512: _rsa(Digest.SHA512, pss=False),
    }
)
"""Every scheme there is. A scheme without a row cannot be verified."""

SCHEME_BY_JOSE: Final = MappingProxyType(
    {
        "SM2SM3": Scheme.SM2_SM3,
        "ES256": Scheme.ECDSA_P256_SHA256,
        "ES384": Scheme.ECDSA_P384_SHA384,
        "ES512": Scheme.ECDSA_P521_SHA512,
        "EdDSA": Scheme.ED25519,
        "Ed25519": Scheme.ED25519,
        "PS256": Scheme.RSA_PSS_SHA256,
        "PS384": Scheme.RSA_PSS_SHA384,
        "PS512": Scheme.RSA_PSS_SHA512,
        "RS256": Scheme.RSA_PKCS1_SHA256,
        "RS384": Scheme.RSA_PKCS1_SHA384,
        "RS512": Scheme.RSA_PKCS1_SHA512,
    }
)
"""RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2; `SM2SM3` is private. No MAC and no `none`."""

JOSE_BY_SCHEME: Final = MappingProxyType(
    {scheme: name for name, scheme in SCHEME_BY_JOSE.items() if name != "Ed25519"}
)
"""The name this service writes; for Ed25519 the one that older readers know."""

SCHEME_BY_OID: Final = MappingProxyType(
    {
        "1.2.156.10197.1.501": Scheme.SM2_SM3,
        "1.2.840.10045.4.3.2": Scheme.ECDSA_P256_SHA256,
        "1.2.840.10045.4.3.3": Scheme.ECDSA_P384_SHA384,
        "1.2.840.10045.4.3.4": Scheme.ECDSA_P521_SHA512,
        "1.3.101.112": Scheme.ED25519,
        "1.2.840.113549.1.1.11": Scheme.RSA_PKCS1_SHA256,
        "1.2.840.113549.1.1.12": Scheme.RSA_PKCS1_SHA384,
        "1.2.840.113549.1.1.13": Scheme.RSA_PKCS1_SHA512,
    }
)
"""Signature OIDs (GM/T 0006, RFC 5758, RFC 8410, RFC 4055); 1.2.840.113549.1.1.10 is below."""

_PSS_BY_DIGEST: Final = MappingProxyType(
    {
        Digest.SHA256: Scheme.RSA_PSS_SHA256,
        Digest.SHA384: Scheme.RSA_PSS_SHA384,
        Digest.SHA512: Scheme.RSA_PSS_SHA512,
    }
)

_NULL: Final = der.encode(der.NULL)

_MAY_BE_NULL: Final = frozenset(
    {
        Scheme.SM2_SM3,  # written by several certification authorities
        Scheme.RSA_PKCS1_SHA256,
        Scheme.RSA_PKCS1_SHA384,
        Scheme.RSA_PKCS1_SHA512,
    }
)
"""Schemes whose OID may come with parameters NULL beside absent ones (RFC 4055 §5)."""


_JOSE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._-]{0,63}")
_NO_SIGNATURES: Final = (
    *("HS", "RSA1_5", "RSA-OAEP", "A128", "A192", "A256", "DIR", "ECDH", "PBES2"),
)
"""How names of MACs and of encryption begin (RFC 7518 §3.1, §4.1, §5.1); none of them signs."""


def _signs_nothing(name: str) -> bool:
    return name.casefold() == "none" or name.upper().startswith(_NO_SIGNATURES)


def scheme_for_jose(name: str) -> Scheme:
    """The scheme of a JOSE `alg`.

    Raises:
        WeakAlgorithm: a registered name that is prohibited.
        UnknownAlgorithm: a name that may be that of a signature algorithm.
        InvalidSignature: `none`, MACs, algorithms of encryption, and what is no name.
    """
    if name in WEAK_JOSE:
        raise WeakAlgorithm(WEAK_JOSE[name])
    if name not in SCHEME_BY_JOSE:
        unknown = "algorithm unknown: a JOSE name not in the table"
        if _JOSE_NAME.fullmatch(name) and not _signs_nothing(name):
            raise UnknownAlgorithm(unknown)
        raise InvalidSignature(unknown)
    return SCHEME_BY_JOSE[name]


def scheme_for_oid(oid: str, parameters: bytes | None = None) -> Scheme:
    """The scheme of a signature AlgorithmIdentifier.

    Args:
        oid: dotted.
        parameters: their DER with tag and length, None where absent.

    Raises:
        WeakAlgorithm: a weak algorithm, named.
        UnknownAlgorithm: an OID not in the table.
        InvalidSignature: parameters that do not go with it.
    """
    if oid in WEAK_OIDS:
        raise WeakAlgorithm(WEAK_OIDS[oid])
    if oid == spki.RSASSA_PSS:
        if parameters is None or parameters == der.encode(der.SEQUENCE):
            raise WeakAlgorithm("RSASSA-PSS with its default, SHA-1")
        try:
            return _PSS_BY_DIGEST[spki.pss_digest(parameters)]
        except Malformed as broken:
            raise InvalidSignature(f"algorithm unknown: {broken}") from broken
    scheme = SCHEME_BY_OID.get(oid)
    if scheme is None:
        raise UnknownAlgorithm("algorithm unknown: an OID not in the table")
    if parameters is not None and not (parameters == _NULL and scheme in _MAY_BE_NULL):
        raise InvalidSignature("algorithm unknown: parameters that do not go with its OID")
    return scheme


def named_scheme(oid: str, parameters: bytes | None) -> Scheme | None:
    """The scheme, to be told; None: none of ours, or a weak one."""
    try:
        return scheme_for_oid(oid, parameters)
    except InvalidSignature:
        return None


@lru_cache(KEYS)
def load(scheme: Scheme, key: bytes) -> VerifyKey:
    """A key ready to verify with exactly this scheme.

    Raises:
        InvalidKey: not strict, not of the scheme, or a broken rule.
    """
    return PRIMITIVES[scheme].load(spki.parse(key))


def _load(scheme: Scheme, key: bytes) -> VerifyKey:
    try:
        return load(scheme, key)
    except WeakKey as refused:
        raise WeakAlgorithm(str(refused).removeprefix(f"{PREFIX}: ")) from refused
    except InvalidKey as refused:
        raise InvalidSignature(f"key refused: {refused}") from refused


def verify(scheme: Scheme, *, spki: bytes, message: bytes, value: bytes) -> None:
    """Verify a signature in the form of certificates, CMS and seals.

    ECDSA and SM2 values are DER, Ed25519 values 64 octets, RSA values as long as the modulus; see
    `PRIMITIVES[scheme].form`. A key that the rules refuse verifies nothing.

    Raises:
        WeakAlgorithm: the key is too short.
        InvalidSignature: anything else than a signature of `message` by that key in that scheme.
    """
    _load(scheme, spki).verify(message, value)


def verify_jose(scheme: Scheme, *, spki: bytes, message: bytes, value: bytes) -> None:
    """Verify a signature in the form of JWS: as `verify`, but ECDSA and SM2 values are r ‖ s.

    Raises:
        WeakAlgorithm: the key is too short.
        InvalidSignature: anything else than a signature of `message` by that key in that scheme.
    """
    _load(scheme, spki).verify_jose(message, value)


def verify_digest(scheme: Scheme, *, spki: bytes, digest: bytes, value: bytes) -> None:
    """As `verify`, over the digest of a message that is elsewhere: by the digest of the scheme; for
    SM2 e = SM3(Z ‖ M), with Z of this key and the default id (GB/T 32918.2 §6.1).

    Raises:
        WeakAlgorithm: the key is too short.
        UnknownAlgorithm: Ed25519, which signs no digest.
        InvalidSignature: anything else than a signature over that digest.
    """
    _load(scheme, spki).verify_digest(digest, value)


_PARTS: Final = MappingProxyType(
    {
        Scheme.SM2_SM3: sm2.SIZE,
        Scheme.ECDSA_P256_SHA256: spki.FIELD_SIZE[Curve.P256],
        Scheme.ECDSA_P384_SHA384: spki.FIELD_SIZE[Curve.P384],
        Scheme.ECDSA_P521_SHA512: spki.FIELD_SIZE[Curve.P521],
    }
)
"""Octets of r and of s."""


def from_parts(scheme: Scheme, value: bytes) -> bytes:
    """The value r ‖ s as `verify` takes it; values of other schemes have one form.

    Raises:
        InvalidSignature: not twice as long as the curve's field.
    """
    size = _PARTS.get(scheme)
    if size is None:
        return value
    if len(value) != 2 * size:
        raise InvalidSignature(f"the signature is not of {2 * size} octets")
    return encode_signature(
        int.from_bytes(value[:size], "big"), int.from_bytes(value[size:], "big")
    )
