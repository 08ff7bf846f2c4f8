"""SES_Signature and SESeal: GM/T 0031-2014 (v1), GB/T 38540-2020 (v4), GM/T 0031-2025 (v5)."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.reading.der import Unreadable, Value, read
from sandbox.reading.signed import stamp_time
from sandbox.sm2 import sm3

LAYOUTS = {1: "GM/T 0031-2014", 4: "GB/T 38540-2020", 5: "GM/T 0031-2025"}
_TWO = (1, 2, 4)
"""Version integers that real seals of two members carry."""


@dataclass(frozen=True, slots=True)
class Seal:
    layout: int
    """1, 4 or 5: by the number of members, and among those of four by the integer."""
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
    message: bytes
    """What the maker signed."""
    maker: bytes
    algorithm: str
    value: bytes
    stamp: bytes | None
    """A token over the maker's value."""
    raw: bytes


@dataclass(frozen=True, slots=True)
class Signature:
    layout: int
    version: int
    seal: Seal
    at: datetime
    data_hash: bytes
    scope: str
    message: bytes
    certificate: bytes
    algorithm: str
    value: bytes
    stamp: bytes | None
    """A token over the value; of 2014 in place of the time."""
    inside: bool
    """The token stands under the signature."""


def signature(der: bytes) -> Signature:
    """SES_Signature of any of the three standards.

    Raises:
        Unreadable: none at all, or parts of two standards.
    """
    members = read(der).expect(0x30, "SES_Signature").children()
    if len(members) not in {2, 4, 5}:
        raise Unreadable("SES_Signature: neither two nor four nor five members")
    body = members[0].expect(0x30, "toSign").children()
    version, seal = body[0].number(), _seal(body[1])
    two = len(members) == 2
    if two != (seal.layout == 1) or version != seal.version:
        raise Unreadable("SES_Signature: its seal is of another standard")
    made = _of_2014(members, body) if two else _of_2020(members, body)
    at, digest, scope, cert, algorithm, value, stamp, inside = made
    if len(digest) not in {20, 32, 48, 64}:
        raise Unreadable("dataHash of no digest's size")
    return Signature(
        seal.layout, version, seal, at, digest, scope, members[0].raw, cert, algorithm, value,
        stamp, inside,
    )  # fmt: skip


_Parts = tuple[datetime, bytes, str, bytes, str, bytes, bytes | None, bool]


def _of_2014(members: list[Value], body: list[Value]) -> _Parts:
    _, _, time, digest, scope, cert, algorithm = body
    content = time.bits()
    token = content if content[:1] == b"\x30" else None
    at = _time(content) if token is None else stamp_time(token)
    return (
        at, digest.bits(), scope.expect(0x16, "propertyInfo").text(), cert.octets(),
        algorithm.oid(), members[1].bits(), token, True,
    )  # fmt: skip


def _time(content: bytes) -> datetime:
    """A UTCTime; real files also have the bare text of one."""
    coded = content[:1] in {b"\x17", b"\x18"}
    return (read(content) if coded else Value(0x18, content, content)).time()


def _of_2020(members: list[Value], body: list[Value]) -> _Parts:
    _, _, at, digest, scope, *_ = body
    _, cert, algorithm, value = members[:4]
    return (
        at.time(), digest.bits(), scope.expect(0x16, "propertyInfo").text(), cert.octets(),
        algorithm.oid(), value.bits(), _stamp(members[4:]), False,
    )  # fmt: skip


def _stamp(more: list[Value]) -> bytes | None:
    """TimeStamp [0] EXPLICIT BIT STRING."""
    return more[0].expect(0xA0, "timeStamp").children()[0].bits() if more else None


def _seal(outer: Value) -> Seal:
    members = outer.expect(0x30, "SESeal").children()
    if len(members) not in {2, 4, 5}:
        raise Unreadable("SESeal: neither two nor four nor five members")
    two, info = len(members) == 2, members[0]
    maker, algorithm, value, *more = members[1].children() if two else members[1:]
    header, identifier, details, picture, *_ = info.children()
    mark, version, vendor = header.children()
    if mark.content != b"ES":
        raise Unreadable("SESeal: header is not ES")
    layout = _layout(version.number(), len(members))
    _, name, *kind, listed, created, since, until = details.children()
    if len(kind) != (0 if two else 1):
        raise Unreadable("SESeal: a list of signers of another standard")
    certificates: tuple[bytes, ...] = ()
    digests: tuple[tuple[str, bytes], ...] = ()
    chosen = kind[0].number() if kind else 1
    if chosen == 1:
        certificates = tuple(entry.octets() for entry in listed.children())
    elif chosen == 2:
        pairs = (entry.expect(0x30, "certDigest").children() for entry in listed.children())
        digests = tuple((algorithm.text(), digest.octets()) for algorithm, digest in pairs)
    if not certificates and not digests:
        raise Unreadable("SESeal: no list of signers")
    picture_type, _, width, height = picture.children()
    if width.number() <= 0 or height.number() <= 0:
        raise Unreadable("SESeal: a picture without size")
    message = _sequence(info.raw + maker.raw + algorithm.raw) if two else info.raw
    return Seal(
        layout, version.number(), vendor.text(), identifier.text(), name.text(), certificates,
        digests, created.time(), since.time(), until.time(), picture_type.text(), message,
        maker.octets(), algorithm.oid(), value.bits(), _stamp(more), outer.raw,
    )  # fmt: skip


def _layout(version: int, members: int) -> int:
    if members == 2 and version in _TWO:
        return 1
    if version == 4 and members == 4:
        return 4
    if version == 5 and members in {4, 5}:
        return 5
    raise Unreadable("SESeal: a version that its structure does not carry")


def _sequence(content: bytes) -> bytes:
    """SEQUENCE around what a maker of 2014 signed."""
    size = len(content)
    if size < 0x80:
        return bytes((0x30, size)) + content
    octets = (size.bit_length() + 7) // 8
    return bytes((0x30, 0x80 | octets)) + size.to_bytes(octets, "big") + content


def lists(seal: Seal, der: bytes) -> bool:
    """The seal names this very certificate, itself or by its SM3."""
    named = any(
        name in {"SM3", "sm3", "1.2.156.10197.1.401"} and digest == sm3(der)
        for name, digest in seal.digests
    )
    return der in seal.certificates or named


def is_bare(value: bytes) -> bool:
    """R and s, and nothing else: 64 octets, or a SEQUENCE of two numbers."""
    if len(value) == 64 and value[0] != 0x30:
        return True
    members = read(value).expect(0x30, "SignedValue").children()
    return bool(members) and members[0].tag == 0x02
