"""The ingest gate of public keys (threats SIG-19, 20, 21, 28).

One way in for every key that is registered or configured: SubjectPublicKeyInfo, PEM, JWK or a
certificate. What comes out has one encoding, so that one key has one fingerprint. A certificate is
taken here for its key and its key usage only; paths are judged elsewhere.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from app.crypto import der, rsa_rules, schemes, spki
from app.crypto.spki import FIELD_SIZE, Curve, EcPoint, EdPoint, Material, RsaNumbers
from app.domain.errors import InvalidKey, InvalidSignature, Malformed
from app.domain.scheme import Scheme

MAX_INPUT: Final = 64 * 1024
"""Octets of a key or certificate offered: real certificates stay below 8 KiB."""

MAX_MEMBER: Final = 2048
"""Characters of one JWK member: the modulus of an 8192-bit key takes 1366."""

_SCHEME_BY_CURVE: Final = MappingProxyType(
    {
        Curve.SM2: Scheme.SM2_SM3,
        Curve.P256: Scheme.ECDSA_P256_SHA256,
        Curve.P384: Scheme.ECDSA_P384_SHA384,
        Curve.P521: Scheme.ECDSA_P521_SHA512,
    }
)

_PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""RFC 7518 §6.2.2, §6.3.2, §6.4; RFC 8037 §2."""

_KEY_USAGE: Final = "2.5.29.15"
_SIGNS: Final = 0b1100_0000
"""digitalSignature and nonRepudiation, the first two bits (RFC 5280 §4.2.1.3)."""

