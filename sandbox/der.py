"""Writing ASN.1 DER (ITU-T X.690), as far as an issuer needs it. Nothing here reads."""

from collections.abc import Iterable
from datetime import UTC, datetime

BOOLEAN = 0x01
INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
NULL = 0x05
OBJECT_IDENTIFIER = 0x06
ENUMERATED = 0x0A
UTF8_STRING = 0x0C
PRINTABLE_STRING = 0x13
IA5_STRING = 0x16
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
SEQUENCE = 0x30
SET = 0x31


def tlv(tag: int, content: bytes) -> bytes:
    """Tag, shortest definite length, content."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def integer(value: int) -> bytes:
    """The shortest two's complement; a leading zero where the sign bit would be set."""
    size = value.bit_length() // 8 + 1
    return tlv(INTEGER, value.to_bytes(size, "big", signed=True))


def sequence(*members: bytes) -> bytes:
    return tlv(SEQUENCE, b"".join(members))


def octet_string(content: bytes) -> bytes:
    return tlv(OCTET_STRING, content)


def bit_string(content: bytes) -> bytes:
    """Whole octets only: no unused bits."""
    return tlv(BIT_STRING, b"\x00" + content)


def oid(dotted: str) -> bytes:
    """An object identifier from its dotted form."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    return tlv(OBJECT_IDENTIFIER, b"".join(map(_base128, (first * 40 + second, *rest))))


def _base128(arc: int) -> bytes:
    groups = [arc & 0x7F]
    while arc := arc >> 7:
        groups.append(0x80 | (arc & 0x7F))
    return bytes(reversed(groups))


def null() -> bytes:
    return tlv(NULL, b"")


def boolean(value: bool) -> bytes:  # noqa: FBT001 - the value itself
    return tlv(BOOLEAN, b"\xff" if value else b"\x00")


def enumerated(value: int) -> bytes:
    return tlv(ENUMERATED, integer(value)[2:])


def named_bits(positions: Iterable[int]) -> bytes:
    """A BIT STRING of named bits, without trailing zeros (X.690 §11.2.2)."""
    wanted = set(positions)
    if not wanted:
        return tlv(BIT_STRING, b"\x00")
    size = max(wanted) + 1
    octets = bytearray((size + 7) // 8)
    for position in wanted:
        octets[position // 8] |= 0x80 >> position % 8
    return tlv(BIT_STRING, bytes((len(octets) * 8 - size,)) + octets)


def utf8(text: str) -> bytes:
    return tlv(UTF8_STRING, text.encode())


def printable(text: str) -> bytes:
    return tlv(PRINTABLE_STRING, text.encode("ascii"))


def ia5(text: str) -> bytes:
    return tlv(IA5_STRING, text.encode("ascii"))


def set_of(*members: bytes) -> bytes:
    """In the order of their encodings (X.690 §11.6)."""
    return tlv(SET, b"".join(sorted(members)))


def explicit(number: int, content: bytes) -> bytes:
    """[number] EXPLICIT: constructed, context-specific."""
    return tlv(0xA0 | number, content)


def implicit(number: int, content: bytes) -> bytes:
    """[number] IMPLICIT of a primitive type."""
    return tlv(0x80 | number, content)


def generalized_time(at: datetime) -> bytes:
    return tlv(GENERALIZED_TIME, at.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode())


def time(at: datetime) -> bytes:
    """UTCTime before 2050, GeneralizedTime from then on (RFC 5280 §4.1.2.5)."""
    utc = at.astimezone(UTC)
    if utc.year >= 2050:
        return generalized_time(utc)
    return tlv(UTC_TIME, utc.strftime("%y%m%d%H%M%SZ").encode())
