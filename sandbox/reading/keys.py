"""Certificates as far as a checker of seals needs them, and values by SM2 and RSA."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sandbox.reading.der import Unreadable, Value, read
from sandbox.sm2 import P, PublicKey

SM2_CURVE = "1.2.156.10197.1.301"
_EC_KEY, _RSA_KEY = "1.2.840.10045.2.1", "1.2.840.113549.1.1.1"
_SM2_NAMES = ("1.2.156.10197.1.501", f"{SM2_CURVE}.1")
_RSA_WITH_SHA256 = "1.2.840.113549.1.1.11"
_KEY_USAGE, _PURPOSES = "2.5.29.15", "2.5.29.37"
_TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
_SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
"""DigestInfo of SHA-256 up to the digest (RFC 8017 §9.2)."""


@dataclass(frozen=True, slots=True)
class RsaPublic:
    """Modulus and exponent."""

    n: int
    e: int

    def verify(self, message: bytes, value: bytes) -> bool:
        """RSASSA-PKCS1-v1_5 with SHA-256: the whole block is compared (RFC 8017 §8.2.2)."""
        size = (self.n.bit_length() + 7) // 8
        info = _SHA256_INFO + hashlib.sha256(message).digest()
        block = b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info
        found = pow(int.from_bytes(value, "big"), self.e, self.n)
        return len(value) == size and found.to_bytes(size, "big") == block


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a seal's checker asks of a certificate."""

    subject: str
    not_before: datetime
    not_after: datetime
    key: PublicKey | RsaPublic | None
    """None: neither an SM2 key nor RSA."""
    signs: bool | None
    """digitalSignature or nonRepudiation; None: no keyUsage."""
    stamps: bool
    """id-kp-timeStamping, critical and alone (RFC 3161 §2.3)."""


def certificate(der: bytes) -> Certificate:
    tbs, _, _ = read(der).expect(0x30, "certificate").children()
    body = tbs.children()
    if body and body[0].tag == 0xA0:
        body = body[1:]
    _, _, _, validity, subject, spki, *more = body
    since, until = validity.children()
    names = [pair.children()[1].text() for rdn in subject.children() for pair in rdn.children()]
    usage, stamps = None, False
    for tagged in more:
        if tagged.tag == 0xA3:
            usage, stamps = _usage(tagged.children()[0]), _stamps(tagged.children()[0])
    return Certificate(", ".join(names), since.time(), until.time(), _key(spki), usage, stamps)


def _key(spki: Value) -> PublicKey | RsaPublic | None:
    algorithm, bits = spki.children()
    kind, *parameters = algorithm.children()
    if kind.oid() == _RSA_KEY:
        n, e = read(bits.bits()).children()
        return RsaPublic(n.number(), e.number())
    if kind.oid() != _EC_KEY or not parameters or parameters[0].oid() != SM2_CURVE:
        return None
    point = bits.bits()
    if len(point) != 65 or point[0] != 4:
        raise Unreadable("an SM2 key is 65 octets")
    x, y = (int.from_bytes(half, "big") for half in (point[1:33], point[33:]))
    if not (x < P and y < P):
        raise Unreadable("an SM2 key outside the field")
    try:
        return PublicKey((x, y))
    except ValueError as exc:
        raise Unreadable("an SM2 key off the curve") from exc


def _usage(extensions: Value) -> bool | None:
    for item in extensions.children():
        name, *_, value = item.children()
        if name.oid() == _KEY_USAGE:
            bits = read(value.octets()).bits()
            return bool(bits and bits[0] & 0xC0)
    return None


def _stamps(extensions: Value) -> bool:
    for item in extensions.children():
        name, *critical, value = item.children()
        if name.oid() == _PURPOSES:
            purposes = [each.oid() for each in read(value.octets()).children()]
            return bool(critical) and purposes == [_TIME_STAMPING]
    return False


def holds(der: bytes, algorithm: str, message: bytes, value: bytes) -> bool:
    """Whether the value over `message` is by the certificate's key: SM2 (default id), or RSA."""
    key = certificate(der).key
    if isinstance(key, RsaPublic):
        return algorithm == _RSA_WITH_SHA256 and key.verify(message, value)
    if key is None or algorithm not in _SM2_NAMES:
        return False
    return key.verify(message, numbers(value))


def numbers(value: bytes) -> tuple[int, int]:
    """(r, s) of a value in DER, or of 64 raw octets; real encoders forget the sign's zero."""
    if len(value) == 64 and value[0] != 0x30:
        return int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big")
    members = read(value).expect(0x30, "signature value").children()
    if len(members) != 2:
        raise Unreadable("signature value: not two numbers")
    r, s = (int.from_bytes(m.expect(0x02, "number").content, "big") for m in members)
    return r, s
