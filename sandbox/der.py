"""Writing ASN.1 DER (ITU-T X.690), as far as an issuer needs it. Nothing here reads."""

INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
NULL = 0x05
OBJECT_IDENTIFIER = 0x06
SEQUENCE = 0x30


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
