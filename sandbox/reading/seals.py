"""SES_Signature and SESeal of GB/T 38540-2020 (v4), and as much of certificates as they need."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.reading.der import Unreadable, Value, read
from sandbox.sm2 import P, PublicKey, sm3

SM2_CURVE = "1.2.156.10197.1.301"
_EC_KEY = "1.2.840.10045.2.1"
_SM2_NAMES = ("1.2.156.10197.1.501", f"{SM2_CURVE}.1")
_KEY_USAGE = "2.5.29.15"


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a seal's checker asks of a certificate."""

    subject: str
    not_before: datetime
    not_after: datetime
    key: PublicKey | None
    """None: not an SM2 key."""
    signs: bool | None
    """digitalSignature or nonRepudiation; None: no keyUsage."""


def certificate(der: bytes) -> Certificate:
    tbs, _, _ = read(der).expect(0x30, "certificate").children()
    body = tbs.children()
    if body and body[0].tag == 0xA0:
        body = body[1:]
    _, _, _, validity, subject, spki, *more = body
    since, until = validity.children()
    names = [pair.children()[1].text() for rdn in subject.children() for pair in rdn.children()]
    usage = None
    for tagged in more:
        if tagged.tag == 0xA3:
            usage = _usage(tagged.children()[0])
    return Certificate(", ".join(names), since.time(), until.time(), _key(spki), usage)


def _key(spki: Value) -> PublicKey | None:
    algorithm, bits = spki.children()
    kind, *parameters = algorithm.children()
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


@dataclass(frozen=True, slots=True)
class Seal:
    version: int
    vendor: str
    id: str
    name: str
    certificates: tuple[bytes, ...]
    digests: tuple[tuple[str, bytes], ...]
    created: datetime
    since: datetime
    until: datetime
    picture: str
    info: bytes
    maker: bytes
    algorithm: str
    value: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Signature:
    version: int
    seal: Seal
    at: datetime
    data_hash: bytes
    scope: str
    message: bytes
    certificate: bytes
    algorithm: str
    value: bytes


class OtherVersion(Unreadable):
    """A seal of GM/T 0031 (v1, v5) or a CMS, which this checker does not judge."""


def signature(der: bytes) -> Signature:
    """SES_Signature of version 4.

    Raises:
        OtherVersion: a layout of another standard.
        Unreadable: none at all.
    """
    members = read(der).expect(0x30, "SES_Signature").children()
    if members and (len(members) == 2 or members[0].tag == 0x06):
        raise OtherVersion("two members: GM/T 0031-2014, or a CMS")
    if len(members) not in {4, 5}:
        raise Unreadable("SES_Signature: neither four nor five members")
    to_sign, cert, algorithm, value = members[:4]
    version, seal, at, digest, scope, *_ = to_sign.expect(0x30, "toSign").children()
    read_seal = _seal(seal)
    if version.number() == read_seal.version == 5:
        raise OtherVersion("version 5: GM/T 0031-2025")
    if version.number() != 4 or read_seal.version != 4:
        raise Unreadable("SES_Signature: not version 4 throughout")
    if len(digest.bits()) not in {20, 32, 48, 64}:
        raise Unreadable("dataHash of no digest's size")
    return Signature(
        4, read_seal, at.time(), digest.bits(), scope.expect(0x16, "propertyInfo").text(),
        to_sign.raw, cert.octets(), algorithm.oid(), value.bits(),
    )  # fmt: skip


def _seal(outer: Value) -> Seal:
    members = outer.expect(0x30, "SESeal").children()
    if len(members) != 4:
        raise Unreadable("SESeal: not four members")
    info, maker, algorithm, value = members
    header, identifier, details, picture, *_ = info.children()
    mark, version, vendor = header.children()
    if mark.content != b"ES":
        raise Unreadable("SESeal: header is not ES")
    _, name, kind, listed, created, since, until = details.children()
    certificates: tuple[bytes, ...] = ()
    digests: tuple[tuple[str, bytes], ...] = ()
    if kind.number() == 1:
        certificates = tuple(entry.octets() for entry in listed.children())
    elif kind.number() == 2:
        pairs = (entry.expect(0x30, "certDigest").children() for entry in listed.children())
        digests = tuple((algorithm.text(), digest.octets()) for algorithm, digest in pairs)
    if not certificates and not digests:
        raise Unreadable("SESeal: no list of signers")
    picture_type, _, width, height = picture.children()
    if width.number() <= 0 or height.number() <= 0:
        raise Unreadable("SESeal: a picture without size")
    return Seal(
        version.number(), vendor.text(), identifier.text(), name.text(), certificates, digests,
        created.time(), since.time(), until.time(), picture_type.text(), info.raw,
        maker.octets(), algorithm.oid(), value.bits(), outer.raw,
    )  # fmt: skip


def holds(der: bytes, algorithm: str, message: bytes, value: bytes) -> bool:
    """Whether the SM2 value over `message` is by the certificate's key (default id)."""
    key = certificate(der).key
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


def lists(seal: Seal, der: bytes) -> bool:
    """The seal names this very certificate, itself or by its SM3."""
    named = any(
        name in {"SM3", "sm3", "1.2.156.10197.1.401"} and digest == sm3(der)
        for name, digest in seal.digests
    )
    return der in seal.certificates or named