_VERSION_TAG, _ISSUER_UID, _SUBJECT_UID, _EXTENSIONS = 0xA0, 0x81, 0x82, 0xA3


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that passed the gate, with the one scheme it verifies."""

    scheme: Scheme
    spki: bytes
    """SubjectPublicKeyInfo, DER."""
    fingerprint_sha256: str
    """SHA-256 of `spki`, 64 lower-case hexadecimal digits."""
    jwk_thumbprint: str
    """RFC 7638 with SHA-256, base64url without padding."""

    def public_jwk(self) -> dict[str, str]:
        """The key as a JWK with `alg` and `use`; `kid` is the thumbprint."""
        return {
            **_members(spki.parse(self.spki)),
            "alg": schemes.JOSE_BY_SCHEME[self.scheme],
            "use": "sig",
            "kid": self.jwk_thumbprint,
        }


def read_public_key(
    data: bytes | str | Mapping[str, object], scheme: Scheme | None = None
) -> PublicKey:
    """Read a key offered for registration.

    Args:
        data: a JWK as a mapping; PEM; a SubjectPublicKeyInfo or certificate in DER.
        scheme: what the key is to verify. RSA keys need it (unless a JWK's `alg` says it); for
            others it is only compared.

    Raises:
        InvalidKey: names the rule that refused it.
    """
    try:
        if isinstance(data, Mapping):
            material, named = _from_jwk(data)
        else:
            material, named = _from_octets(data), None
    except Malformed as broken:
        raise InvalidKey(f"public key: {broken}") from broken
    if named is not None and scheme is not None and named is not scheme:
        raise InvalidKey("JWK: alg names another scheme than asked for")
    return _admit(material, scheme or named)


def _admit(material: Material, asked: Scheme | None) -> PublicKey:
    scheme = _scheme_of(material, asked)
    encoded = spki.encode(material)
    schemes.load(scheme, encoded)
    if isinstance(material, RsaNumbers):
        rsa_rules.require_composite(material.n)
    members = json.dumps(_members(material), sort_keys=True, separators=(",", ":"))
    thumbprint = _base64url(hashlib.sha256(members.encode("ascii")).digest())
    return PublicKey(scheme, encoded, hashlib.sha256(encoded).hexdigest(), thumbprint)


def _scheme_of(material: Material, asked: Scheme | None) -> Scheme:
    match material:
        case EcPoint(curve, _):
            only = _SCHEME_BY_CURVE[curve]
        case EdPoint():
            only = Scheme.ED25519
        case RsaNumbers():
            if asked is None:
                raise InvalidKey("RSA key: the scheme must be given")
            schemes.PRIMITIVES[asked].load(material)
            return asked
    if asked not in {None, only}:
        raise InvalidKey("key does not fit the scheme")
    return only


def _from_octets(data: bytes | str) -> Material:
    if len(data) > MAX_INPUT:
        raise InvalidKey(f"public key: longer than {MAX_INPUT} octets")
    octets = data.encode("ascii", "replace") if isinstance(data, str) else data
    if octets.lstrip().startswith(b"-----"):
        label, octets = _pem(octets)
        return _from_certificate(octets) if label == b"CERTIFICATE" else spki.parse(octets)
    inner = der.sequence(octets)
    # Inside the first SEQUENCE a SubjectPublicKeyInfo has an OID, a certificate [0] or INTEGER.
    first = der.Cursor(inner.next(der.SEQUENCE))
    return spki.parse(octets) if first.peek() == der.OID else _from_certificate(octets)


def _pem(text: bytes) -> tuple[bytes, bytes]:
    """The label and content of exactly one PEM block (RFC 7468, strict in what it may hold)."""
    lines = text.strip().replace(b"\r\n", b"\n").split(b"\n")
    for label in (b"PUBLIC KEY", b"CERTIFICATE"):
        if lines[0] == b"-----BEGIN %s-----" % label and lines[-1] == b"-----END %s-----" % label:
            break
    else:
        raise InvalidKey("PEM: not one block of PUBLIC KEY or CERTIFICATE")
    text = b"".join(lines[1:-1])
    try:
        octets = base64.b64decode(text, validate=True)
    except binascii.Error as broken:
        raise InvalidKey("PEM: not base64") from broken
    if base64.b64encode(octets) != text:
        raise InvalidKey("PEM: not in the one base64 form")
    return label, octets


def _from_certificate(certificate: bytes) -> Material:
    """The key of an X.509 certificate whose key usage, if any, allows signing (RFC 5280 §4.1)."""
    outer = der.sequence(certificate)
    tbs = der.Cursor(outer.next(der.SEQUENCE))
    outer.next(der.SEQUENCE)
    outer.octets_of_bits()
    outer.end()
    if tbs.peek() == _VERSION_TAG:
        tbs.next(_VERSION_TAG)
    tbs.next(der.INTEGER)
    for _ in ("signature", "issuer", "validity", "subject"):
        tbs.next(der.SEQUENCE)
    key = tbs.whole(der.SEQUENCE)
    for tag in (_ISSUER_UID, _SUBJECT_UID):
        if tbs.peek() == tag:
            tbs.next(tag)
    if not tbs.done:
        _require_signing_use(der.sequence(tbs.next(_EXTENSIONS)))
    tbs.end()
    return spki.parse(key)


def _require_signing_use(extensions: der.Cursor) -> None:
    seen = set[str]()
    while not extensions.done:
        extension = der.Cursor(extensions.next(der.SEQUENCE))
        oid = extension.oid()
        if oid in seen:
            raise InvalidKey("certificate: an extension twice")
        seen.add(oid)
        if extension.peek() == der.BOOLEAN:
            extension.next(der.BOOLEAN)
        value = der.Cursor(extension.next(der.OCTET_STRING))
        extension.end()
        if oid == _KEY_USAGE:
            bits = value.next(der.BIT_STRING)
            value.end()
            if len(bits) < 2 or not bits[1] & _SIGNS:  # noqa: PLR2004 - unused count, first bits
                raise InvalidKey("certificate: keyUsage allows no signatures")


def _from_jwk(jwk: Mapping[str, object]) -> tuple[Material, Scheme | None]:
    """The key of a JWK (RFC 7517), and the scheme its `alg` names."""
    if _PRIVATE_MEMBERS & jwk.keys():
        raise InvalidKey("JWK: holds private members")
    _require_verify_use(jwk)
    named = None
    if "alg" in jwk:
        try:
            named = schemes.scheme_for_jose(_text(jwk, "alg"))
        except InvalidSignature as unknown:
            raise InvalidKey(f"JWK: {unknown}") from unknown
    kind = _text(jwk, "kty")
    if kind == "EC":
        material: Material = _ec_jwk(jwk)
    elif kind == "OKP":
        if _text(jwk, "crv") != "Ed25519":
            raise InvalidKey("JWK: an OKP curve not in the table")
        material = EdPoint(_octets(jwk, "x"))
    elif kind == "RSA":
        material = RsaNumbers(_natural(jwk, "n"), _natural(jwk, "e"))
    else:
        raise InvalidKey("JWK: a kty not in the table")
    return material, named


def _ec_jwk(jwk: Mapping[str, object]) -> EcPoint:
    try:
        curve = Curve(_text(jwk, "crv"))
    except ValueError as unknown:
        raise InvalidKey("JWK: an EC curve not in the table") from unknown
    x, y = _octets(jwk, "x"), _octets(jwk, "y")
    if not len(x) == len(y) == FIELD_SIZE[curve]:
        raise InvalidKey("JWK: coordinates not of the curve's size")
    return EcPoint(curve, b"\4" + x + y)


def _require_verify_use(jwk: Mapping[str, object]) -> None:
    if "use" in jwk and jwk["use"] != "sig":
        raise InvalidKey("JWK: use is not sig")
    if "key_ops" in jwk:
        operations = jwk["key_ops"]
        if not isinstance(operations, list) or operations != ["verify"]:
            raise InvalidKey("JWK: key_ops is not exactly verify")


def _text(jwk: Mapping[str, object], name: str) -> str:
    value = jwk.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_MEMBER:
        raise InvalidKey(f"JWK: {name} is missing, not text, or too long")
    return value


def _octets(jwk: Mapping[str, object], name: str) -> bytes:
    """Base64url in its one form: no padding, no other characters, no stray bits."""
    text = _text(jwk, name)
    try:
        octets = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as broken:
        raise InvalidKey(f"JWK: {name} is not base64url") from broken
    if _base64url(octets) != text:
        raise InvalidKey(f"JWK: {name} is not in the one base64url form")
    return octets


def _natural(jwk: Mapping[str, object], name: str) -> int:
    octets = _octets(jwk, name)
    if octets[0] == 0:
        raise InvalidKey(f"JWK: {name} has leading zeros")
    return int.from_bytes(octets, "big")


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def _uint(number: int) -> str:
    return _base64url(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _members(material: Material) -> dict[str, str]:
    """The required public members, what RFC 7638 §3.2 hashes."""
    match material:
        case EcPoint(curve, octets):
            size = FIELD_SIZE[curve]
            x, y = octets[1 : 1 + size], octets[1 + size :]
            return {"kty": "EC", "crv": curve.value, "x": _base64url(x), "y": _base64url(y)}
        case EdPoint(octets):
            return {"kty": "OKP", "crv": "Ed25519", "x": _base64url(octets)}
        case RsaNumbers(n, e):
            return {"kty": "RSA", "n": _uint(n), "e": _uint(e)}
